"""A contract in an EVM on this machine: compiled by npm's solc, run by pyrevm; both are optional.

`Missing` says what is not there and how to get it. The rules are those of Prague; gas is that of a
whole transaction.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CALLER: Final = "0x" + "11" * 20
GAS: Final = 30_000_000

_SCRIPT: Final = """
const solc = require(process.argv[1]);
let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => process.stdout.write(solc.compile(text)));
"""


class Missing(Exception):
    """A tool is not there; the message says which and how to install it."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to; `data` is what it returned, or reverted with."""

    ok: bool
    data: bytes
    gas: int


def find_solc() -> Path:
    """The folder of npm's solc: $ZKMARGIN_SOLC, or the checkout's or the current node_modules."""
    if shutil.which("node") is None:
        raise Missing("node is not installed: install Node.js 18 or newer")
    chosen = os.environ.get("ZKMARGIN_SOLC")
    roots = [Path(__file__).parents[1] / "tests" / "js", Path.cwd()]
    places = [Path(chosen), Path(chosen) / "solc"] if chosen else []
    places += [root / "node_modules" / "solc" for root in roots]
    for place in places:
        if (place / "package.json").is_file():
            return place.resolve()
    raise Missing("npm's solc is not installed: run `npm install solc`, or set ZKMARGIN_SOLC to it")


def compile_contract(source: str, name: str, solc: Path) -> bytes:
    """The creation code of contract `name`."""
    request = {
        "language": "Solidity",
        "sources": {"contract.sol": {"content": source}},
        "settings": {
            "viaIR": True,
            "evmVersion": "prague",
            "optimizer": {"enabled": True, "runs": 1_000_000},
            "outputSelection": {"*": {name: ["evm.bytecode.object"]}},
        },
    }
    run = subprocess.run(
        ["node", "-e", _SCRIPT, str(solc)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if run.returncode:
        raise Missing(f"solc at {solc} does not run")
    answer: dict[str, Any] = json.loads(run.stdout)
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise RuntimeError(errors[0])
    return bytes.fromhex(answer["contracts"]["contract.sol"][name]["evm"]["bytecode"]["object"])


class Chain:
    """A fresh chain in memory."""

    def __init__(self) -> None:
        try:
            import pyrevm
        except ImportError:
            raise Missing("pyrevm is not installed: run `pip install zkmargin[evm]`") from None
        self._evm: Any = pyrevm.EVM(
            spec_id="PRAGUE", env=pyrevm.Env(block=pyrevm.BlockEnv(gas_limit=2**60))
        )
        self._evm.set_balance(CALLER, 10**30)

    def deploy(self, code: bytes, *arguments: int) -> str:
        """The new contract's address; each argument is one word."""
        words = b"".join(argument.to_bytes(32, "big") for argument in arguments)
        return str(self._evm.deploy(CALLER, code + words))

    def call(self, to: str, data: bytes) -> Outcome:
        """One transaction; never raises for what the contract does."""
        try:
            returned = bytes(self._evm.message_call(CALLER, to, calldata=data, gas=GAS))
        except RuntimeError as error:
            output = re.search(r"output: 0x([0-9a-f]*)", str(error))
            data = bytes.fromhex(output.group(1)) if output else b""
            return Outcome(False, data, int(self._evm.result.gas_used))
        return Outcome(True, returned, int(self._evm.result.gas_used))
