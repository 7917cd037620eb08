"""Decimal strings to exact integers and back: the only way a number enters from a file.

Grammar, after RFC 8259's numbers without exponents: an optional minus, digits without a leading
zero, an optional point followed by digits. No plus, no spaces, no exponent, no negative zero; a
binary float never stands between the text and the integer.

The text may be secret, so no message repeats it: a message names the rule that was broken.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from zk.errors import InputError

Rounding = Literal["exact", "up", "down"]

#: Longer than any number a file may hold; refused before anything looks at the digits.
MAX_LENGTH: Final = 80

_GRAMMAR: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)


def parse_decimal(text: str, places: int, *, rounding: Rounding = "exact") -> int:
    """The integer v with text = v / 10^places.

    `up` rounds toward plus infinity, `down` toward minus infinity; `exact` refuses further digits.
    """
    if len(text) > MAX_LENGTH or not _GRAMMAR.fullmatch(text):
        raise InputError(_broken_rule(text, places))
    whole, _, fraction = text.partition(".")
    if rounding == "exact" and len(fraction) > places:
        raise InputError(_too_fine(places))
    negative = whole.startswith("-")
    digits = int(whole.lstrip("-") + fraction[:places].ljust(places, "0"))
    rest = fraction[places:].strip("0") != ""  # something was cut off
    if negative and digits == 0 and not rest:
        raise InputError("must not be negative zero: write 0")
    # Cutting digits off rounds toward zero; one more unit where that is the wrong direction.
    if rest and (rounding == "up") != negative:
        digits += 1
    return -digits if negative else digits


def format_decimal(value: int, places: int) -> str:
    """value / 10^places as the shortest decimal string; `parse_decimal` gives value back."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), 10**places)
    digits = str(fraction).zfill(places).rstrip("0") if places else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def decimal_pattern(whole: int, places: int, *, signed: bool) -> str:
    """The grammar as a regular expression for a JSON schema (ECMA 262 and Python read it alike)."""
    sign = r"(?!-0(\.0*)?$)-?" if signed else ""
    more = rf"[1-9][0-9]{{0,{whole - 1}}}"
    fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
    # Python's `$` also matches before a final newline; the lookahead takes that back.
    return rf"^{sign}(0|{more}){fraction}$(?!\n)"


def _too_fine(places: int) -> str:
    if places == 0:
        return "must be a whole number, without a point"
    return f"has more than {places} decimals: round it to {places}"


def _broken_rule(text: str, places: int) -> str:
    """Why a text is not in the grammar, without a character of it."""
    if len(text) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if text == "":
        return "is empty: write a decimal number"
    if text != text.strip():
        return "has spaces around it: remove them"
    if text.startswith("+"):
        return "has a plus sign: remove it"
    if re.search(r"[0-9][eE]", text):
        return "is written with an exponent: write all its digits"
    if re.fullmatch(r"-?0[0-9]+(\.[0-9]*)?", text):
        return "has leading zeros: remove them"
    if re.fullmatch(r"-?[0-9]+\.|-?\.[0-9]+", text):
        return "needs digits on both sides of the point"
    if re.search(r"[,_]", text):
        return "has separators: write digits and at most one point"
    kind = "whole number" if places == 0 else "decimal number"
    return f"must be a {kind} such as {'12' if places == 0 else '12.5'}"
