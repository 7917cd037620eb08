"""Verdicts compared: Python, the EVM's three entry points, snarkjs, on random changes of proofs.

`python -m tests.verifier.differential --count 2000` draws that many calls, a quarter of them valid,
and prints each kind's verdicts; it exits 1 at the first disagreement that is not explained. What
explains one is two habits of snarkjs 0.7.6: it reads a coordinate modulo q, and it takes infinity
for a point of a proof in G1, if not in G2. So its verdict is compared with the bare equation on the
reduced words. Python reads each call twice, as calldata text and as JSON.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from tests.forge import Trapdoor, g1, g2, trapdoor
from tests.verifier import snarkjs
from tests.verifier.bad_inputs import python_verdict, words_of
from tests.verifier.deployment import Deployed, deployed, false, infinity_solved, true
from verifier.foundry import OUTSIDE_SUBGROUP
from zk import engine
from zk.errors import BadPoint
from zk.field import Q, R, coordinates_to_limbs, to_limbs
from zk.groth16 import Proof, VerifyingKey

SIZES = (1, 4, 6)
BATCH = 200  # calls to snarkjs in one process

#: What Python raises -> the contract's custom errors that mean the same.
REASONS = {
    "": {""},
    "InvalidProof": {"ProofInvalid"},
    "ArtifactError": {"PublicInputNotInField", "PointAtInfinity"},
    "BadPoint": {"CoordinateNotInField", "MalformedPoint", "PointAtInfinity"},
}

Words = tuple[int, ...]
Change = Callable[[random.Random, Trapdoor, Words], Words]


def _put(words: Words, at: int, values: Sequence[int]) -> Words:
    return (*words[:at], *values, *words[at + len(values) :])


def _kept(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    return words


def _negated(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    """(-A, -B, C), which is valid as well."""
    return _put(words, 0, [words[0], Q - words[1], *words[2:4], Q - words[4], Q - words[5]])


def _public_changed(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at = rng.randrange(8, len(words))
    new = rng.choice([0, 1, R - 1, (words[at] + 1) % R, -words[at] % R, rng.randrange(R)])
    return _put(words, at, [new])


def _public_aliased(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at = rng.randrange(8, len(words))
    return _put(words, at, [words[at] + rng.randrange(1, 5) * R])


def _publics_swapped(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    publics = list(words[8:])
    rng.shuffle(publics)
    return _put(words, 8, publics)


def _coordinate_aliased(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at = rng.randrange(8)
    return _put(words, at, [words[at] + rng.randrange(1, 5) * Q])


def _bit_flipped(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at = rng.randrange(len(words))
    return _put(words, at, [words[at] ^ 1 << rng.randrange(256)])


def _word_drawn(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at = rng.randrange(len(words))
    ends = [0, 1, Q - 1, Q, R - 1, R, 2**255, 2**256 - 1, rng.getrandbits(256)]
    return _put(words, at, [rng.choice(ends)])


def _words_swapped(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    i, j = rng.sample(range(len(words)), 2)
    return _put(_put(words, i, [words[j]]), j, [words[i]])


def _point_replaced(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    other = words_of(Proof(*(g(rng.randrange(1, R)) for g in (g1, g2, g1))), [])
    at, end = rng.choice([(0, 2), (2, 6), (6, 8)])
    return _put(words, at, other[at:end])


def _point_negated(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    if rng.randrange(3) == 0:
        return _put(words, 4, [Q - words[4], Q - words[5]])
    at = rng.choice([1, 7])
    return _put(words, at, [Q - words[at]])


def _infinity(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    at, end = rng.choice([(0, 2), (2, 6), (6, 8), (0, 8)])
    return _put(words, at, [0] * (end - at))


def _infinity_solved(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    """The equation holds with one point at infinity: only the rule against infinity refuses."""
    return infinity_solved(key, words[8:], rng.choice("ABC"))


def _outside_subgroup(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    return _put(words, 2, OUTSIDE_SUBGROUP)


def _another_keys(rng: random.Random, key: Trapdoor, words: Words) -> Words:
    publics = list(words[8:])
    return words_of(trapdoor(len(publics), seed=1).proof(publics), publics)


#: Kind -> (its weight, the change).
KINDS: dict[str, tuple[int, Change]] = {
    "kept": (5, _kept),
    "(-A, -B, C)": (2, _negated),
    "public changed": (3, _public_changed),
    "public + k r": (2, _public_aliased),
    "publics shuffled": (1, _publics_swapped),
    "coordinate + k q": (2, _coordinate_aliased),
    "bit flipped": (4, _bit_flipped),
    "word drawn": (2, _word_drawn),
    "words swapped": (2, _words_swapped),
    "point replaced": (2, _point_replaced),
    "point negated": (1, _point_negated),
    "infinity": (1, _infinity),
    "infinity, solved": (1, _infinity_solved),
    "outside the subgroup": (1, _outside_subgroup),
    "another key's": (1, _another_keys),
}


def evm_verdict(it: Deployed, words: Words, entry: str) -> str:
    """The custom error of verifyProof, "" for accepted; `entry`, one of the others, must agree."""
    result = it.call("verifyProof", words)
    verdict = "" if true(result) else it.error(result)
    answer = it.call(entry, words)
    assert (true if verdict == "" else false)(answer), (entry, verdict, words)
    return verdict


def compare(count: int, seed: int, *, with_snarkjs: bool = True) -> Counter[tuple[str, str]]:
    """Draw and compare `count` calls; (kind, verdict) -> how many; AssertionError if any differ."""
    rng = random.Random(f"differential {seed}")
    seen: Counter[tuple[str, str]] = Counter()
    pending: dict[int, list[tuple[str, Words]]] = {n: [] for n in SIZES}
    for i in range(count):
        n = rng.choice(SIZES)
        it = deployed(n)
        publics = [rng.choice([0, 1, R - 1, *[rng.randrange(R)] * 7]) for _ in range(n)]
        words = words_of(it.key.proof(publics, seed=rng.getrandbits(64)), publics)
        kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        words = KINDS[kind][1](rng, it.key, words)
        ours = python_verdict(it.key.vk, words)
        chain = evm_verdict(it, words, rng.choice(["isValid", "snarkjs"]))
        assert chain in REASONS[ours], (i, kind, ours, chain, words)
        seen[kind, chain or "valid"] += 1
        pending[n].append((kind, words))
        if with_snarkjs and (len(pending[n]) == BATCH):
            _compare_snarkjs(it, pending[n])
            pending[n] = []
    for n, calls in pending.items():
        if with_snarkjs and calls:
            _compare_snarkjs(deployed(n), calls)
    return seen


def _compare_snarkjs(it: Deployed, calls: list[tuple[str, Words]]) -> None:
    theirs = snarkjs.verdicts(it.key.vk, [words for _, words in calls])
    for (kind, words), verdict in zip(calls, theirs, strict=True):
        expected = _bare_equation(it.key.vk, words)
        assert bool(verdict) == expected, (kind, verdict, expected, words)


def _bare_equation(vk: VerifyingKey, words: Words) -> bool:
    """The verdict of a verifier that reduces coordinates and lets A and C be infinity."""
    a0, a1, b1, b0, b3, b2, c0, c1 = (word % Q for word in words[:8])
    if any(value >= R for value in words[8:]) or not any((b0, b1, b2, b3)):
        return False
    minus_a, c = (coordinates_to_limbs(p).reshape(8) for p in ([a0, -a1 % Q], [c0, c1]))
    b = coordinates_to_limbs([b0, b1, b2, b3]).reshape(16)
    vk_x = engine.msm_g1(vk.ic, to_limbs([1, *words[8:]]))
    try:
        return engine.pairing_check(
            np.vstack([minus_a, vk.alpha1, vk_x, c]), np.vstack([b, vk.beta2, vk.gamma2, vk.delta2])
        )
    except BadPoint:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, prog="python -m tests.verifier.differential"
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-snarkjs", action="store_true", help="Python against the EVM only")
    options = parser.parse_args()
    try:
        seen = compare(options.count, options.seed, with_snarkjs=not options.no_snarkjs)
    except AssertionError as error:
        sys.exit(f"verdicts disagree: {error}")
    for (kind, verdict), times in sorted(seen.items()):
        print(f"{times:6}  {kind:22} {verdict}")
    print(f"{seen.total():6}  verdicts, none unexplained")


if __name__ == "__main__":
    main()
