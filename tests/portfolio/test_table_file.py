"""The published table: it reads back, and every alteration is found and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from circuits.margin.decimals import format_decimal, parse_decimal
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.table import PortfolioEpoch, hash_many
from circuits.margin.portfolio.table_check import check
from circuits.margin.portfolio.table_file import PublishedTable, encode, save
from tests.portfolio.files import encoded, pair, params_tree
from zk.errors import ArtifactError, DigestMismatch, InputError, ZkError
from zk.field import R

ROW = 13
NAME = "BTC-21NOV26-88561-P"


@pytest.fixture(scope="module")
def market() -> PortfolioMarket:
    return pair(3)[0]


@pytest.fixture(scope="module")
def params() -> PortfolioParams:
    return pair(3)[1]


@pytest.fixture(scope="module")
def data(market: PortfolioMarket, params: PortfolioParams) -> bytes:
    return encode(PortfolioEpoch.build(market, params))


def problems(tree: Any, market: PortfolioMarket, params: PortfolioParams) -> list[str]:
    return [str(finding) for finding in check(table(tree), market, params)]


def table(tree: Any) -> PublishedTable:
    return PublishedTable.parse(encoded(tree), "epoch.json")


def resealed(tree: Any) -> Any:
    """The tree with hashes and root made to fit again, as one who publishes a lie would."""
    found = table(tree)
    entries = [entry for _, entry in found.entries()]
    parts = [tree["scenarios"], *tree["underlyings"], *tree["expiries"], *tree["rows"]]
    hashes = hash_many([entry.elements() for entry in entries])
    for cells, value in zip(parts, hashes, strict=True):
        cells[-1] = str(value)
    tree["root"] = str(table(tree).computed_root())
    return tree


def more(cell: str, places: int = 8) -> str:
    """A number of a file one unit larger."""
    return format_decimal(parse_decimal(cell, places) + 1, places)


def test_a_file_reads_back(
    tmp_path: Path, data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    epoch = PortfolioEpoch.build(market, params)
    save(epoch, tmp_path / "epoch.json")
    found = PublishedTable.load(tmp_path / "epoch.json")
    assert (tmp_path / "epoch.json").read_bytes() == data
    assert found.epoch(params) == epoch
    assert found.epoch(params).root == epoch.root == found.root
    assert encode(found.epoch()) == data
    assert list(check(found, market, params)) == []
    assert repr(found) == "<PublishedTable of venue 11 at 1795104000>"


def test_a_file_is_json_with_one_row_on_a_line(data: bytes) -> None:
    tree = json.loads(data)
    lines = data.decode().splitlines()
    assert len(lines) == 15 + len(tree["rows"]) + len(tree["expiries"]) + len(tree["underlyings"])
    assert len(data) < 700 * len(lines)


def test_a_row_is_readable(data: bytes) -> None:
    cells = json.loads(data)["rows"][ROW]
    assert cells[:6] == ["17", "option", "1", "1795248000", "88561", "P"]

    assert len(cells) == 6 + 34 + 2 + 1


@pytest.mark.parametrize(
    ("part", "index", "cell"),
    [
        ("rows", ROW, 6),
        ("rows", ROW, 39),
        ("rows", ROW, 40),
        ("rows", ROW, 41),
        ("rows", -1, 3),
        ("rows", -1, 5),
        ("expiries", 2, 3),
        ("underlyings", 1, 2),
    ],
)
def test_an_altered_entry_is_named(
    data: bytes, params: PortfolioParams, part: str, index: int, cell: int
) -> None:
    tree = json.loads(data)
    cells = tree[part][index]
    cells[cell] = format_decimal(parse_decimal(cells[cell], 15) + 10**9, 15)
    place = f"{part}[{index % len(tree[part])}]"
    found = table(tree)
    assert list(found.altered()) == [place]
    with pytest.raises(DigestMismatch, match=rf"epoch.json: {part}\[\d+\]: was altered") as caught:
        found.epoch(params)
    assert place in str(caught.value)


def test_another_hash_or_root_is_found(data: bytes, params: PortfolioParams) -> None:
    tree = json.loads(data)
    tree["root"] = more(tree["root"], 0)
    with pytest.raises(DigestMismatch, match="root: is not the root of these rows"):
        table(tree).epoch(params)
    tree = json.loads(data)
    tree["rows"][ROW][-1] = more(tree["rows"][ROW][-1], 0)
    with pytest.raises(DigestMismatch, match=rf"rows\[{ROW}\]: was altered"):
        table(tree).epoch(params)
    del tree["rows"][ROW]
    with pytest.raises(DigestMismatch, match="root: is not the root"):
        table(tree).epoch(params)
    tree = json.loads(data)
    tree["timestamp"] = "1795104001"
    with pytest.raises(DigestMismatch, match="root: is not the root"):
        table(tree).epoch(params)


def test_other_params_are_found(data: bytes, market: PortfolioMarket) -> None:
    tree = params_tree()
    tree["peg"]["factor"] = "3"
    other = PortfolioParams.parse(encoded(tree))
    found = PublishedTable.parse(data, "epoch.json")
    with pytest.raises(DigestMismatch, match="of other params"):
        found.epoch(other)
    assert [f.place for f in check(found, market, other)] == ["params_digest"]


def test_another_epoch_is_found(data: bytes, params: PortfolioParams) -> None:
    other, _ = pair(4)
    tree = json.loads(data)
    tree["timestamp"] = "1795103999"
    found = problems(tree, other, params)
    assert found == ["timestamp: is another epoch: of 1795103999, the market of 1795104000"]
    # Of the same moment, but of other feeds: it is said which rows differ.
    found = problems(json.loads(data), other, params)
    assert len(found) > 100
    tree["venue"] = "12"
    assert problems(tree, other, params)[0].startswith("venue: is of venue 12")


def test_the_check_names_row_and_lane(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    for lane, scenario in ((0, "spot x 1, vol none"), (7, "spot x 1.09, vol up"), (31, "unused")):
        tree = json.loads(data)
        cells = tree["rows"][ROW]
        was = cells[6 + lane]
        cells[6 + lane] = more(was)
        place = f"rows[{ROW}] {NAME}"
        lie = f"{place}: lane {lane} ({scenario}) is {more(was)}, must be {was}"
        assert problems(tree, market, params) == [
            f"{place}: was altered: its hash is of other values",
            lie,
        ]
        assert problems(resealed(tree), market, params) == [lie]


def test_the_check_names_a_greek(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    for cell, name in ((40, "delta"), (41, "vega")):
        tree = json.loads(data)
        tree["rows"][ROW][cell] = more(tree["rows"][ROW][cell])
        (found,) = problems(resealed(tree), market, params)
        assert found.startswith(f"rows[{ROW}] {NAME}: {name} is ")


def test_the_check_names_a_wrong_tag(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    for part, index, tag, right, name in (
        ("rows", ROW, "18", 17, NAME),
        ("rows", -1, "17", 18, "wstETH as collateral"),
        ("expiries", 0, "17", 22, "BTC-20NOV26"),
        ("underlyings", 0, "22", 21, "BTC"),
    ):
        tree = json.loads(data)
        tree[part][index][0] = tag
        lie = resealed(tree)
        place = f"{part}[{index % len(tree[part])}] {name}"
        assert f"{place}: has the tag {tag}, must have {right}" in problems(lie, market, params)
        with pytest.raises(ArtifactError, match=f"has the tag {tag}"):
            table(lie).epoch(params)


def test_the_check_names_a_collateral_that_cancels_something_else(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    for index, was, lie in ((-1, "2", "0"), (-1, "2", "1"), (-2, "0", "2"), (-1, "2", "65536")):
        tree = json.loads(data)
        assert tree["rows"][index][-2] == was
        tree["rows"][index][-2] = lie
        found = problems(resealed(tree), market, params)
        assert found[-1].endswith(f"as collateral: cancels is {lie}, must be {was}")
        assert len(found) == 1 + (lie == "65536")


def test_the_check_names_a_lane_too_wide(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    for width in (48, 110):
        tree = json.loads(data)
        tree["rows"][ROW][10] = format_decimal(2**width, 8)
        lie = resealed(tree)
        found = problems(lie, market, params)
        assert found[0] == f"rows[{ROW}] {NAME}: lane 4 is wider than 48 bits"
        with pytest.raises(ArtifactError, match=rf"rows\[{ROW}\]: lane 4 is wider"):
            table(lie).epoch(params)


def test_the_check_names_missing_and_surplus_rows(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    tree = json.loads(data)
    row = tree["rows"].pop(ROW)
    assert problems(resealed(tree), market, params) == [f"rows: no row of {NAME}, which is listed"]
    tree["rows"].append(row)
    found = problems(resealed(tree), market, params)
    assert found == ["rows[97]: is out of order, or there twice"]
    tree = json.loads(data)
    tree["rows"].insert(ROW, row)
    found = problems(resealed(tree), market, params)
    assert found[0] == f"rows[{ROW + 1}]: is out of order, or there twice"
    assert "is not listed by the market, or twice" in found[1]
    tree = json.loads(data)
    del tree["expiries"][3], tree["underlyings"][1]
    found = problems(resealed(tree), market, params)
    assert found == [
        "underlyings: no record of ETH: add it",
        "expiries: no record of BTC-28NOV26: add it",
    ]
    tree = json.loads(data)
    tree["expiries"][3][2] = "1795852801"
    found = problems(resealed(tree), market, params)
    assert found[1].endswith("is not listed by the market")


@pytest.mark.parametrize("part", ["underlyings", "expiries"])
def test_the_check_names_every_field_of_a_record(
    data: bytes, market: PortfolioMarket, params: PortfolioParams, part: str
) -> None:
    first, last = (2, 13) if part == "underlyings" else (3, 10)
    for cell in range(first, last):
        tree = json.loads(data)
        cells = tree[part][1]
        places = len(cells[cell].partition(".")[2])
        # A forward's variable part is at most the forward, so that one is made less.
        step = -1 if (part, cell) == ("expiries", 6) else 1
        cells[cell] = format_decimal(parse_decimal(cells[cell], places) + step, places)
        found = problems(resealed(tree), market, params)
        assert len(found) == 1
        assert found[0].startswith(f"{part}[1] ")
        assert ", must be " in found[0]


def test_the_check_names_a_lane_of_the_scenarios(
    data: bytes, market: PortfolioMarket, params: PortfolioParams
) -> None:
    tree = json.loads(data)
    tree["scenarios"][2 + 2 * 7] = "0.9"
    found = problems(resealed(tree), market, params)
    assert found == ["scenarios: lane 7 is (1090000, 900000), must be (1090000, 1000000)"]


def test_a_table_for_another_shape_is_named(data: bytes, market: PortfolioMarket) -> None:
    _, params = pair(3, rows=512)
    found = PublishedTable.parse(data)
    assert {f.place for f in check(found, market, params)} == {"params_digest", "shape.rows"}


MALFORMED: list[tuple[Any, Any, str]] = [
    (("format",), "zkmargin.portfolio-epoch/2", "format: is not zkmargin.portfolio-epoch/1"),
    (("format",), None, "format"),
    (("extra",), "1", "must be an object with the keys"),
    (("venue",), "-1", "venue: must be a whole number"),
    (("venue",), str(2**64), "venue: must be"),
    (("venue",), 11, "venue: must be"),
    (("root",), str(R), "root: must be"),
    (("params_digest",), "0x12", "whole number"),
    (("shape", "lanes"), "33", "lanes: "),
    (("shape", "lanes"), "x", "whole number"),
    (("shape", "extra"), "1", "shape: must be an object"),
    (("rows",), {}, "rows: must be a list"),
    (("rows", ROW), "x", r"rows\[13\]: must be a list of strings"),
    (("rows", ROW), [], r"rows\[13\]\[1\]: must be option or collateral"),
    (("rows", ROW), ["17"], r"rows\[13\]\[1\]: must be option"),
    (("rows", ROW), ["17", "option"], r"rows\[13\]: must have"),
    (("rows", ROW), ["17", "option", "1"] * 4, r"rows\[13\]"),
    (("rows", ROW, 0), "256", r"rows\[13\]: the tag or the hash"),
    (("rows", ROW, 42), str(R), r"rows\[13\]: the tag or the hash"),
    (("rows", ROW, 1), "future", r"rows\[13\]\[1\]: must be option"),
    (("rows", ROW, 2), "65536", r"rows\[13\]underlying|rows\[13\]"),
    (("rows", ROW, 2), "0", r"rows\[13\]"),
    (("rows", ROW, 3), "0", r"rows\[13\]"),
    (("rows", ROW, 4), "-1", r"rows\[13\]"),
    (("rows", ROW, 5), "X", r"rows\[13\]\[5\]: must be C or P"),
    (("rows", ROW, 6), "-0.00000001", r"rows\[13\]\[6\]: is of no width"),
    (("rows", ROW, 39), format_decimal(2**111, 8), r"rows\[13\]\[39\]: is of no width"),
    (("rows", ROW, 40), "-1.00000001", r"rows\[13\]\[40\]: is of no width"),
    (("rows", ROW, 41), "-1", r"rows\[13\]\[41\]: is of no width"),
    (("rows", ROW, 7), "1e5", r"rows\[13\]\[7\]: is written with an exponent"),
    (("rows", ROW, 7), "0.123456789", r"rows\[13\]\[7\]: has more than 8"),
    (("rows", ROW, 7), 5, r"rows\[13\]: must be a list of strings"),
    (("expiries", 0, 3), "2.3", r"expiries\[0\]discount_long: does not|expiries\[0\]"),
    (("underlyings", 0, 2), "0", r"underlyings\[0\]: an underlying's number and spot"),
    (("scenarios",), ["20", "1", "1"], "scenarios"),
    (("scenarios",), ["20"], "scenarios"),
]


@pytest.mark.parametrize(("where", "value", "rule"), MALFORMED)
def test_a_malformed_file_is_refused(data: bytes, where: Any, value: Any, rule: str) -> None:
    tree = json.loads(data)
    node = tree
    for step in where[:-1]:
        node = node[step]
    node[where[-1]] = value
    with pytest.raises(ArtifactError, match=rule) as caught:
        table(tree).epoch()
    assert not isinstance(caught.value, DigestMismatch)
    assert str(caught.value).startswith("epoch.json: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["format", "root", "shape", "scenarios", "rows", "underlyings"])
def test_a_missing_part_is_refused(data: bytes, name: str) -> None:
    tree = json.loads(data)
    del tree[name]
    with pytest.raises(ArtifactError, match="must be an object with the keys"):
        table(tree)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b'{"a": "1", "a": "2"}', b"null"])
def test_what_is_no_table_is_refused(text: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"epoch\.json"):
        PublishedTable.parse(text, "epoch.json")


def test_a_truncated_or_changed_file_is_always_refused(data: bytes) -> None:
    for end in range(0, len(data) - 2, 997):
        with pytest.raises(ZkError):
            PublishedTable.parse(data[:end], "epoch.json").epoch()
    for at in range(3, len(data), 1499):
        changed = bytearray(data)
        changed[at] = ord("7") if changed[at] != ord("7") else ord("3")
        with pytest.raises(ZkError):
            PublishedTable.parse(bytes(changed), "epoch.json").epoch()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises((ArtifactError, InputError), match="cannot be read"):
        PublishedTable.load(tmp_path / "none.json")
