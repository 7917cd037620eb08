"""A third-party case as a venue's files: params, market and legs of one account, to 1e-8.

The vectors' numbers have unit 1e-18. What a file holds with fewer places is cut here (quantities,
prices, strikes toward zero) or rounded (spot shocks), so the answer belongs to the quantised book;
the 24 large cases are multiples of 1e-8 already and lose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.margin.decimals import format_decimal
from circuits.margin.portfolio.exact import Option
from circuits.margin.portfolio.exact_market import Legs, OptionLeg
from circuits.margin.portfolio.market import CALL, MAX_VOL, PUT, PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.rules import PLACES, UNIT, StaticDiscount
from tests.portfolio.files import NOW, Document, encoded, params_tree
from tests.portfolio.vectors import Case

#: The case's underlying, and the name of its n-th collateral.
NAME = "ETH"
_FINER = 10**10
_SHOCK = 10**12


@dataclass(frozen=True, repr=False)
class Files:
    """The case as a venue has it."""

    market: PortfolioMarket
    params: PortfolioParams
    legs: Legs


def representable(case: Case) -> bool:
    """Whether a file can hold it: nothing expired, no volatility over the cap, no damping over 1.

    The contract takes a damping of any size, and six of its small cases have 2 to 5; an epoch's
    record has room for at most 1.
    """
    return all(o.seconds > 0 and o.vol <= MAX_VOL for o in case.account.options) and all(
        scenario.damping <= UNIT for scenario in case.rules.scenarios
    )


def files(case: Case, **shape: int) -> Files:
    """The case's files; other sizes of the shape on request."""
    sizes = {"market_underlyings": 1, "market_expiries": 8, "rows": 512, **shape}
    params = PortfolioParams.parse(encoded(_params(case, sizes)), "params.json")
    market = PortfolioMarket.parse(encoded(_market(case)), "market.json")
    return Files(market, params, _legs(case))


def cut(value: int) -> int:
    """From 1e-18 to 1e-8, toward zero."""
    return value // _FINER if value >= 0 else -(-value // _FINER)


def _exact(value: int) -> str:
    return format_decimal(value, PLACES)


def _price(value: int) -> str:
    return format_decimal(cut(value), 8)


def _shock(value: int) -> str:
    return format_decimal((value + _SHOCK // 2) // _SHOCK, 6)


def _discount(rule: StaticDiscount) -> Document:
    return {
        "base": _exact(rule.base),
        "rate_multiplier": _exact(rule.rate_multiplier),
        "rate_add": _exact(rule.rate_add),
    }


def _params(case: Case, sizes: dict[str, int]) -> Document:
    rules = case.rules
    tree = params_tree(**sizes)
    tree["assets"] = {NAME: "2"} | {n: str(i + 10) for i, n in enumerate(_collaterals(case))}
    tree["underlyings"] = [NAME]
    tree["shape"]["size_classes"] = ["128"]
    tree["collaterals"] = {
        name: {
            "maintenance_haircut": _exact(held.mm_haircut),
            "initial_haircut": _exact(held.im_haircut),
            **({"cancels": NAME} if held.risk_cancelling else {}),
        }
        for name, held in zip(_collaterals(case), case.account.collaterals, strict=True)
    }
    tree["scenarios"] = [
        {"shock": _shock(s.shock), "vol": s.vol, "damping": _exact(s.damping)}
        for s in rules.scenarios
    ]
    tree["loss_factors"] = {
        "initial": _exact(rules.loss_initial),
        "maintenance": _exact(rules.loss_maintenance),
    }
    vol = rules.vol_shock
    tree["vol_shock"] = {name: _exact(value) for name, value in vars(vol).items()}
    tree["vol_shock"]["dte_floor"] = str(vol.dte_floor)
    tree["static_discount"] = {
        "long": _discount(rules.discount_long),
        "short": _discount(rules.discount_short),
    }
    tree["basis"] = {
        "spot_up": _shock(rules.basis.spot_up),
        "spot_down": _shock(rules.basis.spot_down),
        "add": _exact(rules.basis.add),
        "multiplier": _exact(rules.basis.multiplier),
    }
    tree["skew"] = {name: _exact(value) for name, value in vars(rules.skew).items()}
    tree["perpetual"] = {name: _exact(value) for name, value in vars(rules.perpetual).items()}
    tree["option"] = {name: _exact(value) for name, value in vars(rules.option).items()}
    tree["confidence"] = {
        "threshold": _exact(rules.confidence.at),
        "margin": _exact(rules.confidence.factor),
    }
    tree["peg"] = {"threshold": _exact(rules.peg.at), "factor": _exact(rules.peg.factor)}
    return tree


def _collaterals(case: Case) -> list[str]:
    return [f"C{i}" for i in range(len(case.account.collaterals))]


def _market(case: Case) -> Document:
    market = case.market
    entry: Document = {
        "spot": _price(market.spot),
        "confidence": _exact(market.spot_confidence),
        "expiries": [
            {
                "expiry": str(NOW + expiry.seconds),
                "forward": format_decimal(
                    cut(expiry.forward_variable) + cut(expiry.forward_fixed), 8
                ),
                "forward_fixed": _price(expiry.forward_fixed),
                "rate": _exact(expiry.rate),
                "confidence": _exact(expiry.confidence),
                "options": _strikes(
                    [o for o in case.account.options if o.seconds == expiry.seconds]
                ),
            }
            for expiry in market.expiries
        ],
    }
    if case.account.perp_position:
        entry["perpetual"] = {
            "price": _price(market.perp_price),
            "confidence": _exact(market.perp_confidence),
            "funding_index": "0",
        }
    return {
        "format": "zkmargin.portfolio-market/1",
        "venue": "11",
        "timestamp": str(NOW),
        "stable": _exact(market.stable_price),
        "underlyings": {NAME: entry},
        "collaterals": {
            name: {"price": _price(price), "confidence": _exact(held.confidence)}
            for name, (_, price), held in zip(
                _collaterals(case), case.held, case.account.collaterals, strict=True
            )
        },
    }


def _strikes(options: list[Option]) -> list[Document]:
    found: dict[int, Document] = {}
    for option in options:
        entry = found.setdefault(option.strike, {"strike": _price(option.strike)})
        entry["call_vol" if option.is_call else "put_vol"] = _exact(option.vol)
    return list(found.values())


def _legs(case: Case) -> Legs:
    """The account. Our perpetual is worth quantity * price, so cash is less by that."""
    account = case.account
    price, quantity = cut(case.market.perp_price), cut(account.perp_position)
    cash = account.cash + account.perp_cash - quantity * price * 100
    return Legs(
        cash=cut(cash),
        perpetual=quantity,
        options=tuple(
            OptionLeg(
                NOW + option.seconds,
                cut(option.strike),
                CALL if option.is_call else PUT,
                cut(option.amount),
            )
            for option in account.options
        ),
        collaterals=tuple(
            (name, cut(amount))
            for name, (amount, _) in zip(_collaterals(case), case.held, strict=True)
        ),
    )
