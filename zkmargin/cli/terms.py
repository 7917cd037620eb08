"""A portfolio account's margin in words and in fields: every scenario, what binds, IM and MM.

For the owner's own screen, by `margin` and `--reveal` alone. Words are floored to hundredths,
fields exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from circuits.margin.constants import CASH_PLACES
from circuits.margin.decimals import format_decimal
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.constants import FACTOR_PLACES, MARGIN_PLACES
from circuits.margin.portfolio.explain import (
    BASIS,
    Contingencies,
    Terms,
    UnderlyingTerms,
    amount,
    explain_portfolio,
)
from circuits.margin.portfolio.exposure import EXPOSURE_PLACES
from circuits.margin.portfolio.rules import PLACES
from circuits.margin.portfolio.statement import GreekClaim, PortfolioClaim
from zk.errors import InputError

if TYPE_CHECKING:
    from zkmargin.models import AnyPortfolioClaim

Row = tuple[str, str, str]

_CENT_UNIT = 10 ** (MARGIN_PLACES - 2)
_MODES = ("IM", "MM")


def terms_of(account: PortfolioAccount, claim: AnyPortfolioClaim) -> Terms:
    """The account's terms in the claim's market; errors name the account's file."""
    try:
        return explain_portfolio(account.book(claim.params), claim.epoch, claim.params)
    except InputError as error:
        raise (error if error.file else error.in_file(account.file)) from None


def claim_terms(account: PortfolioAccount, claim: AnyPortfolioClaim) -> tuple[str, dict[str, Any]]:
    """The terms, and how far a claim is from its line; of Greek limits delta and vega alone."""
    if isinstance(claim, GreekClaim):
        return _greek_terms(account, claim)
    terms = terms_of(account, claim)
    words, found = words_of(terms), fields_of(terms, claim.params.quote)
    if isinstance(claim, PortfolioClaim):
        distance = terms.distance(claim.mode, claim.buffer)
    else:
        distance = -(terms.margin["MM"] + terms.charge["MM"])
    side = "above" if distance >= 0 else "below"
    return (
        "\n".join([*words, f"{side} the line by {cents(abs(distance))}"]),
        found | {"distance": amount(distance)},
    )


def _greek_terms(account: PortfolioAccount, claim: GreekClaim) -> tuple[str, dict[str, Any]]:
    """Net delta and vega of each underlying beside the limits."""
    try:
        found = claim.exposures(account.book(claim.params))
    except InputError as error:
        raise (error if error.file else error.in_file(account.file)) from None
    rows: list[Row] = [("", "net delta", "net vega")]
    fields = []
    for each in found:
        name = claim.params.asset(each.underlying)
        delta, vega = (format_decimal(v, EXPOSURE_PLACES) for v in (each.delta, each.vega))
        within = claim.limit.holds(each)
        rows.append((name if within else f"{name}: outside", delta, vega))
        fields.append({"underlying": name, "delta": delta, "vega": vega, "within": within})
    rows.append(("limit", str(claim.limit.delta), str(claim.limit.vega)))
    return "\n".join(_aligned(rows)), {"exposures": fields}


def words_of(terms: Terms) -> list[str]:
    """Lines for people."""
    rows: list[Row] = [
        ("cash", cents(terms.cash), ""),
        ("all legs at their marks", cents(terms.value), ""),
        ("mark to market", cents(terms.mark_to_market), ""),
    ]
    for part in terms.underlyings:
        rows += [("", "", ""), (f"{part.name}: PnL by scenario", "", "")]
        rows += [(f"  {s}", cents(pnl), _binds(part, str(s))) for s, pnl in part.scenarios]
        rows.append((f"  {BASIS}", cents(part.basis), _binds(part, BASIS)))
    rows += [("", "", ""), ("", *_MODES)]
    for part in terms.underlyings:
        rows.append((f"{part.name}: worst, times loss factor", *_both(part.at_risk)))
        for what, words in (
            ("perpetual", "contingency of the perpetual"),
            ("options", "contingency of naked shorts"),
            ("confidence", "contingency of confidences"),
        ):
            costs = {mode: -getattr(found, what) for mode, found in part.contingencies.items()}
            rows.append((f"{part.name}: {words}", *_both(costs.__getitem__)))
    rows.append(("collateral haircuts", *_both(lambda mode: -terms.haircut[mode])))
    rows.append(("margin", *_both(terms.margin.__getitem__)))
    charges = _fine(terms.charge["IM"]), _fine(terms.charge["MM"])
    rows.append(("charge for the table's last digits", *charges))
    rows.append(("provable: margin less charge", *_both(terms.distance)))
    return _aligned(rows)


def fields_of(terms: Terms, quote: str) -> dict[str, Any]:
    """The same for programs, every amount as an exact decimal string."""
    return {
        "quote": quote,
        "cash": amount(terms.cash),
        "value": amount(terms.value),
        "mark_to_market": amount(terms.mark_to_market),
        "underlyings": [_underlying(part) for part in terms.underlyings],
        **{mode: _mode(terms, mode) for mode in _MODES},
        "liquidatable": terms.is_liquidatable,
    }


def cents(value: int) -> str:
    """An amount at 1e-43, floored to hundredths, with thousands apart."""
    hundredths = value // _CENT_UNIT
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{rest:02}"


def _underlying(part: UnderlyingTerms) -> dict[str, Any]:
    return {
        "underlying": part.name,
        "scenarios": [
            {
                "shock": format_decimal(scenario.shock, PLACES),
                "vol": scenario.vol,
                "damping": format_decimal(scenario.damping, PLACES),
                "pnl": amount(pnl),
            }
            for scenario, pnl in part.scenarios
        ],
        "basis": amount(part.basis),
        "worst": amount(part.worst),
        "binds": part.binds,
        **{
            mode: {
                "loss_factor": format_decimal(part.factor[mode], FACTOR_PLACES),
                "at_risk": amount(part.at_risk(mode)),
                "contingencies": _contingencies(part.contingencies[mode]),
            }
            for mode in _MODES
        },
    }


def _mode(terms: Terms, mode: str) -> dict[str, Any]:
    return {
        "collateral_haircut": amount(terms.haircut[mode]),
        "margin": amount(terms.margin[mode]),
        "charge": amount(terms.charge[mode]),
        "provable": amount(terms.distance(mode)),
        "meets": terms.distance(mode) >= 0,
    }


def _contingencies(found: Contingencies) -> dict[str, str]:
    return {name: amount(value) for name, value in vars(found).items()}


def _binds(part: UnderlyingTerms, name: str) -> str:
    return "binds" if name == part.binds else ""


def _both(value: Any) -> tuple[str, str]:
    return cents(value("IM")), cents(value("MM"))


def _fine(value: int) -> str:
    """A charge, which is far below a cent: rounded up to 1e-8."""
    return format_decimal(-(-value // 10 ** (MARGIN_PLACES - CASH_PLACES)), CASH_PLACES)


def _aligned(rows: list[Row]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return [
        f"{name:<{widths[0]}}  {first:>{widths[1]}}  {second:>{widths[2]}}".rstrip()
        for name, first, second in rows
    ]
