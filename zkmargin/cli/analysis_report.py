"""An analysis as text, as JSON fields, and as SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from zk.analyse.analysis import Analysis, Question, Verdict
from zkmargin import __version__

_SHOWN: Final = 12  # wires named in the text
_MOST_RESULTS: Final = 1000  # of one kind in a SARIF file
_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_RULES: Final = {
    "undetermined-output": "The inputs do not determine an output.",
    "undetermined-wire": "The inputs do not determine a wire that is no output.",
    "undecided-wire": "It was not decided whether the inputs determine a wire.",
}


@dataclass(frozen=True)
class Subject:
    """What was analysed: a file, the names of its wires, and the source line of a wire if known."""

    path: str
    names: Callable[[int], str]
    line: Callable[[int], tuple[str, int] | None]
    secret: bool = False  # the pair stands beside a witness whose values are not shown


def words(analysis: Analysis, question: Question, subject: Subject) -> str:
    """The verdict and what stands behind it."""
    r = analysis.r1cs
    lines = [
        f"{analysis.verdict(question)}: {_MEANING[analysis.verdict(question)].format(question)}",
        f"outputs {analysis.outputs}, wires {analysis.wires}; {r.n_outputs:,} outputs, "
        f"{len(analysis.inputs):,} inputs, {r.n_wires:,} wires, {r.n_constraints:,} constraints, "
        f"{analysis.seconds:.1f} s",
    ]
    if not r.n_outputs:
        lines.append(
            "there are no outputs: what is proved is that wires exist for the inputs, and a wire "
            "that is not determined lets a prover choose among witnesses of the same inputs"
        )
    if analysis.unsatisfiable:
        lines.append("no assignment at all satisfies the constraints")
    if analysis.missing_inputs:
        lines.append(
            f"{analysis.missing_inputs} declared private inputs are in no constraint: if an "
            "optimiser dropped them, the verdict is about the file, not about its source"
        )
    if analysis.stopped:
        lines.append(f"the limit of {analysis.stopped} was reached")
    if analysis.pair is not None:
        first, second, wire = analysis.pair.first, analysis.pair.second, analysis.pair.wire
        lines.append("two assignments satisfy every constraint with the same inputs:")
        if subject.secret:
            lines.append(f"  the given one, and one in which {subject.names(wire)} is another")
    if analysis.pair is not None and not subject.secret:
        lines += [f"  {subject.names(w)} = {first[w]}" for w in analysis.inputs[:_SHOWN]]
        if len(analysis.inputs) > _SHOWN:
            lines.append(f"  and {len(analysis.inputs) - _SHOWN:,} more")
        lines.append(f"  {subject.names(wire)} = {first[wire]}, or {second[wire]}")
    if analysis.free:
        lines.append(f"free there, whatever all others are: {_named(analysis.free, subject)}")
    free = set(analysis.free)
    rest = [w for w in analysis.undetermined if w not in free]
    if rest:
        lines.append(f"not proved: {_named(rest, subject)}")
    return "\n".join(lines)


def _named(wires: list[int], subject: Subject) -> str:
    more = len(wires) - _SHOWN
    names = ", ".join(subject.names(w) for w in wires[:_SHOWN])
    return names + (f" and {more:,} more" if more > 0 else "")


_MEANING: Final[dict[Verdict, str]] = {
    "safe": "the inputs determine all {}; the proof was checked",
    "unsafe": "the inputs do not determine all {}",
    "unknown": "not decided whether the inputs determine all {}",
}


def fields(analysis: Analysis, question: Question, subject: Subject) -> dict[str, Any]:
    """The same as JSON; values are decimal texts."""
    pair = analysis.pair
    return {
        "file": subject.path,
        "question": question,
        "verdict": analysis.verdict(question),
        "outputs": analysis.outputs,
        "wires": analysis.wires,
        "unsatisfiable": analysis.unsatisfiable,
        "constraints": analysis.r1cs.n_constraints,
        "inputs": len(analysis.inputs),
        "missing_inputs": analysis.missing_inputs,
        "stopped": analysis.stopped or None,
        "seconds": round(analysis.seconds, 2),
        "not_proved": [{"wire": w, "name": subject.names(w)} for w in analysis.undetermined],
        "pair": None
        if pair is None
        else {
            "wire": pair.wire,
            "name": subject.names(pair.wire),
            "first": None if subject.secret else [str(value) for value in pair.first],
            "second": None if subject.secret else [str(value) for value in pair.second],
        },
        "free": analysis.free,
    }


def sarif(analysis: Analysis, subject: Subject) -> dict[str, Any]:
    """One run of a SARIF 2.1.0 log."""
    outputs = set(range(1, 1 + analysis.r1cs.n_outputs))
    results = []
    pair = analysis.pair
    if pair is not None:
        rule = "undetermined-output" if pair.wire in outputs else "undetermined-wire"
        message = f"{subject.names(pair.wire)} differs in two assignments with the same inputs"
        if not subject.secret:
            message += f": {pair.first[pair.wire]}, or {pair.second[pair.wire]}"
        level = "error" if rule == "undetermined-output" else "warning"
        results.append(_result(rule, level, message, pair.wire, subject))
    for wire in analysis.undetermined[:_MOST_RESULTS]:
        if pair is None or wire != pair.wire:
            message = f"not decided whether the inputs determine {subject.names(wire)}"
            results.append(_result("undecided-wire", "note", message, wire, subject))
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in _RULES.items()]
    driver = {"name": "zkmargin analyse", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(rule: str, level: str, message: str, wire: int, subject: Subject) -> dict[str, Any]:
    line = subject.line(wire)
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(line[0] if line else subject.path)}}
    if line:
        place["region"] = {"startLine": line[1]}
    logical = {"fullyQualifiedName": subject.names(wire), "kind": "variable"}
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": message},
        "locations": [{"physicalLocation": place, "logicalLocations": [logical]}],
    }


def _uri(path: str) -> str:
    """A URI reference; a colon in a relative one would end its scheme."""
    from pathlib import Path
    from urllib.parse import quote

    file = Path(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix(), safe="/")
