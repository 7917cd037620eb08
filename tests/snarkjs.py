"""snarkjs and circom2 from tests/js/node_modules, run on files in a folder of the test's own.

circom2 (circom compiled to WebAssembly) sees only the folder that it is started in. snarkjs ends
with exit code 0 even when it made a false proof from a bad witness: callers verify what it made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

JS = Path(__file__).parent / "js"
MODULES = JS / "node_modules"
CIRCUITS = Path(__file__).parent / "formats" / "circuits"

_SECONDS = 900
#: What makes a contribution's secret in tests: public, like everything here.
_ENTROPY = "-e=entropy of a test"


def require() -> None:
    """Skip the test where node or the npm packages are absent; on CI that is a failure."""
    if shutil.which("node") is None:
        missing("node is not on the path; install Node.js 18 or newer")
    if not (MODULES / "snarkjs").is_dir():
        missing(f"npm packages are absent; run `npm ci` in {JS}")


def missing(what: str) -> None:
    """Say what is missing: a failure where the environment says CI, a skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@dataclass(frozen=True)
class Run:
    """What a tool said; `ok` is its exit code being 0."""

    ok: bool
    text: str


def run(tool: str, *arguments: str | Path, cwd: Path, check: bool = True) -> Run:
    """Run `tool` of node_modules/.bin; with `check`, fail the test when it fails."""
    require()
    command = ["node", str(MODULES / ".bin" / tool), *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    text = done.stdout + done.stderr
    if check and done.returncode != 0:
        raise AssertionError(
            f"{tool} {' '.join(map(str, arguments))}: exit {done.returncode}\n{text}"
        )
    return Run(done.returncode == 0, text)


def snarkjs(*arguments: str | Path, cwd: Path, check: bool = True) -> Run:
    return run("snarkjs", *arguments, cwd=cwd, check=check)


def powers_of_tau(folder: Path, power: int = 8) -> Path:
    """A phase-1 file of 2^power, contributed to once, ready for `groth16 setup`."""
    start, given, final = (folder / f"{stem}.ptau" for stem in ("start", "given", f"pot{power}"))
    snarkjs("powersoftau", "new", "bn128", str(power), start, cwd=folder)
    snarkjs("powersoftau", "contribute", start, given, "--name=test", _ENTROPY, cwd=folder)
    snarkjs("powersoftau", "prepare", "phase2", given, final, cwd=folder)
    return final


def compile_circom(source: Path, folder: Path, *options: str) -> Path:
    """Compile a circuit without includes in `folder`: its `.r1cs`, with `X_js/X.wasm` beside it."""
    shutil.copy(source, folder)
    run("circom2", source.name, "--r1cs", "--wasm", *options, cwd=folder)
    return folder / f"{source.stem}.r1cs"


def calculate_witness(r1cs: Path, inputs: dict[str, object]) -> Path:
    """The witness of a circuit from `compile_circom` for these inputs."""
    stem, folder = r1cs.stem, r1cs.parent
    (folder / "input.json").write_text(json.dumps(inputs))
    wasm = folder / f"{stem}_js" / f"{stem}.wasm"
    witness = folder / f"{stem}.wtns"
    snarkjs("wtns", "calculate", wasm, "input.json", witness, cwd=folder)
    return witness


def groth16_setup(r1cs: Path, ptau: Path, folder: Path, contributions: int = 1) -> Path:
    """A `.zkey` with so many contributions; those before it stay beside it: 0.zkey, 1.zkey, ..."""
    snarkjs("groth16", "setup", r1cs, ptau, "0.zkey", cwd=folder)
    for i in range(contributions):
        snarkjs(
            *("zkey", "contribute", f"{i}.zkey", f"{i + 1}.zkey", f"--name=person {i}", _ENTROPY),
            cwd=folder,
        )
    return folder / f"{contributions}.zkey"


def prove(zkey: Path, witness: Path, folder: Path) -> tuple[Path, Path]:
    """snarkjs's proof.json and public.json; false ones are made in silence, so verify them."""
    proof, public = folder / "proof.json", folder / "public.json"
    snarkjs("groth16", "prove", zkey, witness, proof, public, cwd=folder)
    return proof, public


def export_verifying_key(zkey: Path, folder: Path) -> Path:
    vk = folder / "verification_key.json"
    snarkjs("zkey", "export", "verificationkey", zkey, vk, cwd=folder)
    return vk


def verifies(vk: Path, public: Path, proof: Path) -> bool:
    """snarkjs's verdict on a proof; anything but "OK!" and "Invalid proof" fails the test."""
    done = snarkjs("groth16", "verify", vk, public, proof, cwd=vk.parent, check=False)
    if done.ok and "OK!" in done.text:
        return True
    assert "Invalid proof" in done.text, done.text
    return False
