"""The arithmetic core of a generated contract: Yul text over fixed memory, one key's points inside.

Source: EIP-196, EIP-197 (layouts of the precompiles 6, 7 and 8), EIP-150 (gas that a call can hand
on). Notation as in verifier/verify.py. The core asks whether

    e(A, B) e(vk_x, -gamma) e(C, -delta) e(alpha, -beta) = 1

so that A, B and C go from calldata to the precompile untouched, and only constants are negated.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from zk.field import Limbs, Q, coordinates_from_limbs
from zk.groth16 import VerifyingKey
from zk.keccak import selector

PUBLICS_AT = (
    4 + 8 * 32
)  # where the public inputs begin in the calldata: selector, eight words of proof

_At = Callable[[int], str]  # an offset into the buffer -> the expression of its address

# The buffer: 24 words, the pairing's four pairs of a G1 and a G2 point, the proof as it lies in
# calldata.
#   0x000 A  0x040 B   0x0c0 C  0x100 -delta   0x180 alpha  0x1c0 -beta   0x240 vk_x  0x280 -gamma
# vk_x is summed where it stands; the term being added lies after it, where -gamma goes last.
_MINUS_DELTA, _ALPHA, _MINUS_BETA, _VK_X, _MINUS_GAMMA = 0x100, 0x180, 0x1C0, 0x240, 0x280
_TERM, _SCALAR = 0x280, 0x2C0


def unrolled_core(vk: VerifyingKey) -> dict[str, str]:
    """Every input's code after the other's; memory from 0x80, Solidity's first free byte."""
    base = 0x80

    def at(offset: int) -> str:
        return f"0x{base + offset:x}"

    lines = []
    for i in range(vk.n_public):
        x, y = _words_g1(vk.ic[i + 1])
        lines += [
            f"// + publics[{i}] IC[{i + 1}]",
            f"mstore({at(_TERM)}, {x})",
            f"mstore({at(_TERM + 0x20)}, {y})",
            *_accumulate(at, f"0x{PUBLICS_AT + 32 * i:x}", first=i == 0),
        ]
    return {"constants": "", "table": "", "core": _core(vk, at, [], lines)}


def table_core(vk: VerifyingKey) -> dict[str, str]:
    """A loop over IC[1 ..], a literal that Solidity puts into memory; the buffer comes after it."""
    n = vk.n_public
    table = "".join(word[2:] for point in vk.ic[1:] for word in _words_g1(point))
    rows = "\n".join(f'        hex"{table[i : i + 128]}"' for i in range(0, len(table), 128))

    def at(offset: int) -> str:
        return f"add(base, 0x{offset:x})" if offset else "base"

    lines = [
        "// + publics[i] IC[i + 1] for every i; `point` walks the table, 64 bytes a step",
        "let point := add(table, 0x20)",
        f"let end := 0x{PUBLICS_AT + 32 * n:x}",
        f"for {{ let at := 0x{PUBLICS_AT:x} }} lt(at, end) {{ at := add(at, 0x20) }} {{",
        f"    mstore({at(_TERM)}, mload(point))",
        f"    mstore({at(_TERM + 0x20)}, mload(add(point, 0x20)))",
        *("    " + line for line in _accumulate(at, "at")),
        "    point := add(point, 0x40)",
        "}",
    ]
    return {
        "constants": f"\n    // IC[1] .. IC[{n}], 64 bytes each.\n"
        f"    bytes private constant IC =\n{rows};\n",
        "table": "        bytes memory table = IC;\n",
        "core": _core(vk, at, ["let base := mload(0x40)", "let sound := 1"], lines),
    }


def _accumulate(at: _At, source: str, *, first: bool = False) -> list[str]:
    """vk_x += x * term, x the public input at `source`; the product replaces the term.

    A precompile that fails returns no data, so the size of what it returned says all there is to
    know. `first` declares `sound`.
    """
    product = "let sound := " if first else "sound := and(sound, "
    return [
        "{",
        f"    let x := calldataload({source})",
        "    fine := and(fine, lt(x, R))",
        f"    mstore({at(_SCALAR)}, x)",
        "}",
        f"pop(staticcall(gasCap, 7, {at(_TERM)}, 0x60, {at(_TERM)}, 0x40))",
        f"{product}eq(returndatasize(), 0x40){'' if first else ')'}",
        f"pop(staticcall(gasCap, 6, {at(_VK_X)}, 0x80, {at(_VK_X)}, 0x40))",
        "sound := and(sound, eq(returndatasize(), 0x40))",
    ]


def _core(vk: VerifyingKey, at: _At, prologue: list[str], sum_lines: list[str]) -> str:
    """The assembly block's text, without its braces."""
    ic_0 = _words_g1(vk.ic[0])
    constants = [
        (_MINUS_DELTA, _words_g2(vk.delta2, negate=True)),
        (_ALPHA, _words_g1(vk.alpha1)),
        (_MINUS_BETA, _words_g2(vk.beta2, negate=True)),
        (_MINUS_GAMMA, _words_g2(vk.gamma2, negate=True)),
    ]
    lines = [
        *prologue,
        "// fine: what was passed is canonical. sound: the precompiles answered.",
        "let fine := eq(calldatasize(), LENGTH)",
        "// vk_x = IC[0]",
        f"mstore({at(_VK_X)}, {ic_0[0]})",
        f"mstore({at(_VK_X + 0x20)}, {ic_0[1]})",
        *sum_lines,
        "// A, B, C, then the key's own points.",
        f"calldatacopy({at(0)}, 0x04, 0x100)",
        *(
            f"mstore({at(offset + 32 * i)}, {word})"
            for offset, words in constants
            for i, word in enumerate(words)
        ),
        "// No point of either group has x = 0 but the one at infinity: it would have order 3.",
        "fine := and(fine, gt(calldataload(0x04), 0))",
        "fine := and(fine, gt(or(calldataload(0x44), calldataload(0x64)), 0))",
        "fine := and(fine, gt(calldataload(0xc4), 0))",
        "// Gas only falls, so what is enough for the last call was enough for each before it:",
        "// this one check stands for all, and comes before anything is concluded from a call.",
        "if lt(gas(), gasNeeded) {",
        f"    mstore(0, {_error('NotEnoughGas()')})",
        "    revert(0, 4)",
        "}",
        "// Refuses, by failing, a coordinate that is not below Q, and a point that is off its",
        "// curve or out of the subgroup (EIP-197).",
        f"let paired := staticcall(gasCap, 8, {at(0)}, 0x300, 0, 0x20)",
        "let answered := eq(returndatasize(), 0x20)",
        "if and(and(fine, sound), and(and(answered, paired), eq(mload(0), 1))) {",
        "    return(0, 0x20)",
        "}",
        "// The key's points are on the curve and any number may multiply them: when a sum failed,",
        "// or the pairing did not fail and gave no word either, the chain is to blame.",
        "if iszero(and(sound, or(answered, iszero(paired)))) {",
        f"    mstore(0, {_error('PrecompileUnavailable()')})",
        "    revert(0, 4)",
        "}",
        "malformed := iszero(paired)",
    ]
    return "\n".join(" " * 12 + line for line in lines)


def _words_g1(point: Limbs) -> list[str]:
    return [f"0x{c:064x}" for c in coordinates_from_limbs(point)]


def _words_g2(point: Limbs, *, negate: bool = False) -> list[str]:
    """x.c1, x.c0, y.c1, y.c0: EIP-197 puts the imaginary part first."""
    x0, x1, y0, y1 = coordinates_from_limbs(point)
    if negate:
        y0, y1 = -y0 % Q, -y1 % Q
    return [f"0x{c:064x}" for c in (x1, x0, y1, y0)]


def _error(signature: str) -> str:
    """A custom error's selector at the front of a word, with its name beside it."""
    return f"0x{selector(signature).hex()}{'0' * 56} /* {signature} */"


def template(name: str) -> str:
    """The text of one of verifier/templates."""
    return files("verifier").joinpath("templates", name).read_text(encoding="utf-8")
