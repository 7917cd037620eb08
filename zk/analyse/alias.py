"""Finds comparisons that make a sum of 254 bits unique: see `digits`, which says when."""

from __future__ import annotations

from zk.analyse.digits import LC, Table, forbids, part_table, reduced
from zk.analyse.facts import HALF, times
from zk.analyse.propagate import Propagator
from zk.analyse.system import rows_of
from zk.field import R, inverse

_FEWEST_BITS = 200
_MOST_STEPS = 6  # equations put together for the parts' sum


def find_aliases(p: Propagator) -> bool:
    """Whether some sum of bits was proved unique by a comparison with R."""
    facts, learnt = p.facts, False
    rows: list[tuple[LC, LC, LC]] = []
    for i, equation in enumerate(p.system.equations):
        if p.unknown_in(i) < _FEWEST_BITS:
            continue
        terms = {
            w: c for w, c in zip(equation.wires, equation.coeffs, strict=True) if not facts.known[w]
        }
        if any(facts.range[w] != (0, 1) for w in terms):
            continue
        p.budget.look()
        rows = rows or rows_of(p.system.r1cs)
        smallest = min(terms.values(), key=lambda c: min(c, R - c))
        for lead in (smallest, *list(terms.values())[:2]):
            step = _comparison(p, rows, equation.source, terms, inverse(lead))
            if step is not None:
                p.steps.append(step)
                for wire in terms:
                    facts.set_known(wire)
                p.run()
                learnt = True
                break
    return learnt


def _comparison(
    p: Propagator, rows: list[tuple[LC, LC, LC]], source: int, terms: LC, multiplier: int
) -> list[object] | None:
    weights = {w: c * multiplier % R for w, c in terms.items()}
    below = 0
    for weight in sorted(weights.values()):
        if weight <= below:
            return None
        below += weight
    if below >= 2 * R:
        return None
    bit_of, copies = _copies(p, terms)
    # Rows whose only wire that is no bit is linear: its value is a function of the bits.
    system = p.system
    defined = {
        w: dict(zip(d.wires, d.coeffs, strict=True))
        for w in bit_of
        if w >= system.n
        for d in (system.definitions[w - system.n],)
    }
    found: dict[int, int] = {}
    for product in {q for w in bit_of for q in _rows_with(p, w)}:
        left, right, result = (set(reduced(lc, defined, bit_of)) for lc in rows[product])
        new = (left | right | result) - {0} - set(bit_of)
        if len(new) == 1 and new <= result - left - right:
            found[new.pop()] = product
    if not found:
        return None
    for start in _sums(p, found):
        total, constant, combination = _sum_of(p, found, start)
        if total is not None:
            made_by = {
                row: [reduced(lc, defined, bit_of) for lc in rows[row]] for row in found.values()
            }
            chosen = _forbidden(p, made_by, found, total, constant, bit_of, weights)
            if chosen is not None:
                made = [[s, f] for s, f in combination.items()]
                return ["fold", source, multiplier, copies, made, *chosen]
    return None


def _forbidden(
    p: Propagator,
    rows: dict[int, list[LC]],
    found: dict[int, int],
    total: LC,
    constant: int,
    bit_of: dict[int, int],
    weights: LC,
) -> list[object] | None:
    """[scale, modulus, parts] with which the parts' sum forbids that the bits' exceeds R - 1."""
    parts = [(w, found[w]) for w in total if w in found]
    if not parts:
        return None
    over = inverse(total[parts[0][0]])
    for scale in (over, R - over):
        scaled: LC = {w: c * scale % R for w, c in total.items()}
        tables: list[Table] = []
        grouped: set[int] = set()
        for w, row in parts:
            left, right, result = rows[row]
            made = part_table((left, right, result), w, scaled[w], bit_of, weights)
            if made is None or made[0] & grouped:
                return None
            grouped |= made[0]
            tables.append(made[1])
        tables += [[(0, 0), (weights[w], 0)] for w in weights if w not in grouped]
        others = []
        for w, c in scaled.items():
            if w not in found:
                bounds = p.facts.range[w]
                if bounds is None:
                    return None
                others.append(times(c, bounds))
        offset = constant * scale % R
        offset = offset - R if offset > HALF else offset
        for k in range(100, 180):
            if forbids(tables, others, offset, 1 << k):
                return [scale, 1 << k, [[w, row] for w, row in parts]]
    return None


def _rows_with(p: Propagator, wire: int) -> set[int]:
    """Rows that read a wire, directly or through a definition."""
    rows = {p.system.products[i].row for i in p.system.in_products[wire]}
    for i in p.system.in_equations[wire]:
        equation = p.system.equations[i]
        if equation.source >= p.system.m and len(equation.wires) <= 8:
            defined = equation.wires[-1]
            rows |= {p.system.products[j].row for j in p.system.in_products[defined]}
    return rows


def _copies(p: Propagator, bits: LC) -> tuple[dict[int, int], list[list[int]]]:
    """Wires that two-wire equations make equal to a bit, and those equations in order."""
    bit_of = {w: w for w in bits}
    copies: list[list[int]] = []
    queue = list(bits)
    while queue:
        wire = queue.pop()
        for i in p.system.in_equations[wire]:
            equation = p.system.equations[i]
            if len(equation.wires) == 2 and not equation.constant:
                (one, other), (c, d) = equation.wires, equation.coeffs
                new = other if one == wire else one
                if (c + d) % R == 0 and new not in bit_of:
                    bit_of[new] = bit_of[wire]
                    copies.append([equation.source, new, wire])
                    queue.append(new)
    return bit_of, copies


def _sums(p: Propagator, parts: dict[int, int]) -> list[int]:
    """Equations with many parts, those with most first: bits may be compared more than once."""
    counts: dict[int, int] = {}
    for wire in parts:
        for i in p.system.in_equations[wire]:
            counts[i] = counts.get(i, 0) + 1
    return sorted(counts, key=lambda i: -counts[i])[:4]


def _sum_of(p: Propagator, parts: dict[int, int], start: int) -> tuple[LC | None, int, LC]:
    """An equation over parts and bits: the given one, others put in for wires that are neither;
    its constant, and the multipliers of its equations.
    """
    used = {start}
    equation = p.system.equations[start]
    total = dict(zip(equation.wires, equation.coeffs, strict=True))
    constant, combination = equation.constant, {equation.source: 1}
    for _ in range(_MOST_STEPS):
        ranges = p.facts.range
        loose = [
            w for w in total if w not in parts and ((r := ranges[w]) is None or r[1] - r[0] > 1)
        ]
        if not loose:
            return total, constant, combination
        wire = loose[0]
        more = [i for i in p.system.in_equations[wire] if i not in used]
        if not more:
            return None, 0, {}
        i = max(more, key=lambda i: len(p.system.equations[i].wires))
        used.add(i)
        equation = p.system.equations[i]
        coefficient = equation.coeffs[equation.wires.index(wire)]
        factor = -total[wire] * inverse(coefficient) % R
        for w, c in zip(equation.wires, equation.coeffs, strict=True):
            value = (total.get(w, 0) + factor * c) % R
            if value:
                total[w] = value
            else:
                total.pop(w, None)
        constant = (constant + factor * equation.constant) % R
        combination[equation.source] = factor
    return None, 0, {}
