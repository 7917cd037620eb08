"""Generate a Solidity contract that checks one key's proofs on chain.

Source: EIP-196, EIP-197, EIP-1108 (the precompiles 6, 7, 8 and their prices), EIP-150 (gas of a
call); docs/contracts.md says what the contract promises and what each line of it costs. The
contract itself is templates/verifier.sol.in, written by hand; generated here are its constants and
its arithmetic core.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Template

from verifier.core import PUBLICS_AT, table_core, template, unrolled_core
from zk.errors import ArtifactError, ForgeableKey, InputError
from zk.formats.atomic import write_atomic
from zk.groth16 import Proof, VerifyingKey
from zk.keylint import is_development, key_digest, lint_key

#: Version of the generated contract's interface; in its SELECTOR.
VERSION = 1

#: Least and default gas cap of one precompile call: twice the pairing's price of four pairs
#: (EIP-1108).
LEAST_GAS_CAP = 2 * (45_000 + 34_000 * 4)

#: From this many inputs on the core is a loop over a table: unrolled, the code would near 24,576
#: bytes.
TABLE_FROM = 81

#: The largest n whose contract fits into the code size limit (EIP-170), with every solc pipeline.
MOST_INPUTS = 250


@dataclass(frozen=True)
class Contract:
    """A generated contract: its name, its Solidity source, and what a caller needs to reach it."""

    name: str
    source: str
    n_public: int
    key_digest: bytes
    circuit_digest: bytes
    selector: bytes
    development: bool

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the source to `path`: the old file or the new one, never a mixture."""
        write_atomic(path, self.source)

    def save_foundry(
        self, folder: str | os.PathLike[str], proof: Proof, publics: Sequence[int]
    ) -> None:
        """Write a Foundry project: this contract, and a test with a real proof and bad inputs.

        The test needs nothing but forge. `proof` must be valid for `publics`; that is for the
        caller to check, with the key (`verifier.verify`).
        """
        from verifier.foundry import project  # only here: the other callers need none of it

        for path, text in project(self, proof, publics).items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, text)


def contract(
    vk: VerifyingKey,
    *,
    name: str = "MarginVerifier",
    circuit_digest: int | None = None,
    allow_development_key: bool = False,
    setup_not_verified: bool = False,
) -> Contract:
    """The verifier contract of `vk`; refused for a key whose proofs could be forged.

    `circuit_digest` is written into the contract (zero when the key came without its circuit). A
    development key needs `allow_development_key`, and the contract's name then ends in
    "Development". Any other key needs `setup_not_verified`, because nothing here has seen a
    transcript of its setup; the contract's NatSpec and its constant SETUP_VERIFIED say so.
    """
    lint_key(vk, allow_development=allow_development_key)
    development = is_development(vk)
    if not development and not setup_not_verified:
        raise ForgeableKey(
            "no verified transcript of this key's setup is at hand, so whoever made the key may be "
            "able to forge its proofs; to generate a contract all the same, say that the setup is "
            "not verified (--setup-not-verified)"
        )
    n = vk.n_public
    if not 1 <= n <= MOST_INPUTS:
        raise ArtifactError(
            f"a key with {n} public inputs has no contract: 1 to {MOST_INPUTS} fit the limit of a "
            "contract's size; fold the inputs into fewer"
        )
    if circuit_digest is not None and not 0 <= circuit_digest < 1 << 256:
        raise InputError("the circuit digest must be an integer below 2^256")
    full_name = _checked_name(name) + ("Development" if development else "")
    digest = key_digest(vk)
    circuit = (circuit_digest or 0).to_bytes(32, "big")
    router_selector = sha256(digest + circuit + VERSION.to_bytes(32, "big")).digest()[:4]
    source = Template(template("verifier.sol.in")).substitute(
        generator=f"verifier contract, interface version {VERSION}",
        name=full_name,
        n=n,
        plural="" if n == 1 else "s",
        notice=_notice(development),
        key_digest=_hex(digest),
        circuit_digest=_hex(circuit),
        circuit_note=""
        if circuit_digest is not None
        else ", zero: the key came without its circuit",
        version=VERSION,
        selector=_hex(router_selector),
        development=str(development).lower(),
        length=PUBLICS_AT + 32 * n,
        **(table_core(vk) if n >= TABLE_FROM else unrolled_core(vk)),
    )
    return Contract(full_name, source, n, digest, circuit, router_selector, development)


def _notice(development: bool) -> str:
    if development:
        return (
            "FOR TESTS ONLY. The secrets of this key's setup are published constants: anyone can "
            "forge\n/// a proof of any statement that this contract accepts."
        )
    return (
        "THE SETUP OF THIS KEY WAS NOT VERIFIED. Whoever made the key may hold its secrets, and "
        "could then forge\n/// a proof of any statement."
    )


def _checked_name(name: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,63}", name):
        raise InputError(
            "a contract's name is a capital letter, then letters and digits, 64 at most, not "
            f"{name[:80]!r}"
        )
    return name


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
