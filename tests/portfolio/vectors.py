"""Cases of the third-party portfolio vectors as the reference model's market, rules and account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from circuits.margin.portfolio.exact import (
    Account,
    ExpiryMarket,
    Held,
    Option,
    UnderlyingMarket,
)
from circuits.margin.portfolio.rules import (
    ABSOLUTE,
    DOWN,
    LINEAR,
    NONE,
    UP,
    BasisRule,
    Rates,
    Rules,
    Scenario,
    SkewRule,
    StaticDiscount,
    Threshold,
    VolShock,
)
from tests.zk.vectors import FOLDER

#: A direction's number in the vectors.
DIRECTIONS = (NONE, UP, DOWN, LINEAR, ABSOLUTE)
Numbers = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Case:
    """One case, and the contract's answer to it."""

    name: str
    market: UnderlyingMarket
    rules: Rules
    account: Account
    held: tuple[tuple[int, int], ...]  # amount and price of each collateral
    expected: Numbers


def load(name: str) -> Any:
    """A vector file of any shape, or a skip with the path that is missing."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no third-party vectors at {path}")
    return json.loads(path.read_text())


def small_cases() -> list[Case]:
    """The 39 cases of upstream's own tests."""
    found = load("portfolio_margin.json")
    return [_case(f"small {c['id']}", c, c["params"], c["expect_evm"]) for c in found]


def large_cases() -> list[Case]:
    """The 24 random portfolios of 16 to 128 options."""
    found = load("portfolio_margin_large.json")
    return [
        _case(f"large {c['id']}", c, found["params"][c["params"]], c["expect"])
        for c in found["cases"]
    ]


def _case(name: str, case: Numbers, params: Numbers, expected: Numbers) -> Case:
    return Case(
        name=name,
        market=market(case["market"]),
        rules=rules(params),
        account=account(case["account"]),
        held=tuple((c["amount"], c["price"]) for c in case["account"]["collaterals"]),
        expected=expected,
    )


def market(m: Numbers) -> UnderlyingMarket:
    expiries = tuple(
        ExpiryMarket(
            seconds=e["sec"],
            forward_fixed=e["forward_fixed"],
            forward_variable=e["forward_variable"],
            rate=e["rate"],
            discount=e["discount"],
            confidence=e["min_confidence"],
        )
        for e in m["expiries"]
    )
    return UnderlyingMarket(
        spot=m["spot"],
        spot_confidence=m["spot_confidence"],
        perp_price=m["perp_price"],
        perp_confidence=m["perp_confidence"],
        stable_price=m["stable_price"],
        expiries=expiries,
    )


def rules(p: Numbers) -> Rules:
    vol, margin, basis = p["vol_shock"], p["margin"], p["basis"]
    other, skew = p["other"], p["skew"]
    return Rules(
        scenarios=tuple(
            Scenario(shock, DIRECTIONS[direction], damping)
            for shock, direction, damping in p["scenarios"]
        ),
        loss_initial=margin["im_loss_factor"],
        loss_maintenance=margin["mm_loss_factor"],
        vol_shock=VolShock(
            range_up=vol["volrangeup"],
            range_down=vol["volrangedown"],
            short_term_power=vol["shorttermpower"],
            long_term_power=vol["longtermpower"],
            min_vol_up=vol["min_vol_eval_shocked"],
            dte_floor=vol["dte_floor_sec"],
        ),
        discount_long=StaticDiscount(
            base=margin["base_static_discount"],
            rate_multiplier=margin["long_rate_multscale"],
            rate_add=margin["long_rate_addscale"],
        ),
        discount_short=StaticDiscount(
            base=margin["base_static_discount_neg"],
            rate_multiplier=margin["short_rate_multscale"],
            rate_add=margin["short_rate_addscale"],
        ),
        basis=BasisRule(
            spot_up=basis["scenario_spot_up"],
            spot_down=basis["scenario_spot_down"],
            add=basis["basis_cont_add_factor"],
            multiplier=basis["basis_cont_mult_factor"],
        ),
        skew=SkewRule(
            linear_base_cap=skew["linear_scale_cap"],
            linear_cbase=skew["linear_cbase"],
            absolute_base_cap=skew["abs_scale_cap"],
            absolute_cbase=skew["abs_cbase"],
            min_k_star=skew["min_k_star"],
            width_scale=skew["min_width_scale"],
            vol_static=skew["vol_param_static"],
            vol_slope=skew["vol_param_scale"],
        ),
        perpetual=Rates(other["mm_perp_percent"], other["im_perp_percent"]),
        option=Rates(other["mm_option_percent"], other["im_option_percent"]),
        confidence=Threshold(other["conf_threshold"], other["conf_margin"]),
        peg=Threshold(other["peg_loss_threshold"], other["peg_loss_factor"]),
    )


def account(a: Numbers) -> Account:
    return Account(
        cash=a["cash"],
        perp_position=a["perp_position"],
        perp_cash=a["perp_unrealised_plus_funding"],
        options=tuple(
            Option(o["sec"], o["strike"], o["is_call"], o["amount"], o["vol"]) for o in a["options"]
        ),
        collaterals=tuple(
            Held(
                c["value"],
                c["confidence"],
                c["mm_haircut"],
                c["im_haircut"],
                c["risk_cancelling"],
            )
            for c in a["collaterals"]
        ),
    )
