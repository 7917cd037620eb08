"""For test suites: check that claims prove, or do not, with keys made once for each circuit.

The fixtures of zkmargin/pytest_plugin.py hand these out; they work without pytest as well. All keys
are development keys, cached on disk by the circuit's digest (zkmargin/cache.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zk.compiler.compiled import CompiledCircuit
from zk.errors import UnsatisfiedConstraint
from zk.groth16 import Proof
from zkmargin import proving, verifying
from zkmargin.cache import development_keys
from zkmargin.keys import ProvingKey, VerifyingKey
from zkmargin.models import commitment_of, shape_for

if TYPE_CHECKING:
    from zkmargin.models import AnyAccount, AnyClaim, AnyShape


@dataclass(frozen=True, eq=False)
class Keys:
    """A compiled statement and its development keys."""

    circuit: CompiledCircuit
    pk: ProvingKey

    @property
    def vk(self) -> VerifyingKey:
        return self.pk.verifying_key


@dataclass
class Prover:
    """Compiles and sets up each statement and shape once, then proves with it."""

    _circuits: dict[tuple[str, AnyShape], CompiledCircuit] = field(default_factory=dict, repr=False)
    _keys: dict[tuple[str, AnyShape], Keys] = field(default_factory=dict, repr=False)

    def circuit(self, claim: AnyClaim, size_class: str) -> CompiledCircuit:
        """The compiled circuit of a claim for accounts of a size class."""
        wanted = _wanted(claim, size_class)
        if wanted not in self._circuits:
            self._circuits[wanted] = proving.compile(proving.statement_circuit(*wanted))
        return self._circuits[wanted]

    def keys(self, claim: AnyClaim, size_class: str) -> Keys:
        """The circuit and keys of a claim for accounts of a size class."""
        wanted = _wanted(claim, size_class)
        if wanted not in self._keys:
            circuit = self.circuit(claim, size_class)
            self._keys[wanted] = Keys(circuit, development_keys(circuit)[0])
        return self._keys[wanted]

    def assert_proves(self, claim: AnyClaim, account: AnyAccount) -> Proof:
        """Prove the claim about the account, verify the proof, and return it.

        The verifier's side gets the account's id and commitment, nothing of the prover's.
        """
        keys = self.keys(claim, str(account.size_class))
        try:
            proof = proving.prove(keys.pk, keys.circuit, claim, account)
        except UnsatisfiedConstraint as error:
            raise AssertionError(f"the claim does not prove: {error}") from None
        verifying.verify(
            keys.vk,
            proof,
            claim,
            account=account.account,
            commitment=commitment_of(account, claim.params),
            allow_development_key=True,
        )
        return proof

    def assert_refuses(
        self, claim: AnyClaim, account: AnyAccount, obligation: str = ""
    ) -> UnsatisfiedConstraint:
        """Check that the claim cannot be proven; return what is not satisfied.

        `obligation` must be part of the obligation that fails, such as "the margin covers". An
        InputError passes: inputs that are wrong say nothing about the claim.
        """
        try:
            proving.check(self.circuit(claim, str(account.size_class)), claim, account)
        except UnsatisfiedConstraint as error:
            if obligation not in error.obligation:
                raise AssertionError(
                    f"the claim fails for another reason than {obligation!r}: {error}"
                ) from None
            return error
        raise AssertionError(f"the claim holds and can be proven: {claim.statement}")


def _wanted(claim: AnyClaim, size_class: str) -> tuple[str, AnyShape]:
    return claim.statement, shape_for(claim.params, size_class)
