"""The epoch: its values beside the plain integers, its tree beside the plain hashes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from circuits.margin.portfolio.black76 import prices
from circuits.margin.portfolio.lanes import lanes
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.rules import UNIT
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.shocks import discount
from circuits.margin.portfolio.table import PortfolioEpoch, hash_many, table_shape
from circuits.margin.portfolio.valuation import option_row, option_rows
from tests.clock import processor_seconds
from tests.portfolio.files import NOW, encoded, market_tree, pair, params_tree
from zk import engine
from zk.errors import InputError
from zk.poseidon import poseidon, poseidon_sponge

EXTREMES = [
    {"strike": "0.00000001", "vol": "0.6"},
    {"strike": "2800000", "vol": "0.6"},
    {"strike": "94000", "vol": "18"},
    {"strike": "94001", "vol": "0.000000000000000001"},
    {"strike": "94213.5", "call_vol": "0.01", "put_vol": "17.999999999999999999"},
    {"strike": "188427", "call_vol": "3"},
    {"strike": "47106", "put_vol": "0.05"},
]


@pytest.fixture(scope="module")
def epoch() -> PortfolioEpoch:
    return PortfolioEpoch.build(*pair(3))


def same_as_the_plain_integers(market: PortfolioMarket, params: PortfolioParams) -> int:
    rows = {row.key: row for row in option_rows(market, params, params.shape)}
    found = lanes(params.rules, params.shape)
    for option in market.options(params):
        right = option_row(option, market.timestamp, params.rules, found)
        assert rows.pop(option.key) == right
        assert right.fault() == ""
    assert not rows
    return len(list(market.options(params)))


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_those_of_the_plain_integers(seed: int) -> None:
    assert same_as_the_plain_integers(*pair(seed, expiries=5, strikes=7)) == 140


@pytest.mark.parametrize("seconds", [1, 60, 86_400, 86_401, 30 * 86_400, 30 * 86_400 + 1, 10**8])
def test_rows_at_the_edges_are_those_of_the_plain_integers(seconds: int) -> None:
    tree = market_tree(Random(seconds), expiries=1, strikes=1)
    (expiry,) = tree["underlyings"]["BTC"]["expiries"]
    expiry |= {"expiry": str(NOW + seconds), "options": EXTREMES, "rate": "1.5"}
    market = PortfolioMarket.parse(encoded(tree))
    same_as_the_plain_integers(market, PortfolioParams.parse(encoded(params_tree())))


def test_rows_under_extreme_rules_are_those_of_the_plain_integers() -> None:
    tree = params_tree()
    tree["vol_shock"] |= {"range_up": "10", "range_down": "10", "short_term_power": "10"}
    tree["skew"] |= {"absolute_base_cap": "9.5", "linear_cbase": "-10", "vol_slope": "20"}
    params = PortfolioParams.parse(encoded(tree))
    market, _ = pair(8, expiries=6, strikes=3)
    same_as_the_plain_integers(market, params)


def test_lane_0_is_black_76_on_the_market(epoch: PortfolioEpoch) -> None:
    market, params = pair(3)
    for option in market.options(params):
        row = epoch.by_key[option.key]
        seconds = option.expiry.expiry - market.timestamp
        factor = discount(option.expiry.rate, seconds)
        forward, strike = option.expiry.forward * 10**10, option.strike * 10**10
        pair_ = prices(seconds, option.vol, forward, strike, factor)
        assert isinstance(row, OptionRow)
        assert abs(row.values[0] * 10**10 - pair_[option.right]) < 51 * 10**8


def test_the_root_is_that_of_the_documented_hashes(epoch: PortfolioEpoch) -> None:
    shape = epoch.shape
    hashes = [poseidon_sponge(row.elements()) for row in epoch.rows]
    assert list(epoch.leaves) == hashes
    cap = [poseidon_sponge(epoch.scenarios.elements())]
    cap += [poseidon_sponge(record.elements()) for record in epoch.underlyings]
    cap += range(len(cap) + 1, 1 + shape.market_underlyings + 1)
    cap += [poseidon_sponge(record.elements()) for record in epoch.expiries]
    cap += range(len(cap) + 1, shape.records + 1)
    for start in range(0, shape.rows, shape.arity):
        children = hashes[start : start + shape.arity]
        padded = [*children, *[0] * (shape.arity - len(children))]
        cap.append(poseidon(padded) if children else len(cap) + 1)
    assert list(epoch.cap) == cap
    assert len(set(cap)) == len(cap) == shape.cap_entries
    assert epoch.tree_root == poseidon_sponge([23, *cap])
    header = [24, epoch.tree_root, pair(3)[1].digest, NOW, 11]
    assert epoch.root == poseidon(header)


def test_every_row_and_record_opens(epoch: PortfolioEpoch) -> None:
    for row in epoch.rows:
        opening = epoch.open(row.key)
        assert opening.row == row
        assert opening.children[opening.position] == poseidon_sponge(row.elements())
        assert poseidon(opening.children) == epoch.cap[opening.node]
        assert opening.node >= epoch.shape.records
    found = [epoch.open_scenarios()]
    indices = [found[0].index]
    assert epoch.cap[0] == poseidon_sponge(found[0].record.elements())
    for u in epoch.underlyings:
        opened = epoch.open_underlying(u.underlying)
        assert opened.record == u
        assert epoch.cap[opened.index] == poseidon_sponge(u.elements())
        indices.append(opened.index)
    for e in epoch.expiries:
        expiry = epoch.open_expiry(e.prefix)
        assert expiry.record == e
        assert epoch.cap[expiry.index] == poseidon_sponge(e.elements())
        indices.append(expiry.index)
    assert len(set(indices)) == len(indices)
    assert max(indices) < epoch.shape.records


def test_what_is_not_listed_does_not_open(epoch: PortfolioEpoch) -> None:
    for opened in (
        lambda: epoch.open(epoch.rows[0].key + 2),
        lambda: epoch.open(0),
        lambda: epoch.open_underlying(3),
        lambda: epoch.open_expiry(epoch.expiries[0].prefix + 1),
    ):
        with pytest.raises(InputError, match=r"epoch (has no row|does not list)"):
            opened()


def test_the_root_binds_every_part(epoch: PortfolioEpoch) -> None:
    row = epoch.rows[5]
    assert isinstance(row, OptionRow)
    changed = [
        replace(epoch, timestamp=NOW + 1),
        replace(epoch, venue=12),
        replace(epoch, params_digest=epoch.params_digest + 1),
        replace(epoch, rows=epoch.rows[:-1]),
        replace(epoch, expiries=epoch.expiries[1:]),
        replace(epoch, underlyings=epoch.underlyings[:1]),
        replace(epoch, rows=(*epoch.rows[:5], row._replace(vega=row.vega + 1), *epoch.rows[6:])),
        *(
            replace(
                epoch,
                rows=(
                    *epoch.rows[:5],
                    row._replace(values=(*row.values[:i], row.values[i] + 1, *row.values[i + 1 :])),
                    *epoch.rows[6:],
                ),
            )
            for i in range(34)
        ),
    ]
    roots = {epoch.root, *(other.root for other in changed)}
    assert len(roots) == len(changed) + 1


def test_all_size_classes_share_one_epoch(epoch: PortfolioEpoch) -> None:
    market, params = pair(3)
    for options in params.size_classes:
        assert PortfolioEpoch.build(market, params, params.shape_for(options)) == epoch
    assert table_shape(PortfolioShape(128, expiries=3)) == table_shape(PortfolioShape(8))


def test_an_epoch_out_of_order_or_out_of_range_is_none(epoch: PortfolioEpoch) -> None:
    row = epoch.rows[1]
    assert isinstance(row, OptionRow)
    for change, rule in (
        ({"rows": epoch.rows[::-1]}, "rows: must be sorted"),
        ({"rows": epoch.rows[:1] * 2}, "rows: must be sorted"),
        ({"expiries": epoch.expiries[::-1]}, "expiries: must be sorted"),
        ({"underlyings": epoch.underlyings[::-1]}, "underlyings: must be sorted"),
        ({"rows": (row._replace(vega=2**48),)}, r"rows\[0\]: vega is wider"),
        ({"rows": (row._replace(values=row.values[:32]),)}, "has 32 lanes, the shape 34"),
        ({"shape": replace(epoch.shape, lanes=32)}, "must have 32 lanes"),
        ({"shape": replace(epoch.shape, rows=97)}, "at most 97 fit"),
    ):
        with pytest.raises(InputError, match=rule):
            replace(epoch, **change)


def test_an_option_worth_more_than_a_lane_holds_is_named() -> None:
    tree = market_tree(Random(1), expiries=1, strikes=1)
    eth = tree["underlyings"]["ETH"]
    eth["expiries"][0] |= {"forward": "2000000", "forward_fixed": "0"}
    params = PortfolioParams.parse(encoded(params_tree()))
    market = PortfolioMarket.parse(encoded(tree), "market.json")
    with pytest.raises(InputError, match=r"ETH: ETH-20NOV26-3107-C is worth more than 2\^48"):
        PortfolioEpoch.build(market, params)
    tree = params_tree()
    tree["scenarios"][0]["shock"] = "16"
    with pytest.raises(InputError, match=r"ETH-20NOV26: a shocked forward is over 18 million"):
        PortfolioEpoch.build(market, PortfolioParams.parse(encoded(tree)))


def test_a_venue_with_collaterals_only_or_an_expiry_without_options() -> None:
    tree = market_tree(Random(1), expiries=1, strikes=0)
    tree["underlyings"]["BTC"]["expiries"] = []
    params = PortfolioParams.parse(encoded(params_tree()))
    found = PortfolioEpoch.build(PortfolioMarket.parse(encoded(tree)), params)
    assert (len(found.rows), len(found.expiries), len(found.underlyings)) == (2, 1, 2)
    assert found.root > 0


def test_many_hashes_are_the_sponge_of_each() -> None:
    rng = Random(4)
    lists = [[rng.getrandbits(250) for _ in range(rng.choice((1, 5, 16, 17, 35)))] for _ in "abcde"]
    assert hash_many(lists) == [poseidon_sponge(values) for values in lists]
    assert hash_many([]) == []


def test_keys_of_a_strike_are_neighbours(epoch: PortfolioEpoch) -> None:
    keys = [row.key for row in epoch.rows[:-2]]
    assert all(b - a == 1 for a, b in list(pairwise(keys))[::2])
    assert UNIT == 10**18


@pytest.mark.slow
def test_2000_options_in_34_lanes_in_half_a_second_and_their_root_in_two() -> None:
    """On two processors, whose time is counted together."""
    engine.set_threads(2)
    market, params = pair(1, expiries=20, strikes=25, rows=2048, market_expiries=40)
    valued = processor_seconds(lambda: list(option_rows(market, params, params.shape)), runs=5)
    rooted = processor_seconds(lambda: PortfolioEpoch.build(market, params).root, runs=5)
    engine.set_threads(0)
    assert len(list(option_rows(market, params, params.shape))) >= 2000
    assert valued < 2 * 0.5
    assert rooted < 2 * 2
