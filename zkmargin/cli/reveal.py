"""`--reveal`: an account's margin term by term, for its owner's own screen.

The one place of the command line that prints an account's numbers, and only when asked to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from circuits.margin.account import Account
from circuits.margin.constants import BUFFER_SCALE, MODES, NOTIONAL_PLACES
from circuits.margin.decimals import format_decimal
from circuits.margin.model import Breakdown, CollateralLine, PositionLine, amount, explain
from circuits.margin.params import RiskParams
from circuits.margin.statement import Claim, LiquidationClaim
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.reveal import reveal
from zk.errors import InputError
from zk.field import Limbs
from zkmargin.cli.output import extra

if TYPE_CHECKING:
    from zkmargin.models import AnyAccount, AnyClaim

_CENT_PLACES = 20  # an amount at 1e-22 cut to hundredths, for people


def reveal_account(account: AnyAccount, claim: AnyClaim) -> None:
    """Print equity, requirement, what binds, and the distance from the line."""
    if not isinstance(account, Account) and not isinstance(claim, Claim | LiquidationClaim):
        from zkmargin.cli.terms import claim_terms

        words, found = claim_terms(account, claim)
        extra(words, revealed=found)
        return
    if not isinstance(account, Account) or not isinstance(claim, Claim | LiquidationClaim):
        raise InputError("is an account of another margin model than the params", file=account.file)
    mode = claim.mode if isinstance(claim, Claim) else "MM"
    buffer = claim.buffer if isinstance(claim, Claim) else 0
    terms = explain(account, claim.market, claim.params, MODES[mode])
    words, found = linear_terms(terms, claim.params, mode, buffer)
    extra(words, revealed=found)


def linear_terms(
    terms: Breakdown, params: RiskParams, mode: str, buffer: int
) -> tuple[str, dict[str, Any]]:
    """Margin of the linear model in words for people, and in fields for programs."""
    words = "\n".join(_words(terms, params, mode, buffer))
    return words, _fields(terms, params, mode, buffer)


def reveal_row(circuit: CompiledCircuit, witness: Limbs, row: int) -> None:
    """Print the constraint that fails, and the values of the signals in it."""
    found = reveal(circuit, witness, row)
    extra("\n".join(["", *found.lines()]), revealed_constraint=found.fields())


def _words(terms: Breakdown, params: RiskParams, mode: str, buffer: int) -> list[str]:
    rows: list[tuple[str, ...]] = [("", "value", "funding", f"{mode} requirement", "tier")]
    rows += [
        (
            f"{params.name_of(line.position.key)} {'long' if line.value > 0 else 'short'}",
            _cents(line.value),
            _cents(line.funding),
            _cents(line.requirement),
            str(line.tier + 1),
        )
        for line in terms.positions
    ]
    rows += [
        (
            f"{params.name_of(line.holding.key)} collateral",
            _cents(line.value),
            "",
            f"counts {_cents(line.counted)}",
            str(line.tier + 1),
        )
        for line in terms.collaterals
    ]
    binding = terms.binding()
    distance = terms.distance(buffer)
    side = "above" if distance >= 0 else "below"
    totals = [
        ("cash", _cents(terms.cash)),
        ("equity", _cents(terms.equity)),
        (f"{mode} requirement", _cents(terms.requirement)),
        ("margin", _cents(terms.margin)),
        ("buffer", str(buffer)),
        (f"{side} the line by", _cents(abs(distance))),
    ]
    if binding is not None:
        name = params.name_of(binding.position.key)
        share = 100 * binding.requirement / terms.requirement if terms.requirement else 0
        totals.append(
            ("binding", f"{name}, tier {binding.tier + 1}: {share:.0f} % of the requirement")
        )
    return [*_aligned(rows), "", *(f"{name:<18} {value}" for name, value in totals)]


def _fields(terms: Breakdown, params: RiskParams, mode: str, buffer: int) -> dict[str, Any]:
    binding = terms.binding()
    return {
        "mode": mode,
        "quote": params.quote,
        "cash": amount(terms.cash),
        "equity": amount(terms.equity),
        "requirement": amount(terms.requirement),
        "margin": amount(terms.margin),
        "buffer": amount(buffer * BUFFER_SCALE),
        "distance": amount(terms.distance(buffer)),
        "binding": None if binding is None else params.name_of(binding.position.key),
        "positions": [_position(line, params) for line in terms.positions],
        "collateral": [_collateral(line, params) for line in terms.collaterals],
    }


def _position(line: PositionLine, params: RiskParams) -> dict[str, Any]:
    return {
        "instrument": params.name_of(line.position.key),
        "notional": format_decimal(line.notional, NOTIONAL_PLACES),
        "value": amount(line.value),
        "funding": amount(line.funding),
        "requirement": amount(line.requirement),
        "tier": line.tier + 1,
    }


def _collateral(line: CollateralLine, params: RiskParams) -> dict[str, Any]:
    return {
        "asset": params.name_of(line.holding.key),
        "value": amount(line.value),
        "counted": amount(line.counted),
        "tier": line.tier + 1,
    }


def _cents(value: int) -> str:
    """An amount at 1e-22, floored to hundredths, with thousands apart."""
    hundredths = value // 10**_CENT_PLACES
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{rest:02}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
