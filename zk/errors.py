"""Every error the project raises, in one tree.

    ZkError
    +-- CompileError            a circuit cannot be compiled; names the source line
    +-- UnsatisfiedConstraint   a witness breaks a constraint; names the obligation
    +-- InputError              a value from outside is refused; names file and path
    +-- ArtifactError           a file made by a program is malformed, truncated, or of another kind
    |   +-- DigestMismatch      two artifacts that must belong together do not
    |   +-- BadPoint            a curve point is off the curve or out of the subgroup
    |   +-- ForgeableKey        a key that the lint refuses: anyone could forge its proofs
    +-- CeremonyError           a contribution or a transcript does not verify
    +-- InvalidProof            the proof is well-formed and false
    +-- InvalidSignature        the signature is not this key's on this message
    +-- EngineError             the engine refused its arguments, or is not built
        +-- UnsatisfiedRow      a witness breaks a row of the system that a prepared key knows

No message holds a private value.
"""

from __future__ import annotations


class ZkError(Exception):
    """Root of the tree; catch it to catch everything raised on purpose."""


class CompileError(ZkError):
    """A circuit cannot be compiled.

    `where` is `file:line` of the user's source, empty when it is not known.
    """

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class UnsatisfiedConstraint(ZkError):
    """A witness does not satisfy the circuit.

    Attributes:
        circuit: name of the circuit.
        obligation: what the constraint stands for, in the author's words.
        where: `file:line` that emitted it.
        row: index of the constraint in the R1CS.
        gadgets: the functions that emitted it, outermost first.
        hints: `file:line` of the hints that it reads, where that is another line.
    """

    def __init__(
        self,
        circuit: str,
        obligation: str,
        where: str,
        row: int,
        gadgets: str = "",
        hints: tuple[str, ...] = (),
    ) -> None:
        place = f"{where}, in {gadgets}" if gadgets else where
        place = f"{place}, constraint {row}"
        if hints:
            more = f" and {len(hints) - 3} more lines" if len(hints) > 3 else ""
            place += f"; reads hints of {', '.join(hints[:3])}{more}"
        super().__init__(f"{circuit}: not satisfied: {obligation} ({place})")
        self.circuit = circuit
        self.obligation = obligation
        self.where = where
        self.row = row
        self.gadgets = gadgets
        self.hints = hints


class InputError(ZkError):
    """A value that came from outside is refused.

    `file` names the file ("" if there is none), `path` the place in it (`positions[3].quantity`).
    """

    def __init__(self, message: str, path: str = "", file: str = "") -> None:
        place = ": ".join(part for part in (file, path) if part)
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.path = path
        self.file = file

    def in_file(self, file: str) -> InputError:
        """The same error with the file's name put before it."""
        return type(self)(self.message, self.path, file)


class ArtifactError(ZkError):
    """A generated file (key, circuit, witness, proof) is malformed or of another kind."""


class DigestMismatch(ArtifactError):
    """Two artifacts that must belong together do not."""


class BadPoint(ArtifactError):
    """A curve point is off the curve, out of the subgroup, not canonical, or at infinity."""


class ForgeableKey(ArtifactError):
    """A verification key whose setup secrets are public or trivial: anyone can forge its proofs."""


class CeremonyError(ZkError):
    """A contribution or a transcript does not verify."""


class InvalidProof(ZkError):
    """The proof is well-formed, and false for these public inputs and this key."""


class InvalidSignature(ZkError):
    """The signature is not one of this key on this message, or the key is none."""


class EngineError(ZkError):
    """The engine is not built, or refused its arguments."""


class UnsatisfiedRow(EngineError):
    """A witness breaks a row of the system that a prepared key was made for; `row` is its index.

    The engine knows no more of it: whoever holds the circuit raises UnsatisfiedConstraint instead.
    """

    def __init__(self, row: int) -> None:
        super().__init__(f"the witness does not satisfy constraint {row}")
        self.row = row
