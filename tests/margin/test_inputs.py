"""Files to exact integers: what is accepted, what is refused at which path, what stays secret."""

from __future__ import annotations

import json
import re
import tracemalloc
from fractions import Fraction
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.margin.account import Account
from circuits.margin.decimals import MAX_LENGTH, format_decimal, parse_decimal
from circuits.margin.inputs import Market, RiskParams, Shape, TierTable
from circuits.margin.instrument import FUTURE, PERPETUAL, Instrument, perpetual
from circuits.margin.jsonfile import ACCOUNT_LIMIT, MARKET_LIMIT, read_bytes
from circuits.margin.schema_files import FILES, FOLDER, text
from tests.documents import documents, encoded
from tests.margin.bad_inputs import BAD, LIMITS
from tests.margin.demo import DEMO, NAMES, drop, put, tree
from zk.errors import InputError

PARSE = {"params": RiskParams.parse, "market": Market.parse, "account": Account.parse}


def resolve(name: str, data: bytes) -> None:
    """Read a file and everything that follows from it with the demo's other files."""
    found = PARSE[name](data, f"{name}.json")
    params = found if name == "params" else RiskParams.load(DEMO / "params.json")
    market = found if name == "market" else Market.load(DEMO / "market.json")
    if name == "account":
        found.book(params)
    else:
        market.rows(params)


# Decimals.


@settings(deadline=None)
@given(st.integers(-(10**40), 10**40), st.integers(0, 18))
def test_a_decimal_reads_back(value: int, places: int) -> None:
    assert parse_decimal(format_decimal(value, places), places) == value


@settings(deadline=None)
@given(st.integers(-(10**20), 10**20), st.integers(0, 18), st.integers(0, 18))
def test_rounding_goes_the_way_it_says(value: int, written: int, places: int) -> None:
    text_ = format_decimal(value, written)
    exact = Fraction(value, 10**written) * 10**places
    up = parse_decimal(text_, places, rounding="up")
    down = parse_decimal(text_, places, rounding="down")
    assert down <= exact <= up
    assert up - down == (exact.denominator != 1)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("", "empty"),
        (" 1", "spaces"),
        ("1\n", "spaces"),
        ("+1", "plus"),
        ("1e5", "exponent"),
        ("1E5", "exponent"),
        ("01", "leading zeros"),
        ("-01.5", "leading zeros"),
        ("1.", "both sides"),
        (".5", "both sides"),
        ("1,000", "separators"),
        ("1_000", "separators"),
        ("-0", "negative zero"),
        ("-0.00", "negative zero"),
        ("NaN", "decimal number"),
        ("Infinity", "decimal number"),
        ("0x10", "decimal number"),
        ("--1", "decimal number"),
        ("1.2.3", "decimal number"),
        ("٣", "decimal number"),
        ("１", "decimal number"),
        ("1.123456789", "more than 8 decimals"),
        ("1.000000000", "more than 8 decimals"),
        ("9" * (MAX_LENGTH + 1), "longer than"),
        ("9" * 10**6, "longer than"),
    ],
)
def test_a_decimal_not_in_the_grammar(written: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        parse_decimal(written, 8)


# The demo's files, and files like them.


def test_the_demo_is_real_in_kind_and_size() -> None:
    params = RiskParams.load(DEMO / "params.json")
    market = Market.load(DEMO / "market.json")
    book = Account.load(DEMO / "account.json").book(params)
    kinds = {Instrument.from_key(p.key).kind for p in book.positions}
    assert len(book.positions) == 12
    assert kinds == {PERPETUAL, FUTURE}
    assert {p.quantity > 0 for p in book.positions} == {True, False}
    assert len(book.collaterals) == 4
    assert book.size_class == "16+8"
    assert params.shape == Shape(16, 8)
    assert len(market.rows(params)) >= 70
    btc = params.instruments["BTC-PERP"]
    assert btc.initial == TierTable((25_000, 50_000), (15_000_000_000,))
    assert btc.maintenance == TierTable((12_500, 25_000), (15_000_000_000,))
    # 1 / 15 and 1 / 30, rounded up to ppm.
    assert params.instruments["ETH-PERP"].initial.rates == (40_000, 66_667)
    assert params.instruments["ETH-PERP"].maintenance.rates == (20_000, 33_334)
    assert params.collaterals["BTC"].haircut.rates[:3] == (1_000_000, 980_000, 950_000)


def test_slots_are_sorted_whatever_the_order_in_the_file() -> None:
    params = RiskParams.load(DEMO / "params.json")
    account = tree("account")
    straight = Account.parse(encoded(account)).book(params)
    Random(1).shuffle(account["positions"])
    account["collateral"].reverse()
    assert Account.parse(encoded(account)).book(params) == straight


def test_key_fields_need_no_params() -> None:
    account = tree("account")
    position = {
        "key": {"asset_id": "1", "kind": "perpetual"},
        "quantity": "-1",
        "funding_index": "2",
    }
    account |= {"positions": [position], "collateral": [{"asset_id": "7", "quantity": "0.5"}]}
    book = Account.parse(encoded(account)).book()
    assert [(p.key, p.quantity, p.funding) for p in book.positions] == [
        (perpetual(1), -(10**8), 2 * 10**12)
    ]
    assert book.collaterals[0].quantity == 5 * 10**7


def test_names_without_params_say_what_to_do() -> None:
    account = Account.load(DEMO / "account.json")
    with pytest.raises(InputError, match=r"positions\[0\]\.instrument: .*give the params file"):
        account.book()


def test_the_digest_is_of_the_meaning() -> None:
    params = tree("params")
    plain = RiskParams.parse(encoded(params)).digest
    # Other spelling, other order, other table names: the same parameters.
    params["instruments"] = dict(reversed(params["instruments"].items()))
    params["margin_tiers"]["BTC-table"] = [
        {"above": "0", "initial": "0.025", "maintenance": "0.0125"},
        {"above": "150000000.0", "initial": "0.05", "maintenance": "0.0249999999"},
    ]
    params["instruments"]["BTC-PERP"]["margin_tiers"] = "BTC-table"
    assert RiskParams.parse(encoded(params)).digest == plain
    assert plain < 2**253
    for path, value in (
        (("venue",), "1002"),
        (("quote",), "USDT"),
        (("buffers",), ["0"]),
        (("shape", "rows"), "512"),
        (("shape", "haircut_tiers"), "11"),
        (("margin_tiers", "btc", 0, "max_leverage"), "39"),
        (("haircut_tiers", "btc", 1, "above"), "30000000.01"),
        (("instruments", "BTC-PERP", "margin_tiers"), "eth"),
    ):
        assert RiskParams.parse(encoded(put(tree("params"), path, value))).digest != plain, path


def test_an_expired_future_leaves_the_table() -> None:
    params = RiskParams.load(DEMO / "params.json")
    market = tree("market")
    expiry = params.instruments["BTC-27NOV26"].instrument.expiry
    gone = [n for n, e in params.instruments.items() if e.instrument.expiry == expiry]
    market["timestamp"] = str(expiry)
    with pytest.raises(InputError, match=r"instruments\.\w+-27NOV26: has expired"):
        Market.parse(encoded(market)).rows(params)
    for name in gone:
        del market["instruments"][name]
    keys = {row.key for row in Market.parse(encoded(market)).rows(params)}
    assert params.instruments["BTC-27NOV26"].instrument.key not in keys
    assert params.instruments["BTC-25DEC26"].instrument.key in keys


# Bad input.


@pytest.mark.parametrize(("name", "where", "value", "path", "rule", "in_schema"), BAD)
def test_bad_input_is_refused_at_its_path(
    name: str, where: tuple[str | int, ...], value: Any, path: str, rule: str, in_schema: bool
) -> None:
    bad = put(tree(name), where, value)
    with pytest.raises(InputError, match=re.escape(rule)) as caught:
        resolve(name, encoded(bad))
    assert path in caught.value.path
    assert bool(path) == bool(caught.value.path)
    assert "\n" not in str(caught.value)
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
    assert jsonschema.Draft202012Validator(schema).is_valid(bad) == (not in_schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_missing_field_is_named(name: str) -> None:
    for key in tree(name):
        with pytest.raises(InputError, match=f"'{key}' is missing: add it"):
            resolve(name, encoded(drop(tree(name), (key,))))


@pytest.mark.parametrize(("name", "where", "last", "beyond"), LIMITS)
def test_the_limits_of_every_type(
    name: str, where: tuple[str | int, ...], last: str, beyond: str
) -> None:
    good = put(tree(name), where, last)
    resolve(name, encoded(good))
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
    jsonschema.validate(good, schema, cls=jsonschema.Draft202012Validator)
    with pytest.raises(InputError):
        resolve(name, encoded(put(tree(name), where, beyond)))


def test_a_listed_instrument_or_collateral_must_be_in_the_market() -> None:
    for path in (("instruments", "SOL-26MAR27"), ("collaterals", "XRP")):
        with pytest.raises(InputError, match=f"{path[0]}: '{path[1]}' is"):
            resolve("market", encoded(drop(tree("market"), path)))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not JSON"),
        (b'{"a": "1"} x', "not JSON"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[" * 10**5, "nested"),
        (b'{"a":' * 10**5, "nested"),
        (b"[]", "must be an object"),
        (b"null", "must be an object"),
        (b"12", "must be an object"),
        (b'{"a": "1", "a": "2"}', "occurs twice"),
        (b'{"format": NaN}', "is missing|bare JSON"),
        (b'{"format": 1' + b"0" * 10**5 + b"}", "is missing|bare JSON"),
        (b'{"format": "\\ud800"}', "is missing|must be"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_plain_json_is_refused(name: str, data: bytes, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        PARSE[name](data, "x.json")


def test_a_repeated_key_deep_inside_is_found() -> None:
    data = encoded(tree("market")).replace(b'"mark":', b'"mark": "1", "mark":', 1)
    with pytest.raises(InputError, match=r"instruments\.BTC-PERP: 'mark' occurs twice"):
        Market.parse(data, "market.json")


@pytest.mark.parametrize(
    "part", [b"[],", b"{},", b'"",', b'"ab",', b"1,", b'"a":1,', b"[", b'{"a":', b"9", b"\\u0041"]
)
def test_a_file_at_its_limit_is_refused_without_much_memory(part: bytes) -> None:
    data = b"[" + part * ((MARKET_LIMIT - 1) // len(part))
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            Market.parse(data, "market.json")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(data) + 256 * 2**20


def test_a_class_that_the_venue_does_not_offer() -> None:
    params = RiskParams.parse(encoded(put(tree("params"), ("shape", "size_classes"), ["4+4"])))
    with pytest.raises(InputError, match=r"account\.json: size_class: is not offered .* 4\+4"):
        Account.load(DEMO / "account.json").book(params)


def test_files_that_cannot_be_read(tmp_path: Any) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (ACCOUNT_LIMIT + 1))
    for path, rule in (
        (tmp_path / "none.json", "cannot be read: No such file"),
        (tmp_path, "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("a\0b", "not a path"),
        (large, "larger than 1 MB"),
    ):
        with pytest.raises(InputError, match=rule):
            read_bytes(path, ACCOUNT_LIMIT)


# Schemas.


@pytest.mark.parametrize("name", FILES)
def test_the_schema_files_are_as_generated(name: str) -> None:
    assert (FOLDER / name).read_text() == text(FILES[name])
    jsonschema.Draft202012Validator.check_schema(json.loads(text(FILES[name])))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from(["1+1", "4+4", "16+8"]))
def test_good_files_agree_with_the_schemas(seed: int, size_class: str) -> None:
    rng = Random(seed)
    params, market, account = documents(rng, size_class, used=1, held=1)
    for name, document in zip(NAMES, (params, market, account), strict=True):
        schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
        jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    found = RiskParams.parse(encoded(params))
    Market.parse(encoded(market)).rows(found)
    Account.parse(encoded(account)).book(found)


# What never shows.


def test_no_message_holds_a_value_of_the_account() -> None:
    """Every leaf of the file, replaced by a canary of each sort, alone and with other faults."""
    canaries = (
        "7319731973.1",
        "-7319731973",
        "7319x7319",
        "731973197319731973197319731973",
        "7319e19",
    )
    leaves = list(_leaves(tree("account")))
    assert len(leaves) > 40
    for path in leaves:
        for canary in canaries:
            bad = put(tree("account"), path, canary)
            message = _message(encoded(bad))
            assert "7319" not in re.sub(r"\[\d+\]", "", message), path
            # As a key, or in a text that is cut off at the end.
            _check_silent(encoded(put(tree("account"), (*path[:-1], canary), "1")) if _named(path)
                          else encoded(bad)[:-1])  # fmt: skip


def _check_silent(data: bytes) -> None:
    assert "7319" not in re.sub(r"\[\d+\]|column \d+", "", _message(data))


def _named(path: tuple[str | int, ...]) -> bool:
    return isinstance(path[-1], str)


def _message(data: bytes) -> str:
    try:
        account = Account.parse(data, "account.json")
        account.book(RiskParams.load(DEMO / "params.json"))
    except InputError as error:
        return str(error)
    return repr(account)[:9]  # accepted: the repr holds the id and nothing else


def _leaves(node: Any, path: tuple[str | int, ...] = ()) -> Any:
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(child, (*path, key))
    else:
        yield path


def test_reprs_show_no_number_but_the_id() -> None:
    params = RiskParams.load(DEMO / "params.json")
    account = Account.load(DEMO / "account.json")
    book = account.book(params)
    shown = f"{account!r} {book!r} {book.positions!r} {book.collaterals!r}"
    assert set(re.findall(r"\d{3,}", shown.replace(f"{account.account:#042x}", ""))) == set()


def test_mutated_files_are_read_or_refused_in_one_line() -> None:
    rng = Random(20)
    for i in range(600):
        name = NAMES[i % 3]
        data = bytearray((DEMO / f"{name}.json").read_bytes())
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data))
            action = rng.randrange(4)
            if action == 0:
                data[at] ^= 1 << rng.randrange(8)
            elif action == 1:
                del data[at : at + rng.randint(1, 40)]
            elif action == 2:
                data[at:at] = data[at : at + rng.randint(1, 40)]
            else:
                data[at:at] = rng.choice((b"9" * 5000, b"\0", b'"', b"[[", b"-", b"1e9", b"\xc3"))
        message = ""
        try:
            resolve(name, bytes(data))
        except InputError as error:
            message = str(error)
        assert "\n" not in message
