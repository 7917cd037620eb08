"""Solidity for tests: compiled by npm's solc, deployed and called in pyrevm on the Prague rules.

A missing tool skips the test that asked for it, and fails it on CI. Gas is that of a whole
transaction: the base price, the calldata, the execution.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zk.keccak import selector

JS = Path(__file__).parent / "js"
CALLER = "0x" + "11" * 20
GAS = 30_000_000  # a block's, to see what a bad call burns

#: The two pipelines of solc; "ir" is the one that the design's gas table is measured with.
PIPELINES = {"ir": True, "legacy": False}

_SOLC = """
const solc = require("solc");
let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  const inputs = JSON.parse(text);
  process.stdout.write(JSON.stringify(inputs.map((i) =>
  JSON.parse(solc.compile(JSON.stringify(i))))));
});
"""


def missing(what: str) -> None:
    """Skip the running test, or fail it where everything should be there."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def node(script: str, stdin: str, *, package: str, timeout: float = 900) -> str:
    """Run a node script that needs `package` from tests/js; returns its stdout."""
    if shutil.which("node") is None:
        missing("node is not installed")
    if not (JS / "node_modules" / package).is_dir():
        missing(f"npm package {package} is not installed: run `npm ci` in tests/js")
    run = subprocess.run(
        ["node", "-e", script], input=stdin, capture_output=True, text=True, cwd=JS, timeout=timeout
    )
    if run.returncode:
        raise AssertionError(f"node: {run.stderr[-2000:]}")
    return run.stdout


@dataclass(frozen=True)
class Compiled:
    """One contract of a compilation."""

    name: str
    abi: list[dict[str, Any]]
    code: bytes
    runtime: bytes
    methods: dict[str, str]  # signature -> selector, hex
    warnings: list[str]

    def error_name(self, data: bytes) -> str:
        """The custom error in a revert's data; its hex when unknown, "" for an empty revert."""
        for entry in self.abi:
            if entry["type"] == "error":
                types = ",".join(i["type"] for i in entry["inputs"])
                if data[:4] == selector(f"{entry['name']}({types})"):
                    return str(entry["name"])
        return data.hex()


@cache
def _compile(sources: tuple[tuple[str, str], ...], pipeline: str, runs: int) -> dict[str, Compiled]:
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources},
        "settings": {
            "viaIR": PIPELINES[pipeline],
            "evmVersion": "prague",
            "optimizer": {"enabled": True, "runs": runs},
            "outputSelection": {
                "*": {
                    "*": [
                        "abi",
                        "evm.bytecode.object",
                        "evm.deployedBytecode.object",
                        "evm.methodIdentifiers",
                    ]
                }
            },
        },
    }
    answer = json.loads(node(_SOLC, json.dumps([request]), package="solc"))[0]
    messages = answer.get("errors", [])
    fatal = [m["formattedMessage"] for m in messages if m["severity"] == "error"]
    assert not fatal, "\n".join(fatal)
    warnings = [m["formattedMessage"] for m in messages]
    return {
        name: Compiled(
            name,
            contract["abi"],
            bytes.fromhex(contract["evm"]["bytecode"]["object"]),
            bytes.fromhex(contract["evm"]["deployedBytecode"]["object"]),
            contract["evm"]["methodIdentifiers"],
            warnings,
        )
        for file in answer["contracts"].values()
        for name, contract in file.items()
    }


def compile_all(
    sources: dict[str, str], *, pipeline: str = "ir", runs: int = 1_000_000
) -> dict[str, Compiled]:
    """Every contract in `sources` (file name -> text) by name; memoised for the session."""
    return _compile(tuple(sorted(sources.items())), pipeline, runs)


def compile_one(source: str, name: str, *, pipeline: str = "ir", runs: int = 1_000_000) -> Compiled:
    return compile_all({"source.sol": source}, pipeline=pipeline, runs=runs)[name]


@dataclass(frozen=True)
class Result:
    """What a call came to: `data` is what it returned or reverted with."""

    ok: bool
    data: bytes
    gas: int
    halted: bool  # out of gas, or another exceptional halt: there is no data


class Chain:
    """A fresh chain in memory."""

    def __init__(self) -> None:
        pyrevm = pytest.importorskip("pyrevm") if not os.environ.get("CI") else __import__("pyrevm")
        self._evm = pyrevm.EVM(
            spec_id="PRAGUE", env=pyrevm.Env(block=pyrevm.BlockEnv(gas_limit=2**60))
        )
        self._evm.set_balance(CALLER, 10**30)

    def deploy(self, code: bytes, *arguments: int) -> str:
        """The new contract's address; an argument is one word."""
        data = code + b"".join(a.to_bytes(32, "big") for a in arguments)
        return str(self._evm.deploy(CALLER, data))

    def code(self, address: str) -> bytes:
        code = self._evm.get_code(address)
        return bytes(code or b"")

    def call(self, to: str, data: bytes, *, gas: int = GAS) -> Result:
        """One transaction, not committed; never raises for what the contract does."""
        try:
            returned = bytes(self._evm.message_call(CALLER, to, calldata=data, gas=gas))
        except RuntimeError as error:
            result = self._evm.result
            if not str(error).startswith(("Revert {", "Halt {")):
                raise
            return Result(False, _revert_data(str(error)), result.gas_used, result.is_halt)
        return Result(True, returned, self._evm.result.gas_used, False)


def _revert_data(message: str) -> bytes:
    """pyrevm's text: `Revert { gas_used: .., output: 0x.. }` or `Halt { reason: .., .. }`."""
    output = re.search(r"output: 0x([0-9a-f]*)", message)
    return bytes.fromhex(output.group(1)) if output else b""
