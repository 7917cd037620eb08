"""The account's side: compile a statement, make its keys, check and prove a claim.

Everything here sees the account's secrets; nothing returns, prints or raises one. The verifier's
side is zkmargin/verifying.py, which loads none of this. Compiler and key generation are imported
when they are first used: a process that only proves does not wait for them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from circuits.margin.account import Account
from circuits.margin.shape import Shape
from circuits.margin.statement import Claim, LiquidationClaim
from prover import prove as prover
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError, DigestMismatch, InputError
from zk.field import Limbs
from zk.groth16 import Proof
from zkmargin.keys import ProvingKey, VerifyingKey
from zkmargin.models import PREFIX, offered
from zkmargin.refusal import named
from zkmargin.statement_file import DEVELOPMENT, NOT_VERIFIED, PUBLIC_INPUTS, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from circuits.margin.linear import LinearMargin
    from circuits.margin.portfolio.committed import CommittedPortfolio
    from circuits.margin.portfolio.shape import PortfolioShape
    from zk.compiler.declare import Circuit
    from zkmargin.models import AnyAccount, AnyClaim, AnyShape

__all__ = [
    "check",
    "compile",
    "import_key",
    "prove",
    "prove_witness",
    "setup",
    "statement_circuit",
    "statement_of",
    "witness",
]


def compile(circuit: Circuit) -> CompiledCircuit:
    """Compile a circuit. CompileError names the line of what is not sound."""
    from zk.compiler import lower

    return lower.compile(circuit)


def statement_circuit(kind: str, shape: AnyShape) -> LinearMargin | CommittedPortfolio:
    """The circuit of a statement by its name: "meets", "portfolio liquidatable" and so on."""
    if kind not in PUBLIC_INPUTS:
        known = ", ".join(PUBLIC_INPUTS)
        raise InputError(f"there is no statement {kind!r}: choose one of {known}")
    is_linear = not kind.startswith(PREFIX)
    if is_linear and isinstance(shape, Shape):
        from circuits.margin.linear import STATEMENTS

        return STATEMENTS[kind](shape)
    if is_linear or isinstance(shape, Shape):
        raise InputError(f"the statement {kind!r} is of another margin model than the shape")
    from circuits.margin.portfolio import statement

    makers: dict[str, Callable[[PortfolioShape], CommittedPortfolio]] = {
        statement.MEETS: statement.portfolio_meets,
        statement.LIQUIDATABLE: statement.portfolio_liquidatable,
        statement.GREEKS: statement.greek_limits,
    }
    return makers[kind](shape)


def statement_of(circuit: CompiledCircuit, setup: str = DEVELOPMENT) -> Statement:
    """What a compiled circuit states, read from its metadata."""
    kind, shape = _metadata(circuit)
    return Statement(kind, shape, circuit.digest, setup)


def check(circuit: CompiledCircuit, claim: AnyClaim, account: AnyAccount) -> None:
    """Check the claim against every constraint, without a proof.

    Raises UnsatisfiedConstraint, which names the obligation that fails.
    """
    with named(claim, account):
        circuit.check(witness(circuit, claim, account))


def setup(
    circuit: CompiledCircuit, *, development: bool = False
) -> tuple[ProvingKey, VerifyingKey]:
    """The keys of a margin statement. Only development keys, whose proofs anyone can forge, yet."""
    from prover import keygen

    statement = statement_of(circuit)
    pk = ProvingKey(keygen.setup(circuit, development=development), statement)
    return pk, pk.verifying_key


def import_key(circuit: CompiledCircuit, key: Any) -> ProvingKey:
    """A `.zkey` from elsewhere (`zk.formats.zkey.load_zkey`), checked in full, for this circuit."""
    from prover import keygen
    from zk.keylint import is_development, lint_key

    prover.check_sizes(key.n_wires, key.vk.n_public, key.domain_size, circuit.r1cs)
    keygen.check_coefficients(key, circuit.r1cs)
    lint_key(key.vk, allow_development=True, pk=key)
    kind = DEVELOPMENT if is_development(key.vk) else NOT_VERIFIED
    return ProvingKey(key, statement_of(circuit, kind)).checked()


def prove(pk: ProvingKey, circuit: CompiledCircuit, claim: AnyClaim, account: AnyAccount) -> Proof:
    """A proof of the claim, verified before it is returned.

    Raises UnsatisfiedConstraint if the claim is false, DigestMismatch for another circuit's key.
    """
    _check_circuit(pk, circuit)
    with named(claim, account):
        return prove_witness(pk, circuit, witness(circuit, claim, account))


def prove_witness(pk: ProvingKey, circuit: CompiledCircuit, values: Limbs) -> Proof:
    """A proof for a witness that `witness` made; checked before and after."""
    _check_circuit(pk, circuit)
    return prover.prove(pk.key, circuit, values)


def witness(circuit: CompiledCircuit, claim: AnyClaim, account: AnyAccount) -> Limbs:
    """Every wire's value for this claim, unchecked. A secret."""
    kind, shape = _metadata(circuit)
    if kind != claim.statement:
        raise InputError(f"the circuit states {kind!r}, the claim is {claim.statement!r}")
    found = offered(claim, shape)
    if found != shape:
        raise DigestMismatch(
            f"the circuit was compiled for another shape ({shape}) than the params have "
            f"({found}): compile it again"
        )
    try:
        values = _inputs(claim, shape, account, circuit.digest)
    except InputError as error:
        # A row that the market lacks is found by its place in the account.
        raise (error if error.file or not error.path else error.in_file(account.file)) from None
    return circuit.witness(values)


def _inputs(claim: AnyClaim, shape: AnyShape, account: AnyAccount, digest: int) -> dict[str, Any]:
    """The circuit's inputs; claim, shape and account must be of one model."""
    if isinstance(claim, Claim | LiquidationClaim):
        if isinstance(account, Account) and isinstance(shape, Shape):
            return claim.inputs(shape, account.book(claim.params), account.salt(), digest)
    elif not isinstance(account, Account) and not isinstance(shape, Shape):
        return claim.inputs(shape, account.book(claim.params), account.salt(), digest)
    raise InputError("is an account of another margin model than the claim", file=account.file)


def _check_circuit(pk: ProvingKey, circuit: CompiledCircuit) -> None:
    if pk.statement.circuit_digest != circuit.digest:
        raise DigestMismatch(
            f"the proving key is of another circuit ({pk.statement}) than {circuit.name}: take the "
            "circuit from the key's folder"
        )


def _metadata(circuit: CompiledCircuit) -> tuple[str, AnyShape]:
    metadata = circuit.metadata
    shape: AnyShape | None
    try:
        kind, shape = metadata["statement"], _shape(metadata["statement"], metadata["shape"])
    except (AttributeError, KeyError, TypeError, InputError):
        kind, shape = "", None
    if kind not in PUBLIC_INPUTS or shape is None or asdict(shape) != metadata["shape"]:
        raise ArtifactError(
            f"{circuit.name}: is not a margin statement; compile one with `zkmargin compile` "
            "(circuits of your own: prover.keygen and prover.prove)"
        )
    return kind, shape


def _shape(kind: str, sizes: dict[str, int]) -> AnyShape:
    if not kind.startswith(PREFIX):
        return Shape(**sizes)
    from circuits.margin.portfolio.shape import PortfolioShape

    return PortfolioShape(**sizes)
