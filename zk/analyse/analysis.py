"""The analysis: prove what can be proved, check the proof, look for a pair otherwise.

A wire is determined if any two assignments that satisfy the rows and agree on the inputs agree on
it. `safe` is said only after the checker accepted the certificate, `unsafe` only with two
assignments that were put into every row; anything else is `unknown`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from zk.analyse.checker import BadCertificate, check_certificate
from zk.analyse.limits import Budget, OutOfBudget
from zk.analyse.prove import Proof, prove
from zk.analyse.search import Pair, find_pair, free_wires
from zk.analyse.system import System
from zk.r1cs import R1CS

Verdict = Literal["safe", "unsafe", "unknown"]
Question = Literal["outputs", "wires"]

_PROOF_SHARE = 0.55  # of the time; the checker and the search have the rest
_WIRES_SECONDS = 10.0  # to look for a pair of other wires once the outputs are decided


@dataclass(frozen=True)
class Analysis:
    """What was found about one system.

    Attributes:
        outputs, wires: the verdict on all outputs, and on all wires.
        undetermined: the wires that were neither proved nor found to differ.
        pair: two assignments with equal inputs; on `pair.wire` they differ.
        free: those of `undetermined` that may change alone in the first of the pair: no other
            wire reads from them what it is.
        stopped: the limit that was reached, "time" or "memory", else "".
        missing_inputs: declared private inputs that no row reads: an optimiser may have solved a
            row for one and dropped both, and then says nothing about the source.
    """

    r1cs: R1CS
    inputs: list[int]
    outputs: Verdict
    wires: Verdict
    unsatisfiable: bool
    undetermined: list[int]
    pair: Pair | None
    free: list[int]
    certificate: dict[str, Any] | None
    stopped: str
    missing_inputs: int
    seconds: float

    def verdict(self, question: Question) -> Verdict:
        return self.outputs if question == "outputs" else self.wires


def input_wires(r1cs: R1CS) -> list[int]:
    """The wires that hold inputs.

    circom drops private inputs that no row reads and still counts them: the labels tell which
    wires are inputs, since a signal's label follows the same order without gaps.
    """
    first = 1 + r1cs.n_outputs
    declared = r1cs.n_publics + r1cs.n_private
    labels = r1cs.labels.tolist()
    end = min(r1cs.n_wires, 1 + declared)
    return [w for w in range(first, end) if first <= labels[w] <= declared]


def analyse(
    r1cs: R1CS,
    *,
    seconds: float = 100.0,
    memory: int = 4 << 30,
    wires: bool = True,
    witness: list[int] | None = None,
) -> Analysis:
    """Decide whether the inputs determine every output and, with `wires`, every wire.

    A second witness is looked for beside `witness`, if there is one; it must satisfy every row.
    """
    started = time.monotonic()
    budget = Budget(seconds, memory)
    inputs = input_wires(r1cs)
    outputs = list(range(1, 1 + r1cs.n_outputs))
    declared = r1cs.n_public + r1cs.n_private
    state = _State(witness)
    try:
        system = System(r1cs, budget)
        # Of no outputs nothing is to be proved; all wires may take half of the time still.
        proof = prove(system, inputs, budget.until(_PROOF_SHARE * seconds), wires, outputs)
        state.stopped = proof.stopped
        state.proved(proof, outputs, budget)
        state.search(system, proof, outputs, wires, budget)
    except OutOfBudget as reached:
        state.stopped = str(reached)
    except MemoryError:
        state.stopped = "memory"
    if not outputs:
        state.outputs = "safe"
    return Analysis(
        r1cs=r1cs,
        inputs=inputs,
        outputs=state.outputs,
        wires=state.wires,
        unsatisfiable=state.unsatisfiable,
        undetermined=state.undetermined,
        pair=state.pair,
        free=state.free,
        certificate=state.certificate,
        stopped=state.stopped,
        missing_inputs=declared - len(inputs),
        seconds=time.monotonic() - started,
    )


class _State:
    """The verdicts as they stand."""

    def __init__(self, witness: list[int] | None) -> None:
        self.witness = witness
        self.free: list[int] = []
        self.outputs: Verdict = "unknown"
        self.wires: Verdict = "unknown"
        self.unsatisfiable = False
        self.undetermined: list[int] = []
        self.pair: Pair | None = None
        self.certificate: dict[str, Any] | None = None
        self.stopped = ""

    def proved(self, proof: Proof, outputs: list[int], budget: Budget) -> None:
        """Take over what the checker accepts."""
        self.undetermined = proof.unknown
        claims_outputs = not set(outputs) & set(proof.unknown)
        if not claims_outputs and proof.unknown:
            return  # nothing that is asked for: the steps are not worth checking
        certificate = proof.certificate()
        facts = check_certificate(
            proof.propagator.system.r1cs, proof.inputs, certificate, budget.spend
        )
        if facts.outputs != claims_outputs or facts.wires != (not proof.unknown):
            raise BadCertificate("the certificate proves something else than was claimed")
        self.outputs = "safe" if facts.outputs else "unknown"
        self.wires = "safe" if facts.wires else "unknown"
        self.unsatisfiable = facts.unsatisfiable
        self.certificate = certificate

    def search(
        self, system: System, proof: Proof, outputs: list[int], wires: bool, budget: Budget
    ) -> None:
        """Look for a pair of outputs, or of wires once the outputs are decided."""
        if self.outputs != "safe":
            targets = [w for w in outputs if w in set(proof.unknown)]
            if targets:
                self.pair = find_pair(system, proof, targets, budget, self.witness)
            if self.pair is not None:
                self.outputs = self.wires = "unsafe"
        if self.wires == "unknown" and wires and proof.unknown:
            least = budget.until(_WIRES_SECONDS)
            self.pair = find_pair(system, proof, proof.unknown, least, self.witness)
            if self.pair is not None:
                self.wires = "unsafe"
        if self.pair is not None:
            self.free = list(free_wires(system.r1cs, proof.unknown, self.pair.first))
        try:
            budget.look()
        except OutOfBudget as reached:
            self.stopped = self.stopped or str(reached)
