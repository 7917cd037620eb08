"""Prove many claims with one set of keys: it is opened once, and proofs are made from any thread.

    prover = zm.Prover.open("keys")
    proof  = prover.prove(claim, account)

The prepared key of the set is known by its digest in statement.json and the proving key itself is
not read. A set without one is opened by its proving key, which takes longer.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from prover import prove as checked
from prover.prover import Prover as KeyProver
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError
from zk.field import Limbs
from zk.formats.binfile import let_go
from zk.formats.prepared import load_prepared
from zk.groth16 import Proof
from zkmargin.keys import ProvingKey, VerifyingKey, load_pinned_circuit, load_set
from zkmargin.refusal import named
from zkmargin.statement_file import Prepared, Statement, StatementFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from zk.engine import PreparedKey
    from zkmargin.models import AnyAccount, AnyClaim

_T = TypeVar("_T")


class Prover:
    """A set of keys, open. Its methods may be called from several threads at once."""

    def __init__(
        self,
        statement: Statement,
        circuit: CompiledCircuit,
        verifying_key: VerifyingKey,
        key: PreparedKey | ProvingKey,
    ) -> None:
        self.statement = statement
        self.circuit = circuit
        self.verifying_key = verifying_key
        self._key = (
            key if isinstance(key, ProvingKey) else KeyProver(key, circuit, verifying_key.key)
        )

    def __repr__(self) -> str:
        return f"<Prover of {self.statement}>"

    @classmethod
    def open(cls, keys: str | os.PathLike[str]) -> Prover:
        """Open a folder of keys.

        Raises DigestMismatch for a file of another set, ArtifactError for one that is damaged, and
        InputError if the folder holds no set.
        """
        return Opening(keys).prover()

    @property
    def is_prepared(self) -> bool:
        """Whether the set's prepared key is used."""
        return isinstance(self._key, KeyProver)

    def prove(self, claim: AnyClaim, account: AnyAccount) -> Proof:
        """A proof of the claim, verified before it is returned.

        Raises UnsatisfiedConstraint, which names the obligation, if the claim is false.
        """
        with named(claim, account):
            return self.prove_witness(self.witness(claim, account))

    def witness(self, claim: AnyClaim, account: AnyAccount) -> Limbs:
        """Every wire's value for a claim, unchecked. A secret."""
        from zkmargin.proving import witness

        return witness(self.circuit, claim, account)

    def prove_witness(self, values: Limbs) -> Proof:
        """A proof for a witness that `witness` made; checked before and after."""
        if isinstance(self._key, KeyProver):
            return self._key.prove(values)
        return checked.prove(self._key.key, self.circuit, values)


class Opening:
    """A folder of keys while it is opened, in the background."""

    def __init__(self, keys: str | os.PathLike[str]) -> None:
        self.file = file = load_set(keys)
        prepared = file.prepared
        #: The prepared key that the set names and that is not there.
        self.missing: Path | None = None
        if prepared is not None and not file.beside(prepared.file).exists():
            self.missing = file.beside(prepared.file)
            prepared = None
        self._prover = _Later(lambda: _open(file, prepared))

    @property
    def statement(self) -> Statement:
        return self.file.statement

    def prover(self) -> Prover:
        """The open set; what is wrong with a file of it is raised here."""
        return self._prover.result()


def _open(file: StatementFile, prepared: Prepared | None) -> Prover:
    """The set of a statement.json, with its prepared key or else its proving key."""
    circuit = load_pinned_circuit(file)
    circuit.prepare()
    let_go(circuit.r1cs.table)  # rows: a prepared key has its own, and a witness needs none
    vk = VerifyingKey.of_set(file)
    key = ProvingKey.of_set(file) if prepared is None else _prepared_key(file, prepared)
    return Prover(file.statement, circuit, vk, key)


def _prepared_key(file: StatementFile, prepared: Prepared) -> PreparedKey:
    try:
        return load_prepared(file.beside(prepared.file), prepared.digest)
    except ArtifactError as error:
        again = f"fetch the keys anew, or run `zkmargin prepare {file.path.parent}`"
        raise type(error)(f"{error}: {again}") from None


class _Later(Generic[_T]):
    """What a function gives, once it is done in a thread of its own."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._found: list[_T] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._work())
        except BaseException as error:  # raised where the result is asked for
            self._error = error

    def result(self) -> _T:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]
