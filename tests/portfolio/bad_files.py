"""Bad params and market files: one change each, and what the refusal must say.

Columns: file, path of the change, value put there, a part of the path in the message, a part of the
rule in the message, and whether the published JSON schema refuses it too.
"""

from __future__ import annotations

from typing import Any

from tests.portfolio.files import NOW

Bad = tuple[str, tuple[str | int, ...], Any, str, str, bool]
S0 = ("scenarios", 0)
ETH = ("underlyings", "ETH")
E0 = (*ETH, "expiries", 0)
O0 = (*E0, "options", 0)
USDC = ("collaterals", "USDC")
SKEW = {"shock": "1.1", "vol": "linear", "damping": "1"}
NONE = {"shock": "1.31", "vol": "none", "damping": "1"}
HUGE = "2814749.76710656"  # 2^48 units of 1e-8

PARAMS: list[Bad] = [
    ("params", ("format",), "zkmargin.params/1", "format", "give a zkmargin.portfolio-par", True),
    ("params", ("extra",), "1", "", "not known here", True),
    ("params", ("venue",), "-1", "venue", "negative", True),
    ("params", ("shape", "size_classes"), [], "shape.size_classes", "1 to", True),
    ("params", ("shape", "size_classes"), ["32", "32"], "shape.size_classes", "twice", False),
    ("params", ("shape", "size_classes"), ["33"], "shape.size_classes[0]", "must be", True),
    ("params", ("shape", "lanes"), "33", "shape.lanes", "even", False),
    ("params", ("shape", "lanes"), "42", "shape.lanes", "from 1 to 40", False),
    ("params", ("shape", "lanes"), "32", "scenarios", "need 34 lanes, the shape has 32", False),
    ("params", ("shape", "skews"), "1", "scenarios[31].vol", "1 lanes for skew", False),
    ("params", ("shape", "skews"), "0", "scenarios[31].vol", "0 lanes for skew", False),
    ("params", ("shape", "rows"), "4097", "shape.rows", "from", False),
    ("params", ("shape", "rows"), "1.5", "shape.rows", "whole number", True),
    ("params", ("shape", "sum_bits"), "64", "shape.sum_bits", "from", False),
    ("params", ("shape", "market_underlyings"), "1", "underlyings", "more than 1", False),
    ("params", ("buffers",), ["1"], "buffers", "begin with", False),
    ("params", ("buffers",), ["0", "5", "5"], "buffers", "rise", False),
    ("params", ("assets", "BTC"), "2", "assets.ETH", "same number as BTC", False),
    ("params", ("assets", "BTC"), "0", "assets.BTC", "from 1", False),
    ("params", ("underlyings",), ["ETH", "ETH"], "underlyings[1]", "twice", False),
    ("params", ("underlyings",), ["DOGE"], "underlyings[0]", "not in assets", False),
    ("params", ("underlyings",), [], "underlyings", "must have 1", True),
    (
        "params",
        ("collaterals", "DOGE"),
        {"maintenance_haircut": "0", "initial_haircut": "0"},
        "collaterals.DOGE",
        "not in assets",
        False,
    ),
    ("params", (*USDC, "maintenance_haircut"), "0.98", "collaterals.USDC", "exceed 1", False),
    (
        "params",
        (*USDC, "maintenance_haircut"),
        "1.000000000000000001",
        "collaterals.USDC.maintenance_haircut",
        "from 0 to 1",
        False,
    ),
    (
        "params",
        (*USDC, "maintenance_haircut"),
        "0.1234567890123456789",
        "collaterals.USDC.maintenance_haircut",
        "18 decimals",
        True,
    ),
    ("params", (*USDC, "cancels"), "USDC", "USDC.cancels", "not one of the underlyings", False),
    ("params", ("scenarios",), [], "scenarios", "must have 1", True),
    (
        "params",
        ("scenarios", 1),
        {"shock": "1.18", "vol": "up", "damping": "0.5"},
        "scenarios[1]",
        "same scenario as scenarios[0]",
        False,
    ),
    ("params", (*S0, "shock"), "0", "scenarios[0].shock", "from", False),
    ("params", (*S0, "shock"), "16.000001", "scenarios[0].shock", "from", False),
    ("params", (*S0, "shock"), "1.0449999", "scenarios[0].shock", "6 decimals", True),
    ("params", (*S0, "vol"), "sideways", "scenarios[0].vol", "must be", True),
    ("params", (*S0, "damping"), "1.01", "scenarios[0].damping", "from 0 to 1", False),
    ("params", (*S0, "damping"), "-0.1", "scenarios[0].damping", "negative", True),
    ("params", (*S0, "damping"), 1, "scenarios[0].damping", "bare JSON number", True),
    ("params", ("scenarios", 31), SKEW, "scenarios[31].shock", "has the shock", False),
    ("params", ("loss_factors", "maintenance"), "1.1", "loss_factors", "not exceed", False),
    ("params", ("loss_factors", "initial"), "0.4", "loss_factors.initial", "from 0.5", False),
    ("params", ("vol_shock", "range_up"), "10.1", "vol_shock.range_up", "from", False),
    ("params", ("vol_shock", "dte_floor"), "0", "vol_shock.dte_floor", "from 1", False),
    ("params", ("vol_shock", "dte_floor"), "34560001", "vol_shock.dte_floor", "from", False),
    (
        "params",
        ("static_discount", "long", "base"),
        "2.1",
        "static_discount.long.base",
        "from",
        False,
    ),
    ("params", ("basis", "spot_up"), "1", "basis.spot_up", "from 1.000001", False),
    ("params", ("basis", "spot_down"), "1", "basis.spot_down", "to 0.999999", False),
    ("params", ("basis", "spot_down"), "0", "basis.spot_down", "from", False),
    ("params", ("skew", "min_k_star"), "0", "skew.min_k_star", "from", False),
    ("params", ("skew", "linear_cbase"), "-10.5", "skew.linear_cbase", "from -10", False),
    ("params", ("perpetual", "initial"), "3.1", "perpetual.initial", "from 0 to 3", False),
    ("params", ("confidence", "threshold"), "1.2", "confidence.threshold", "from 0 to 1", False),
    ("params", ("peg", "factor"), "x", "peg.factor", "decimal number", True),
]
MARKET: list[Bad] = [
    ("market", ("format",), "zkmargin.market/1", "format", "give a zkmargin.portfolio-mar", True),
    ("market", ("venue",), "12", "venue", "another venue", False),
    ("market", ("timestamp",), "0", "timestamp", "from 1", False),
    ("market", ("stable",), "0", "stable", "from 0.01", False),
    ("market", (*ETH, "spot"), "0", "underlyings.ETH.spot", "from", False),
    ("market", (*ETH, "spot"), HUGE, "underlyings.ETH.spot", "from", False),
    ("market", (*ETH, "spot"), 3107, "underlyings.ETH.spot", "bare JSON number", True),
    ("market", (*ETH, "confidence"), "1.1", "underlyings.ETH.confidence", "from 0 to 1", False),
    ("market", (*ETH, "perpetual", "price"), "0", "ETH.perpetual.price", "from", False),
    (
        "market",
        (*ETH, "perpetual", "funding_index"),
        "39614081257132168796771975168",
        "ETH.perpetual.funding_index",
        "from",
        True,
    ),
    ("market", (*E0, "expiry"), str(NOW), "underlyings.ETH.expiries[0]", "has expired", False),
    ("market", (*E0, "forward"), "0", "ETH.expiries[0].forward", "from", False),
    ("market", (*E0, "forward_fixed"), "99999", "expiries[0].forward_fixed", "exceed", False),
    ("market", (*E0, "rate"), "-0.01", "expiries[0].rate", "negative", True),
    ("market", (*E0, "rate"), "2.1", "expiries[0].rate", "from 0 to 2", False),
    ("market", (*O0, "vol"), "0", "expiries[0].options[0].vol", "from", False),
    ("market", (*O0, "vol"), "18.000000000000000001", "expiries[0].options[0].vol", "to 18", False),
    ("market", (*O0, "strike"), "0", "expiries[0].options[0].strike", "from", False),
    ("market", (*O0, "call_vol"), "0.5", "expiries[0].options[0]", "either vol", False),
    ("market", O0, {"strike": "3000"}, "expiries[0].options[0]", "either vol", False),
    ("market", O0, {"strike": "3000", "vol": "0.5", "iv": "1"}, "options[0]", "not known", True),
    ("market", (*USDC, "price"), "0", "collaterals.USDC.price", "from", False),
    (
        "market",
        ("collaterals", "DOGE"),
        {"price": "1", "confidence": "1"},
        "collaterals.DOGE",
        "not one of the params'",
        False,
    ),
    (
        "market",
        ("underlyings", "SOL"),
        {"spot": "1", "confidence": "1", "expiries": []},
        "underlyings.SOL",
        "not one of the params'",
        False,
    ),
    (
        "market",
        (*ETH, "expiries"),
        [
            {
                "expiry": "1999999999",
                "forward": "3000",
                "rate": "0",
                "confidence": "1",
                "options": [{"strike": "0.00000001", "vol": "1"}],
            }
        ]
        * 2,
        "underlyings.ETH.expiries[1]",
        "same expiry as expiries[0]",
        False,
    ),
]
