"""Structured mutations of every file kind: `python -m tests.formats.fuzz --count 2000`.

Each case changes a good file in one to three ways and reads it. Allowed is a refusal (a ZkError of
one line that starts with the file's name), or acceptance of a file that means what it says: written
again it has the same sections, or the same JSON value. And where the meaning did change, it must
show: a changed proof, public signal or key does not verify, a changed witness breaks a constraint,
a changed circuit has another digest, a changed account another book. A case that takes over 5 s of
processor time, raises anything else, or is accepted with another meaning is reported with what
makes it again (kind, seed, number), and the exit code is 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from circuits.margin.account import Account
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from tests.formats.mutate import (
    Mutate,
    Random,
    circuit_sections,
    mutate_circuit,
    mutate_container,
    mutate_json,
    mutate_text,
)
from tests.formats.samples import SYSTEM, samples, take_apart
from verifier.calldata import read_solidity_calldata, solidity_calldata
from zk import engine
from zk.errors import ZkError
from zk.field import to_limbs
from zk.formats.circuit import load_circuit, save_circuit
from zk.formats.json import (
    read_proof,
    read_public,
    read_verifying_key,
    write_proof,
    write_public,
    write_verifying_key,
)
from zk.formats.r1cs import read_r1cs, write_r1cs
from zk.formats.wtns import read_wtns, write_wtns
from zk.formats.zkey import check_zkey_points, read_zkey, write_zkey
from zkmargin.statement_file import load_statement, save_statement

SECONDS = 5.0

#: Where readers that take a path find the bytes; for the others only a name.
_FOLDER = tempfile.TemporaryDirectory(prefix="fuzz")
FILE = Path(_FOLDER.name) / "file"


@dataclass(frozen=True)
class Kind:
    """A file kind: how to read, write and change it; `judge` objects to an accepted one.

    `meaning` is taken from the bytes alone, without the reader, so that it can find the reader out.
    """

    sample: str
    mutate: Mutate
    meaning: Callable[[bytes], object]
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes] | None
    judge: Callable[[Any, bool], str] = lambda value, changed: ""


@dataclass
class Report:
    """What became of the cases: verdict -> how many, and the failures."""

    refused: int = 0
    unchanged: int = 0
    accepted: int = 0
    failures: list[str] = field(default_factory=list)


def run(kind: str, seed: int, count: int, first: int = 0) -> Report:
    """`count` cases of one kind, from number `first` on."""
    report = Report()
    for number in range(first, first + count):
        try:
            problem = _case(KINDS[kind], Random(f"{kind}/{seed}/{number}"), report)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            report.failures.append(f"{kind}, seed {seed}, number {number}: {problem}")
    return report


def _case(kind: Kind, rng: Random, report: Report) -> str:
    """One case; what is wrong with its outcome, or nothing."""
    original = data = samples()[kind.sample]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = kind.mutate(rng, data)
    start = time.process_time()
    try:
        value = kind.read(data)
        changed = kind.meaning(data) != kind.meaning(original)
        written = data if kind.write is None else kind.write(value)
        problem = kind.judge(value, changed)
    except ZkError as error:
        report.refused += 1
        text = str(error)
        problem = ""
        if (
            not text.startswith((str(FILE), "calldata", "proof."))
            or "\n" in text
            or len(text) > 400
        ):
            problem = f"the message is not one line on the file: {text[:400]!r}"
    else:
        report.accepted += changed
        report.unchanged += not changed
        if written != data and kind.meaning(written) != kind.meaning(data):
            problem = "accepted, and written with another meaning"
    if (seconds := time.process_time() - start) > SECONDS:
        return f"took {seconds:.1f} s"
    return problem


# What bytes mean, found without the readers.


def _container_meaning(data: bytes) -> object:
    """Magic, version and sections: the order of the sections means nothing."""
    head, sections = take_apart(data)
    return head, sorted(sections)


def _circuit_meaning(data: bytes) -> object:
    """The sections, those of JSON by their values."""
    sections = sorted(circuit_sections(data))
    return data[:12], [
        (name, _json_meaning(content) if content[:1] == b"{" else content)
        for name, content in sections
    ]


def _json_meaning(data: bytes) -> object:
    return json.dumps(json.loads(data), sort_keys=True)


def _calldata_meaning(data: bytes) -> object:
    return json.loads(b"[" + data + b"]")


def _document_meaning(data: bytes) -> object:
    """A user's document: decimal strings are numbers, and lists (of positions) are sets."""
    return _plain(json.loads(data))


def _plain(node: Any) -> str:
    match node:
        case dict():
            return repr(sorted((key, _plain(value)) for key, value in node.items()))
        case list():
            return repr(sorted(_plain(value) for value in node))
        case str():
            try:
                return repr(int(node, 16) if node[:2] == "0x" else Decimal(node).normalize())
            except (InvalidOperation, ValueError):
                return repr(node)
    return repr(node)


# What a changed meaning must lead to.


def _judge_witness(value: Any, changed: bool) -> str:
    right = len(value) == SYSTEM.n_wires and engine.first_unsatisfied(SYSTEM, value) is None
    return "a changed witness satisfies the circuit" if changed and right else ""


def _judge_key(value: Any, changed: bool) -> str:
    """The full check may refuse (a ZkError) or find every point good; nothing else."""
    check_zkey_points(value, str(FILE))
    return ""


def _judge_verdict(part: str) -> Callable[[Any, bool], str]:
    def judge(value: Any, changed: bool) -> str:
        parts = _true_parts() | {part: value}
        if len(parts["public"]) != parts["vk"].n_public:
            return ""
        right = engine.verify(parts["vk"], parts["public"], parts["proof"])
        return "" if right != changed else f"{'changed' if changed else 'same'} {part}: {right}"

    return judge


def _judge_calldata(value: Any, changed: bool) -> str:
    proof, publics = value
    if len(publics) != 2:
        return ""
    right = engine.verify(_true_parts()["vk"], to_limbs(publics), proof)
    return "" if right != changed else f"{'changed' if changed else 'same'} calldata: {right}"


def _judge_circuit(value: Any, changed: bool) -> str:
    """The digest covers all but source lines; a change there alone is none of the circuit's."""
    save_circuit(FILE, value)
    covered = [dict(circuit_sections(data)) for data in (FILE.read_bytes(), samples()["circuit"])]
    for sections in covered:
        for name in (b"debug\0\0\0", b"rows\0\0\0\0"):
            del sections[name]
    same = value.digest == _digest_of_sample()
    return "" if same == (covered[0] == covered[1]) else "digest and content disagree"


def _judge_by(result: Callable[[Any], object], sample: str) -> Callable[[Any, bool], str]:
    """What the file leads to must change exactly when its meaning does."""

    def judge(value: Any, changed: bool) -> str:
        same = result(value) == result(KINDS[sample].read(samples()[sample]))
        return "" if same != changed else f"changed: {changed}, with the same result: {same}"

    return judge


def _true_parts() -> dict[str, Any]:
    made = samples()
    return {
        "vk": read_verifying_key(made["vk"]),
        "proof": read_proof(made["proof"]),
        "public": read_public(made["public"]),
    }


def _digest_of_sample() -> int:
    return int(_by_path(load_circuit)(samples()["circuit"]).digest)


def _by_path(load: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    """A reader of bytes from one of paths."""

    def read(data: bytes) -> Any:
        FILE.write_bytes(data)
        return load(FILE)

    return read


def _to_path(save: Callable[[Path, Any], None]) -> Callable[[Any], bytes]:
    """A writer of bytes from one to paths."""

    def write(value: Any) -> bytes:
        save(FILE, value)
        return FILE.read_bytes()

    return write


def _named(read: Callable[[bytes, str], Any]) -> Callable[[bytes], Any]:
    return lambda data: read(data, str(FILE))


def _text(write: Callable[[Any], str]) -> Callable[[Any], bytes]:
    return lambda value: write(value).encode()


def _read_calldata(data: bytes) -> Any:
    return read_solidity_calldata(data.decode("latin-1"))


def _book(account: Any) -> object:
    return account.book(RiskParams.parse(samples()["params"], str(FILE)))


def _fields(value: Any) -> object:
    return {name: part for name, part in vars(value).items() if name != "file"}


_CONTAINER = (mutate_container, _container_meaning)
_JSON = (mutate_json, _json_meaning)
_DOCUMENT = (mutate_json, _document_meaning)

KINDS = {
    "r1cs": Kind("r1cs", *_CONTAINER, _named(read_r1cs), write_r1cs),
    "r1cs-order": Kind("r1cs in another order", *_CONTAINER, _named(read_r1cs), write_r1cs),
    "wtns": Kind("wtns", *_CONTAINER, _named(read_wtns), write_wtns, _judge_witness),
    "zkey": Kind("zkey", *_CONTAINER, _named(read_zkey), write_zkey, _judge_key),
    "vk": Kind(
        *("vk", *_JSON, _named(read_verifying_key), _text(write_verifying_key)),
        judge=_judge_verdict("vk"),
    ),
    "proof": Kind(
        *("proof", *_JSON, _named(read_proof), _text(write_proof)), judge=_judge_verdict("proof")
    ),
    "public": Kind(
        *("public", *_JSON, _named(read_public), _text(write_public)),
        judge=_judge_verdict("public"),
    ),
    "calldata": Kind(
        *("calldata", mutate_text, _calldata_meaning, _read_calldata),
        write=lambda value: solidity_calldata(*value).encode(),
        judge=_judge_calldata,
    ),
    "circuit": Kind(
        *("circuit", mutate_circuit, _circuit_meaning, _by_path(load_circuit)),
        write=_to_path(save_circuit),
        judge=_judge_circuit,
    ),
    "statement": Kind(
        *("statement", *_JSON, _by_path(load_statement)), write=_to_path(save_statement)
    ),
    "account": Kind(
        *("account", *_DOCUMENT, _named(Account.parse), None), judge=_judge_by(_book, "account")
    ),
    "market": Kind(
        *("market", *_DOCUMENT, _named(Market.parse), None), judge=_judge_by(_fields, "market")
    ),
    "params": Kind("params", *_DOCUMENT, _named(RiskParams.parse), None),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    options = parser.parse_args()
    failed = False
    for kind in options.kind or KINDS:
        faulthandler.dump_traceback_later(60 + options.count, exit=True)
        report = run(kind, options.seed, options.count, options.first)
        print(
            f"{kind}: {report.refused} refused, {report.unchanged} accepted with the same meaning, "
            f"{report.accepted} accepted as what they say, {len(report.failures)} failures"
        )
        for failure in report.failures[:20]:
            print(f"  {failure}", file=sys.stderr)
        failed |= bool(report.failures)
    faulthandler.cancel_dump_traceback_later()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
