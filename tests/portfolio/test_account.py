"""account.json to the committed book: what is accepted, what is refused, and that nothing leaks."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from circuits.margin.instrument import Instrument, future, perpetual
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.schema_files import FOLDER
from tests.margin.demo import drop, put
from tests.portfolio.accounts import (
    ACCOUNT_ID,
    SECRET,
    account,
    account_tree,
    option,
    small_params,
)
from tests.portfolio.files import encoded
from zk.errors import InputError

SCHEMA = json.loads((FOLDER / "portfolio-account.schema.json").read_text())
CANARY = "7654321.98765432"


def book(**members: Any) -> Any:
    return account(**members).book(small_params())


def test_the_book_holds_what_the_file_says() -> None:
    found = book()
    assert (found.account, found.sequence) == (int(ACCOUNT_ID, 16), 7)
    assert found.cash == 25_000_50000000
    assert found.shape == small_params().shape_for(2)
    assert [leg.quantity for leg in found.options] == [300000000, -425000000]
    assert [Instrument.from_key(leg.key).right for leg in found.options] == [1, 0]
    listed = account_tree()
    (leg,) = found.futures
    assert leg.key == future(2, int(listed["futures"][0]["expiry"]))
    (leg,) = found.perpetuals
    assert (leg.key, leg.quantity, leg.funding) == (perpetual(2), -150000000, -12_500000000000)
    # In key order, each with what the params say it cancels.
    assert [(leg.underlying, leg.cancels) for leg in found.collaterals] == [(3, 0), (4, 2)]


def test_lists_may_be_absent() -> None:
    tree = account_tree()
    for name in ("options", "futures", "perpetuals", "collateral"):
        del tree[name]
    found = PortfolioAccount.parse(encoded(tree)).book(small_params())
    assert found.magnitude == 0
    assert found.collaterals == ()


def test_the_order_in_the_file_says_nothing() -> None:
    tree = account_tree()
    turned = {name: tree[name][::-1] for name in ("options", "collateral")}
    assert book(**turned) == book()


def test_the_commitment_needs_the_secret_and_is_new_at_every_write() -> None:
    params = small_params()
    made = account()
    assert made.commitment(params) == commitment(made.book(params), made.salt())
    assert account(sequence="8").commitment(params) != made.commitment(params)
    with pytest.raises(InputError, match="needs the account's secret"):
        account(secret=None).commitment(params)


O0 = ("options", 0)
HUGE = "92233720368.54775808"  # 2^63 units
BAD: list[tuple[tuple[str | int, ...], Any, str, str, bool]] = [
    (("format",), "zkmargin.account/1", "format", "give a zkmargin.portfolio-account/1", True),
    (("extra",), CANARY, "", "a key is not known here", True),
    (("account",), "0x12", "account", "40 hexadecimal", True),
    (("sequence",), "-1", "sequence", "negative", True),
    (("size_class",), "16", "size_class", 'not offered by these params: choose of "2", "8"', False),
    (("size_class",), "9", "size_class", "must be", True),
    (("cash",), CANARY + "123", "cash", "8 decimals", True),
    (("cash",), "1e5", "cash", "exponent", True),
    ((*O0, "underlying"), "DOGE", "options[0].underlying", "not an underlying", False),
    ((*O0, "strike"), "0", "options[0].strike", "from", False),
    ((*O0, "strike"), "2814749.76710656", "options[0].strike", "from", False),
    ((*O0, "right"), "c", "options[0].right", '"C" or "P"', True),
    ((*O0, "quantity"), "0", "options[0].quantity", "zero", False),
    ((*O0, "quantity"), HUGE, "options[0].quantity", "from", False),
    ((*O0, "expiry"), "4294967296", "options[0].expiry", "from", False),
    (("options",), [option(0, 1, "P", "3")] * 2, "options[1]", "add the two up", False),
    (("futures", 0, "strike"), "5", "futures[0]", "not known", True),
    (("perpetuals", 0, "funding_index"), "0.1234567890123", "funding_index", "12 dec", True),
    (("collateral", 0, "asset"), "BTC", "collateral[0].asset", "not a collateral", False),
    (("collateral", 0, "quantity"), "-1", "collateral[0].quantity", "negative", True),
    ((*O0, "quantity"), "800000000", "", "must be below 2^56", False),
    ((*O0, "underlying"), "BTC", "", "more than 1 underlyings", False),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: ".".join(map(str, bad[0])))
def test_bad_input_is_refused_at_its_path(bad: Any) -> None:
    where, value, path, rule, in_schema = bad
    tree = put(account_tree(), where, value)
    with pytest.raises(InputError, match=re.escape(rule)) as caught:
        PortfolioAccount.parse(encoded(tree), "account.json").book(small_params())
    assert path in caught.value.path
    assert bool(path) == bool(caught.value.path)
    assert caught.value.file == "account.json"
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(tree) == (not in_schema)


def test_a_good_file_agrees_with_the_schema() -> None:
    jsonschema.validate(account_tree(), SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("key", ["format", "account", "sequence", "size_class", "cash"])
def test_every_missing_field_is_named(key: str) -> None:
    with pytest.raises(InputError, match=f"'{key}' is missing: add it"):
        PortfolioAccount.parse(encoded(drop(account_tree(), (key,))))


def test_over_the_size_class_the_next_one_is_named() -> None:
    three = [option(0, strike, "C", "1") for strike in range(3)]
    with pytest.raises(InputError) as caught:
        book(options=three)
    assert caught.value.path == "options"
    assert caught.value.message == (
        'has more entries than size class 2 has room for: use the size class "8"'
    )
    assert len(book(options=three, size_class="8").options) == 3
    nine = [option(place, s, r, "1") for place in (0, 1) for s in range(4) for r in "CP"][:9]
    with pytest.raises(InputError, match="these params have no larger one"):
        book(options=nine, size_class="8")


def test_too_many_expiries_are_refused() -> None:
    with pytest.raises(InputError, match="more than 2 expiries"):
        book(options=[option(i, 0, "C", "1") for i in range(3)], futures=[], size_class="8")


def test_nothing_of_an_account_has_a_text(tmp_path: Path) -> None:
    made = account(cash=CANARY, perpetuals=[])
    texts = [repr(made), str(made), repr(made.book(small_params())), repr(made.secret)]
    texts += [repr(leg) for leg in made.book(small_params()).options]
    joined = " ".join(texts)
    for number in (CANARY, CANARY.replace(".", ""), "425", "300000000", str(SECRET.value)):
        assert number not in joined
    assert ACCOUNT_ID in joined


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(InputError, match="larger than 1 MB"):
        PortfolioAccount.load(path)


def test_legs_are_sorted() -> None:
    keys = [leg.key for leg in book().options]
    assert all(a < b for a, b in pairwise(keys))


def test_the_account_of_the_page_is_one_of_its_params() -> None:
    page = (Path(__file__).parents[2] / "docs" / "portfolio-files.md").read_text(encoding="utf-8")
    params, _, shown = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    found = PortfolioAccount.parse(shown.encode()).book(PortfolioParams.parse(params.encode()))
    assert [len(part) for part in (found.options, found.futures, found.perpetuals)] == [2, 1, 1]
    jsonschema.validate(json.loads(shown), SCHEMA, cls=jsonschema.Draft202012Validator)
