"""A generated contract on a chain, with a key whose proofs cost nothing to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from tests.evm import Chain, Compiled, Result, compile_one
from tests.forge import Trapdoor, trapdoor
from tests.forge import publics as random_publics
from tests.verifier.bad_inputs import raw_calldata, words_of
from verifier.calldata import ENTRY_POINTS
from verifier.contract import LEAST_GAS_CAP, Contract, contract
from zk.keccak import selector

CIRCUIT_DIGEST = 0x1234


@dataclass(frozen=True)
class Deployed:
    """A contract on a chain, with a valid call's words."""

    key: Trapdoor
    source: Contract
    compiled: Compiled
    chain: Chain
    address: str
    words: tuple[int, ...]

    def call(self, entry: str, words: tuple[int, ...], **more: int) -> Result:
        signature = ENTRY_POINTS[entry].format(n=self.key.vk.n_public)
        return self.chain.call(self.address, selector(signature) + raw_calldata(words), **more)

    def error(self, result: Result) -> str:
        return self.compiled.error_name(result.data)


@cache
def deployed(n: int, pipeline: str = "ir") -> Deployed:
    key, values = trapdoor(n), random_publics(n)
    source = contract(key.vk, circuit_digest=CIRCUIT_DIGEST, setup_not_verified=True)
    compiled = compile_one(source.source, source.name, pipeline=pipeline)
    chain = Chain()
    address = chain.deploy(compiled.code, LEAST_GAS_CAP)
    return Deployed(key, source, compiled, chain, address, words_of(key.proof(values), values))


def redeployed(it: Deployed, source: str) -> Deployed:
    """The same key and call against a changed source."""
    compiled = compile_one(source, it.source.name)
    chain = Chain()
    address = chain.deploy(compiled.code, LEAST_GAS_CAP)
    return replace(it, compiled=compiled, chain=chain, address=address)


def infinity_solved(key: Trapdoor, publics: Sequence[int], point: str) -> tuple[int, ...]:
    """Words that satisfy the equation with one point of the proof, "A" to "C", at infinity."""
    proof = key.proof(list(publics), at_infinity=point)
    name = point.lower()
    other = getattr(key.proof(list(publics)), name)
    words = words_of(replace(proof, **{name: other}), publics)  # an encodable one in its place
    start, end = {"A": (0, 2), "B": (2, 6), "C": (6, 8)}[point]
    return (*words[:start], *[0] * (end - start), *words[end:])


def true(result: Result) -> bool:
    return result.ok and int.from_bytes(result.data, "big") == 1


def false(result: Result) -> bool:
    return result.ok and len(result.data) == 32 and not any(result.data)
