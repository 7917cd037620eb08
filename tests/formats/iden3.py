"""Files of one small circuit, made once per test session by circom2 and snarkjs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests import snarkjs

INPUTS: dict[str, object] = {"x": 3, "secret": 9, "y": [7 * i + 1 for i in range(300)]}
BEACON = bytes(range(1, 32)).hex()


@dataclass(frozen=True)
class Iden3Files:
    """`zkeys`: as `zkey new` leaves it, after each of two contributions, after a beacon."""

    folder: Path
    r1cs: Path
    witness: Path
    ptau: Path
    zkeys: tuple[Path, ...]
    vk: Path
    proof: Path
    public: Path

    @property
    def zkey(self) -> Path:
        return self.zkeys[-1]


def make(folder: Path) -> Iden3Files:
    """Compile multiply.circom, set it up with snarkjs, prove one witness."""
    r1cs = snarkjs.compile_circom(snarkjs.CIRCUITS / "multiply.circom", folder, "--O1")
    witness = snarkjs.calculate_witness(r1cs, INPUTS)
    ptau = snarkjs.powers_of_tau(folder, power=8)
    last = snarkjs.groth16_setup(r1cs, ptau, folder, contributions=2)
    final = folder / "final.zkey"
    snarkjs.snarkjs("zkey", "beacon", last, final, BEACON, "10", "--name=beacon", cwd=folder)
    vk = snarkjs.export_verifying_key(final, folder)
    proof, public = snarkjs.prove(final, witness, folder)
    zkeys = (folder / "0.zkey", folder / "1.zkey", last, final)
    return Iden3Files(folder, r1cs, witness, ptau, zkeys, vk, proof, public)
