"""A compiled circuit: rows, witness program, input layout, and where each row came from.

The digest is SHA-256 of the canonical encoding below with the top three bits cleared, so that it
is a field element. It covers the name, the metadata, the inputs, the rows, the program and the
intervals of wires; source lines are for people and are left out, so two machines that keep their
checkouts elsewhere agree.

Canonical encoding: the sections of `sections()` in order, each as name (8 bytes), length (uint64,
little endian), content. `zk.formats.circuit` writes and reads the file.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from zk import engine
from zk.compiler.slots import InputSlot
from zk.compiler.witness import Op, WitnessProgram
from zk.errors import InputError, UnsatisfiedConstraint
from zk.field import Limbs, R, to_limbs
from zk.r1cs import R1CS, Intervals

#: The matrices of the encoding, in order.
MATRICES = ("a", "b", "c", "p")  # p: the pool; a section name has 8 bytes


@dataclass(frozen=True, eq=False)
class Debug:
    """origins[k] = (obligation, file:line), gadgets[k] its gadget path; row_origin[i] the origin
    of row i, hint_origin[j] that of the program's j-th instruction other than ROW. `gadgets` and
    `hint_origin` are empty in a file that was written without.
    """

    origins: tuple[tuple[str, str], ...]
    row_origin: npt.NDArray[np.uint32]
    gadgets: tuple[str, ...] = ()
    hint_origin: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))


@dataclass(frozen=True, eq=False)
class CompiledCircuit:
    """What `compile` returns; can be saved and loaded."""

    name: str
    metadata: dict[str, Any]
    slots: tuple[InputSlot, ...]
    r1cs: R1CS
    program: WitnessProgram
    debug: Debug
    intervals: Intervals | None = None  # None: nothing is known of any wire

    # Witness ------------------------------------------------------------------------------------

    def assign(self, values: dict[str, Any]) -> Limbs:
        """Nested input values (dicts, lists, ints) -> the input wires, uint64[n_inputs, 4].

        Integers are taken mod R. Raises InputError for a missing or surplus name; ranges are what
        the constraints check.
        """
        flat: dict[str, int] = {}
        _flatten("", values, flat)
        missing = next((s.path for s in self.slots if s.path not in flat), None)
        if missing is not None:
            raise InputError("missing circuit input", missing)
        if len(flat) != len(self.slots):
            known = {slot.path for slot in self.slots}
            raise InputError("no such circuit input", next(p for p in flat if p not in known))
        return to_limbs(flat[slot.path] % R for slot in self.slots)

    def witness(self, values: dict[str, Any]) -> Limbs:
        """Run the program; uint64[n_wires, 4]. A secret. Does not check the constraints."""
        witness: Limbs = engine.run_prepared(self._prepared, self.assign(values)[np.newaxis])[0]
        return witness

    def witnesses(self, accounts: Iterable[dict[str, Any]], at_once: int = 16) -> Iterator[Limbs]:
        """The witness of each of many accounts, in order, `at_once` of them computed together.

        So many are in memory at a time and no more; a multiple of eight for each thread is best.
        """
        if at_once < 1:
            raise ValueError("at_once is at least 1")
        rest = iter(accounts)
        while batch := list(islice(rest, at_once)):
            inputs = np.stack([self.assign(values) for values in batch])
            yield from engine.run_prepared(self._prepared, inputs)

    def prepare(self) -> None:
        """Check and lower the program now, and not with the first witness."""
        _ = self._prepared

    def let_go(self) -> None:
        """Forget what `prepare` made, which takes memory; the next witness makes it again."""
        self.__dict__.pop("_prepared", None)

    @cached_property
    def _prepared(self) -> engine.PreparedProgram:
        """The program checked and lowered, once for all runs."""
        return engine.prepare_witness(self.r1cs, self.program)

    def check(self, witness: Limbs) -> None:
        """Raises UnsatisfiedConstraint, naming obligation and source line, for the first broken
        row.
        """
        row = engine.first_unsatisfied(self.r1cs, witness)
        if row is not None:
            obligation, where = self.origin(row)
            raise UnsatisfiedConstraint(
                self.name,
                obligation or "an unnamed constraint",
                where,
                row,
                self.gadgets(row),
                self.hint_lines(row),
            )

    def origin(self, row: int) -> tuple[str, str]:
        """(obligation, file:line) of a row."""
        return self.debug.origins[self.debug.row_origin[row]]

    def gadgets(self, row: int) -> str:
        """The gadget path of a row, `tier_line > assert_le`: who called whom to emit it."""
        paths = self.debug.gadgets
        return paths[self.debug.row_origin[row]] if paths else ""

    def hint_origin(self, instruction: int) -> tuple[str, str, str]:
        """(obligation, file:line, gadget path) of an instruction of the program that is a hint."""
        if not len(self.debug.hint_origin):
            return "", "", ""
        hints = self.program.code[:instruction, 0] != Op.ROW
        index = self.debug.hint_origin[np.count_nonzero(hints)]
        return *self.debug.origins[index], self.debug.gadgets[index] if self.debug.gadgets else ""

    def hint_lines(self, row: int) -> tuple[str, ...]:
        """file:line of the hints that a row reads, where it is not the row's own."""
        matrices = (self.r1cs.a, self.r1cs.b, self.r1cs.c)
        read = [m.wires[m.offsets[row] : m.offsets[row + 1]] for m in matrices]
        hints = self.program.code[self.program.code[:, 0] != Op.ROW].astype(np.int64)
        order = np.argsort(hints[:, 1])
        first, count = hints[order, 1], hints[order, 2]
        lines: dict[str, None] = {}
        for wire in np.unique(np.concatenate(read)).tolist() if len(self.debug.hint_origin) else ():
            at = int(np.searchsorted(first, wire, side="right")) - 1
            if at >= 0 and wire < first[at] + count[at]:
                lines[self.debug.origins[self.debug.hint_origin[order[at]]][1]] = None
        lines.pop(self.origin(row)[1], None)
        return tuple(line for line in lines if line)

    # Description --------------------------------------------------------------------------------

    @cached_property
    def digest(self) -> int:
        """The circuit's digest, an integer below 2^253."""
        h = sha256()
        for name, content in self.sections():
            h.update(section_header(name, len(content)))
            h.update(content)
        return digest_of(h.digest())

    def summary(self) -> str:
        """Constraints, wires, inputs, domain and digest, then the constraints by obligation."""
        r = self.r1cs
        lines = [
            f"{self.name}: {r.n_constraints:,} constraints, {r.n_wires:,} wires, "
            f"{r.n_publics} public and {r.n_private:,} private inputs, domain {r.domain_size:,}",
            f"digest {self.digest:#066x}",
        ]
        lines += [f"{count:>9,}  {words}" for words, count in self.breakdown()]
        return "\n".join(lines)

    def breakdown(self) -> list[tuple[str, int]]:
        """(outermost obligation without its index, constraints), dearest first."""
        counts: Counter[str] = Counter()
        per_origin = np.bincount(self.debug.row_origin, minlength=len(self.debug.origins))
        for (obligation, _), count in zip(self.debug.origins, per_origin, strict=True):
            if count:  # an origin may be a hint's alone
                counts[obligation.split(" / ")[0].split("[")[0] or "(unnamed)"] += int(count)
        return counts.most_common()

    # Encoding -----------------------------------------------------------------------------------

    def sections(self) -> list[tuple[bytes, Any]]:
        """The canonical encoding, section by section."""
        r = self.r1cs
        inputs = [[s.path, s.kind, s.bits, s.public, s.context] for s in self.slots]
        head = {
            "name": self.name,
            "metadata": self.metadata,
            "inputs": inputs,
            "wires": r.n_wires,
            "public": r.n_public,
            "private": r.n_private,
        }
        parts: list[tuple[bytes, Any]] = [
            (b"head", json.dumps(head, sort_keys=True, separators=(",", ":")).encode()),
            (b"table", raw_bytes(r.table, "<u8")),
        ]
        for name, m in zip(MATRICES, (r.a, r.b, r.c, self.program.pool), strict=True):
            parts.append((f"{name}.off".encode(), raw_bytes(m.offsets, "<u4")))
            parts.append((f"{name}.wire".encode(), raw_bytes(m.wires, "<u4")))
            parts.append((f"{name}.coef".encode(), raw_bytes(m.coeffs, "<u4")))
        parts.append((b"code", raw_bytes(self.program.code, "<u4")))
        if self.intervals is not None:
            of = self.intervals.of
            first = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1])))
            parts.append((b"i.ends", raw_bytes(self.intervals.ends, "<u8")))
            parts.append((b"i.wire", raw_bytes(first, "<u4")))
            parts.append((b"i.place", raw_bytes(of[first], "<u4")))
        return parts


def digest_of(encoding: bytes) -> int:
    """The digest, from the SHA-256 of the canonical encoding."""
    return int.from_bytes(encoding, "big") & ((1 << 253) - 1)


def section_header(name: bytes, length: int) -> bytes:
    return name.ljust(8, b"\0") + struct.pack("<Q", length)


def raw_bytes(array: npt.NDArray[Any], dtype: str) -> memoryview:
    """The array's bytes, without a copy where it has the layout already."""
    flat = np.ascontiguousarray(array, dtype=dtype).reshape(-1).view(np.uint8)
    return memoryview(flat)  # type: ignore[arg-type]


def _flatten(prefix: str, value: Any, flat: dict[str, int]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _flatten(f"{prefix}.{name}" if prefix else name, item, flat)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            _flatten(f"{prefix}[{i}]", item, flat)
    elif isinstance(value, bool | int):
        flat[prefix] = int(value)
    else:
        raise InputError("an integer is needed", prefix)
