"""SHA-256 in the circuit, against hashlib; circomlib's counts as limits."""

from __future__ import annotations

import hashlib
import random

import pytest

from circuits.gadgets.bits import bytes_to_bits, from_bits, low_bits
from circuits.gadgets.logic import choose, majority
from circuits.gadgets.sha256 import CONSTANTS, INITIAL, Word, _bitwise, _mixed, compress, sha256
from tests.checks import Gadget, gadget_circuit
from tests.clock import at_most
from zk import engine
from zk.compiler.declare import Circuit, private
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.lower import compile
from zk.compiler.types import Bool, Field, Uint
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R, to_limbs

#: Constraints of circomlib 2.0.5's Sha256(n) at circom 2.2.3's -O2, n message bits.
CIRCOMLIB = {256: 29_380, 440: 29_725, 512: 59_281}
#: and of its Sha256compression.
CIRCOMLIB_COMPRESSION = 30_328

_built: dict[int, Gadget] = {}


def digest_circuit(n: int) -> Gadget:
    """The digest of n message bits."""
    if n not in _built:
        inputs = {f"m{i}": (Bool, None) for i in range(n)}
        _built[n] = gadget_circuit(inputs, lambda cs, *m: sha256(cs, m))
    return _built[n]


def bits_of(data: bytes) -> list[int]:
    return [byte >> i & 1 for byte in data for i in reversed(range(8))]


def digest(n: int, bits: list[int]) -> bytes:
    found = digest_circuit(n).honest({f"m{i}": b for i, b in enumerate(bits)})
    assert set(found) <= {0, 1}
    return int("".join(map(str, found)), 2).to_bytes(32, "big")


@pytest.mark.parametrize("length", [1, 32, 55, 56, 64])
def test_digests_equal_hashlib(length: int) -> None:
    """55 bytes are the most that one block takes, 64 leave a block to padding alone."""
    rng = random.Random(length)
    for data in (bytes(length), b"\xff" * length, rng.randbytes(length), rng.randbytes(length)):
        assert digest(8 * length, bits_of(data)) == hashlib.sha256(data).digest()


def test_a_message_of_five_bits() -> None:
    """NIST's vector for bit-oriented messages: 01101."""
    expected = "d6d3e02a31a84a8caa9718ed6c2057be09db45e7823eb5079ce7a573a3760f95"
    assert digest(5, [0, 1, 1, 0, 1]).hex() == expected


def test_what_is_constant_is_free() -> None:
    """The digest of no bits at all, and of a message that the circuit knows."""

    def body(cs, x):
        known = [Bool(cs, {0: 1} if b else {}) for b in bits_of(b"abc")]
        return [*sha256(cs, []), *sha256(cs, known)]

    gadget = gadget_circuit({"x": (Bool, None)}, body)
    assert gadget.cost == 0
    digests = hashlib.sha256(b"").digest() + hashlib.sha256(b"abc").digest()
    assert gadget.honest({"x": 1}) == bits_of(digests)


def test_messages_of_bytes() -> None:
    names = {f"x{i}": (Uint, 8) for i in range(3)}
    gadget = gadget_circuit(names, lambda cs, *xs: sha256(cs, bytes_to_bits(cs, xs)))
    found = gadget.honest({f"x{i}": byte for i, byte in enumerate(b"abc")})
    assert found == bits_of(hashlib.sha256(b"abc").digest())
    gadget.refusal({"x0": 256, "x1": 0, "x2": 0})


def test_constants() -> None:
    assert (INITIAL[0], INITIAL[7]) == (0x6A09E667, 0x5BE0CD19)
    assert (CONSTANTS[0], CONSTANTS[63]) == (0x428A2F98, 0xC67178F2)


@pytest.mark.parametrize("n", CIRCOMLIB)
def test_no_dearer_than_circomlib(n: int) -> None:
    assert digest_circuit(n).cost <= CIRCOMLIB[n]


class TwoBlocks(Circuit):
    """The digest of 64 bytes."""

    message: list[Bool] = private(count=512)

    def define(self, cs: ConstraintSystem) -> None:
        cs.assert_equal(from_bits(cs, sha256(cs, self.message)[:128]), 0)


def test_two_blocks_compile_in_time() -> None:
    with at_most(3):
        compile(TwoBlocks())


def words(count: int) -> dict[str, tuple[type[Field], int | None]]:
    return {f"w{i}": (Uint, 32) for i in range(count)}


def compression(rounds: int) -> Gadget:
    """The next state after so many rounds, of any state and block."""

    def body(cs, *xs):
        given = [Word.of_bits(cs, cs.bits(x, 32)) for x in xs]
        after = compress(cs, given[:8], given[8:], rounds)
        return [b for word in after for b in word.bits()]

    return gadget_circuit(words(24), body)


def rotr(x: int, n: int) -> int:
    return (x >> n | x << 32 - n) % (1 << 32)


def next_state(state: list[int], block: list[int], rounds: int) -> list[int]:
    """The compression by its definition, on integers."""
    w = list(block)
    for t in range(16, rounds):
        x, y = w[t - 15], w[t - 2]
        s0 = rotr(x, 7) ^ rotr(x, 18) ^ x >> 3
        s1 = rotr(y, 17) ^ rotr(y, 19) ^ y >> 10
        w.append((s1 + w[t - 7] + s0 + w[t - 16]) % (1 << 32))
    a, b, c, d, e, f, g, h = state
    for t in range(rounds):
        big1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
        t1 = h + big1 + (e & f ^ ~e & g) + CONSTANTS[t] + w[t]
        t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (t1 + t2) % 2**32, a, b, c, (d + t1) % 2**32, e, f, g
    after = (a, b, c, d, e, f, g, h)
    return [(x + y) % (1 << 32) for x, y in zip(state, after, strict=True)]


def test_no_wire_of_the_schedule_is_unbound() -> None:
    attack = compression(17).attack
    attack.start([random.Random(7).randrange(1 << 32) for _ in range(24)])
    attack.assert_bound()


@pytest.mark.parametrize("rounds", [1, 2, 17, 64])
def test_compression_of_any_state(rounds: int) -> None:
    gadget = compression(rounds)
    rng = random.Random(rounds)
    top = (1 << 32) - 1
    for values in ([0] * 24, [top] * 24, [rng.randrange(1 << 32) for _ in range(24)]):
        found = gadget.honest({f"w{i}": value for i, value in enumerate(values)})
        expected = next_state(values[:8], values[8:], rounds)
        assert found == [x >> i & 1 for x in expected for i in range(32)]
    if rounds == 64:
        assert gadget.cost <= CIRCOMLIB_COMPRESSION


def mixed(x: int, third: int, shift: bool) -> int:
    """ROTR^7(x) xor ROTR^18(x) xor ROTR^third(x), or SHR^third(x)."""
    return rotr(x, 7) ^ rotr(x, 18) ^ (x >> third if shift else rotr(x, third))


@pytest.mark.parametrize("shift", [False, True])
def test_a_mixed_word(shift: bool) -> None:
    """sigma_0 of the schedule, and the same with a rotation in the place of its shift; bit by bit,
    where a sum modulo 2^32 would not show a top bit that is 2 too much.
    """

    def body(cs, x):
        return _mixed(cs, Word.of_bits(cs, cs.bits(x, 32)), 7, 18, 3, shift).bits()

    gadget = gadget_circuit(words(1), body)
    rng = random.Random(8)
    top = (1 << 32) - 1
    for x in (0, top, *(rng.randrange(1 << 32) for _ in range(12))):
        assert gadget.honest({"w0": x}) == [mixed(x, 3, shift) >> i & 1 for i in range(32)]
    for x in (0, top, rng.randrange(1 << 32)):
        assert gadget.assert_forgeries_rejected({"w0": x}).harmless == 0


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (choose, lambda x, y, z: x & y ^ ~x & z),
        (majority, lambda x, y, z: x & y ^ x & z ^ y & z),
    ],
)
@pytest.mark.parametrize("known", [[], [INITIAL[1]]])
def test_a_bitwise_function_of_words(function, expected, known: list[int]) -> None:
    """The last word may be a part of the initial value."""
    free = 3 - len(known)

    def body(cs, *xs):
        given = [Word.of_bits(cs, cs.bits(x, 32)) for x in xs]
        return _bitwise(cs, function, *given, *(Word.constant(cs, x) for x in known)).bits()

    gadget = gadget_circuit(words(free), body)
    rng = random.Random(9)
    top = (1 << 32) - 1
    for given in ([0] * free, [top] * free, *([rng.randrange(top) for _ in "xyz"] for _ in "abc")):
        values = {f"w{i}": x for i, x in enumerate(given[:free])}
        want = expected(*given[:free], *known)
        assert gadget.honest(values) == [want >> i & 1 for i in range(32)]
        assert gadget.assert_forgeries_rejected(values, pairs=20).harmless == 0


@pytest.mark.parametrize("all_ones", [False, True])
def test_a_round_cannot_be_forged(all_ones: bool) -> None:
    gadget = compression(1)
    rng = random.Random(5)
    values = {f"w{i}": (1 << 32) - 1 if all_ones else rng.randrange(1 << 32) for i in range(24)}
    forgeries = gadget.assert_forgeries_rejected(values, pairs=30, repairs=15)
    assert forgeries.rejected > 1000
    assert forgeries.harmless == 0


def test_a_sum_without_its_carry_is_refused() -> None:
    """The classic: 33 bits of a sum of which one, the carry, nobody reads."""

    def body(cs, x, y):
        return low_bits(cs, x + y, 32)

    gadget = gadget_circuit(words(2), body)
    attack = gadget.attack
    top = (1 << 32) - 1
    attack.start([top, top])
    wires = attack.written_by(Op.BITS)[-32:]
    # The bits of another number, with a carry of 2: (x + y - bits) / 2^32 is then no bit.
    assert attack.forge(dict.fromkeys(wires, 0))[0] is not None
    gadget.assert_forgeries_rejected({"w0": top, "w1": 1})


def test_no_wire_of_a_digest_is_free() -> None:
    gadget = digest_circuit(256)
    circuit = gadget.circuit
    rng = random.Random(6)
    witness = circuit.witness({f"m{i}": rng.randrange(2) for i in range(256)})
    circuit.check(witness)
    for wire in rng.sample(range(257, circuit.r1cs.n_wires), 200):
        for value in (rng.randrange(R), 2):
            other = witness.copy()
            other[wire] = to_limbs([value])[0]
            assert engine.first_unsatisfied(circuit.r1cs, other) is not None


def test_a_message_is_bits() -> None:
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit({"x": (Uint, 1)}, lambda cs, x: sha256(cs, [x]))
