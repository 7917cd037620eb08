"""Epoch roots and commitments: recomputed by hand, every part bound, secrets kept."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from circuits.margin.book import Book, Holding, Position
from circuits.margin.commitment import funding_words, slot_words
from circuits.margin.constants import RATE_ONE, ROW_COLLATERAL, ROW_INSTRUMENT
from circuits.margin.inputs import (
    TINY,
    Account,
    Epoch,
    Market,
    RiskParams,
    Row,
    SecretKey,
    Shape,
    TierTable,
    commitment,
    domain,
    new_secret,
    salt,
    table_layout,
)
from circuits.margin.instrument import (
    COLLATERAL,
    FUTURE,
    KEY_BITS,
    OPTION,
    PERPETUAL,
    Instrument,
    collateral,
    future,
    perpetual,
)
from tests.margin.demo import DEMO
from tests.strategies import cases, epoch, shape_of, table
from zk.errors import InputError
from zk.field import R
from zk.poseidon import poseidon, poseidon_sponge

# Keys.


def test_keys_are_laid_out_as_specified() -> None:
    assert KEY_BITS == 117
    assert perpetual(1) == 1 << 101 | 1 << 97
    assert future(2, 3) == 2 << 101 | 2 << 97 | 3 << 65
    assert collateral(65_535) == 65_535 << 101 | 4 << 97
    call = Instrument(9, OPTION, 5, 7, 0)
    put = Instrument(9, OPTION, 5, 7, 1)
    assert put.key == call.key + 1
    for one in (call, put, Instrument(1, PERPETUAL), Instrument(1, FUTURE, 2)):
        assert Instrument.from_key(one.key) == one


@pytest.mark.parametrize(
    "fields",
    [
        (0, PERPETUAL),
        (65_536, PERPETUAL),
        (1, 0),
        (1, 5),
        (1, FUTURE),
        (1, PERPETUAL, 1),
        (1, COLLATERAL, 1),
        (1, FUTURE, 2**32),
        (1, FUTURE, -1),
        (1, FUTURE, 1, 1),
        (1, PERPETUAL, 0, 0, 1),
        (1, OPTION, 1, 2**64),
    ],
)
def test_fields_that_are_no_instrument(fields: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        Instrument(*fields)


# Tables and rows.


def test_the_table_layout_is_as_specified() -> None:
    six = table_layout(6)
    assert [[width for _, width in word] for word in six] == [[20, *[48, 20] * 3], [48, 20] * 2]
    assert six[1] == [("boundary4", 48), ("step4", 20), ("boundary5", 48), ("step5", 20)]
    assert [len(word) for word in table_layout(12)] == [7, 6, 6, 4]
    assert table_layout(1) == [[("rate0", 20)]]
    assert max(sum(width for _, width in word) for word in table_layout(16)) < 253
    assert len(table_layout(2)) == len(table_layout(3)) == 1


def test_a_table_unpacks_to_its_increments() -> None:
    rng = Random(5)
    for i in range(200):
        tiers = rng.choice((1, 2, 3, 6, 12))
        made = table(rng, tiers, rises=i % 2 == 0)
        lanes = {}
        for word, layout in zip(made.words(tiers), table_layout(tiers), strict=True):
            for name, bits in layout:
                lanes[name] = word % (1 << bits)
                word >>= bits
            assert word == 0
        sign = 1 if i % 2 == 0 else -1
        rate, at = lanes["rate0"], 0
        seen = [(rate, at)]
        for j in range(1, tiers):
            rate, at = rate + sign * lanes[f"step{j}"], at + lanes[f"boundary{j}"]
            seen.append((rate, at))
        expected = list(zip(made.rates, (0, *made.boundaries), strict=True))
        assert seen == expected + [expected[-1]] * (tiers - len(expected))


@pytest.mark.parametrize(
    ("rates", "boundaries"),
    [
        ((), ()),
        ((1, 2), ()),
        ((1,), (5,)),
        ((-1,), ()),
        ((RATE_ONE + 1,), ()),
        ((1, 3, 2), (5, 6)),
        ((1, 2, 3), (6, 5)),
        ((1, 2), (-1,)),
        ((1, 2), (2**48,)),
    ],
)
def test_tables_that_would_be_unsound(rates: tuple[int, ...], boundaries: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        TierTable(rates, boundaries)


def test_rows_that_would_be_unsound() -> None:
    rises, falls = TierTable((1, 2), (5,)), TierTable((2, 1), (5,))
    good = Row(ROW_INSTRUMENT, 1, 1, 0, (rises, rises))
    for change in (
        {"mark": 0},
        {"mark": 2**64},
        {"funding": 2**95},
        {"funding": -(2**95) - 1},
        {"tables": (rises, falls)},
        {"tables": (rises,)},
        {"tag": ROW_COLLATERAL},
        {"tag": ROW_COLLATERAL, "tables": (rises,)},
        {"tag": 3},
    ):
        with pytest.raises(InputError):
            replace(good, **change)  # type: ignore[arg-type]


# The epoch.


def by_hand(of: Epoch, arity: int, capacity: int) -> int:
    """The root, one hash at a time."""
    leaves = []
    for row in of.rows:
        words = [row.tag, row.key, row.mark + 2**64 * (row.funding + 2**95)]
        tiers = of.requirement_tiers if row.tag == ROW_INSTRUMENT else of.haircut_tiers
        for made in row.tables:
            words += made.words(tiers)
        leaves.append(poseidon(words))
    while len(leaves) < capacity or len(leaves) % arity:
        leaves.append(0)
    cap = [poseidon(leaves[i : i + arity]) for i in range(0, len(leaves), arity)]
    tree = poseidon_sponge([3, *cap])
    return poseidon([4, tree, of.params_digest, of.timestamp, of.venue])


def test_the_root_by_hand() -> None:
    rng = Random(2)
    tiny = epoch(rng, TINY, full=True)
    assert len(tiny.rows) == 4
    assert tiny.root == by_hand(tiny, 4, 4)
    demo = Market.load(DEMO / "market.json").epoch(RiskParams.load(DEMO / "params.json"))
    assert len(demo.cap) == 114
    assert demo.root == by_hand(demo, 9, 1024)
    small = epoch(rng, Shape(4, 4, rows=100), full=True)
    assert small.root == by_hand(small, 9, 100)


def test_leaves_have_the_inputs_that_were_decided() -> None:
    rng = Random(4)
    for shape, instrument, held in ((Shape(4, 4), 7, 7), (TINY, 5, 4)):
        made = epoch(rng, shape, full=False)
        for row in made.rows:
            inputs = row.leaf_inputs(shape.requirement_tiers, shape.haircut_tiers)
            assert len(inputs) == (instrument if row.tag == ROW_INSTRUMENT else held)
            assert all(0 <= value < 2**253 for value in inputs)


def test_an_opening_leads_to_the_cap() -> None:
    made = epoch(Random(1), shape_of("16+8"), full=True)
    assert len(made.rows) == 1024
    for row in made.rows[::37] + made.rows[-1:]:
        opening = made.open(row.key)
        leaf = poseidon(row.leaf_inputs(6, 12))
        assert opening.row is row
        assert opening.children[opening.position] == leaf
        assert len(opening.children) == 9
        assert poseidon(opening.children) == made.cap[opening.node]
    with pytest.raises(InputError, match="no row for this instrument"):
        made.open(0)


def test_every_part_of_an_epoch_is_in_its_root() -> None:
    made = epoch(Random(9), TINY, full=True)
    first = made.rows[0]
    other = Random(10)
    changes = [
        replace(made, params_digest=made.params_digest ^ 1),
        replace(made, timestamp=made.timestamp ^ 1),
        replace(made, venue=made.venue ^ 1),
        replace(made, rows=made.rows[1:]),
        replace(made, rows=(replace(first, mark=first.mark ^ 2), *made.rows[1:])),
        replace(made, rows=(replace(first, funding=first.funding ^ 1), *made.rows[1:])),
        *(
            replace(made, rows=(*made.rows[:i], _retabled(other, row), *made.rows[i + 1 :]))
            for i, row in enumerate(made.rows)
        ),
    ]
    roots = {made.root, *(change.root for change in changes)}
    assert len(roots) == len(changes) + 1


def _retabled(rng: Random, row: Row) -> Row:
    """The row with its last table changed."""
    while True:
        tiers = TINY.haircut_tiers if row.tag == ROW_COLLATERAL else TINY.requirement_tiers
        made = table(rng, tiers, rises=row.tag == ROW_INSTRUMENT)
        if made.words(tiers) != row.tables[-1].words(tiers):
            return replace(row, tables=(*row.tables[:-1], made))


def test_epochs_are_sorted_and_fit() -> None:
    made = epoch(Random(3), TINY, full=True)
    for rows in (made.rows[::-1], (*made.rows, made.rows[-1]), made.rows[:1] * 2):
        with pytest.raises(InputError, match="sorted"):
            replace(made, rows=rows)
    with pytest.raises(InputError, match="at most 3 rows"):
        replace(made, capacity=3)


# Commitments.

BOOK = Book(
    account=5,
    sequence=6,
    size_class="4+4",
    cash=-7,
    positions=(Position(perpetual(1), 11, -12), Position(perpetual(2), -13, 14)),
    collaterals=(Holding(collateral(3), 15),),
)


def test_the_commitment_by_hand() -> None:
    words = [
        perpetual(1) + 2**124 * 11,
        perpetual(2) + 2**124 * 13 + 2**187,
        0,
        0,
        (-12 + 2**95) + 2**97 * (14 + 2**95),
        2**95 + 2**97 * 2**95,
        collateral(3) + 2**124 * 15,
        0,
        0,
        0,
    ]
    assert slot_words(BOOK) == words
    tag = 2**32 + 4 * 2**16 + 4
    assert commitment(BOOK, 99) == poseidon([tag, 5, 6, poseidon_sponge(words), R - 7, 99])


def test_an_odd_number_of_indices_is_paired_with_zero() -> None:
    assert funding_words([1]) == [(1 + 2**95) + 2**97 * 2**95]
    tiny = replace(BOOK, size_class="1+1", positions=BOOK.positions[:1])
    assert len(slot_words(tiny)) == 3


def test_every_part_of_a_book_is_in_its_commitment() -> None:
    first, second = BOOK.positions
    (held,) = BOOK.collaterals
    changes = [
        BOOK,
        replace(BOOK, account=6),
        replace(BOOK, sequence=7),
        replace(BOOK, cash=7),
        replace(BOOK, size_class="16+8"),
        replace(BOOK, positions=(first,)),
        replace(BOOK, positions=(second,)),
        replace(BOOK, positions=(replace(first, quantity=-11), second)),
        replace(BOOK, positions=(replace(first, quantity=12), second)),
        replace(BOOK, positions=(replace(first, funding=12), second)),
        replace(BOOK, positions=(first, replace(second, funding=15))),
        replace(BOOK, collaterals=()),
        replace(BOOK, collaterals=(replace(held, quantity=16),)),
    ]
    found = {commitment(change, 99) for change in changes} | {commitment(BOOK, 98)}
    assert len(found) == len(changes) + 1


def test_no_slot_word_runs_over() -> None:
    for case in cases(shape_of("16+8"), 60, seed=8):
        assert all(0 <= word < 2**194 for word in slot_words(case.book))
        assert 0 <= commitment(case.book, case.salt) < R


@pytest.mark.parametrize(
    "change",
    [
        {"positions": BOOK.positions[::-1]},
        {"positions": BOOK.positions[:1] * 2},
        {"positions": BOOK.positions[:1] * 5},
        {"cash": 2**95},
        {"sequence": 2**64},
        {"cash": -(2**95) - 1},
        {"account": 2**160},
        {"sequence": -1},
        {"size_class": "5+5"},
    ],
)
def test_books_that_cannot_be_committed(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(BOOK, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "quantity", "funding"),
    [
        (perpetual(1), 0, 0),
        (perpetual(1), 2**63, 0),
        (perpetual(1), -(2**63), 0),
        (perpetual(1), 1, 2**95),
        (collateral(1), 1, 0),
        (0, 1, 0),
        (2**117, 1, 0),
    ],
)
def test_positions_that_cannot_be_committed(key: int, quantity: int, funding: int) -> None:
    with pytest.raises(InputError):
        Position(key, quantity, funding)


@pytest.mark.parametrize(
    ("key", "quantity"),
    [(collateral(1), 0), (collateral(1), -1), (collateral(1), 2**63), (perpetual(1), 1)],
)
def test_holdings_that_cannot_be_committed(key: int, quantity: int) -> None:
    assert Holding(collateral(1), 2**63 - 1).quantity == 2**63 - 1
    with pytest.raises(InputError):
        Holding(key, quantity)


def test_the_domain_binds_chain_gate_and_circuit() -> None:
    assert domain(1, 2, 3) == poseidon([1, 2, 3])


# Secrets.


def test_a_secret_is_made_once_and_privately(tmp_path: Path) -> None:
    path = tmp_path / "account.secret"
    old = os.umask(0)
    try:
        new_secret(path)
    finally:
        os.umask(old)
    content = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["account.secret"]
    with pytest.raises(InputError, match="never overwritten"):
        new_secret(path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["account.secret"]
    secret = SecretKey.load(path)
    assert 0 < secret.value < R
    assert repr(secret) == "<SecretKey>"
    new_secret(tmp_path / "second.secret")
    assert SecretKey.load(tmp_path / "second.secret").value != secret.value


def test_a_secret_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="never overwritten"):
        new_secret(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(InputError, match="cannot be written: No such file"):
        new_secret(tmp_path / "no folder" / "x")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "zkmargin account secret v1\n",
        "zkmargin account secret v1\n" + "0" * 64 + "\n",
        "zkmargin account secret v1\n" + f"{R:064x}" + "\n",
        "zkmargin account secret v1\n" + "ab" * 32,
        "zkmargin account secret v1\n" + "AB" * 32 + "\n",
        "zkmargin account secret v1\n" + "0b" * 31 + "\n",
        "zkmargin account secret v2\n" + "0b" * 32 + "\n",
        "zkmargin account secret v1\n" + "0b" * 32 + "\n\n",
        "zkmargin account secret v1\r\n" + "0b" * 32 + "\r\n",
        "\xff" * 100,
        "x" * 10**6,
    ],
)
def test_files_that_are_no_secret(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.secret"
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(InputError, match="is not an account secret") as caught:
        SecretKey.load(path)
    assert "0b0b" not in str(caught.value)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "open.secret"
    new_secret(path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        SecretKey.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        SecretKey.load(tmp_path / "none")


def test_the_salt_is_new_at_every_write_and_never_typed(tmp_path: Path) -> None:
    path = tmp_path / "account.secret"
    new_secret(path)
    account = Account.load(DEMO / "account.json", secret=path)
    params = RiskParams.load(DEMO / "params.json")
    secret = SecretKey.load(path)
    assert account.salt() == poseidon([secret.value, account.account, account.sequence])
    assert account.commitment(params) == commitment(account.book(params), account.salt())
    later = replace(account, sequence=account.sequence + 1)
    assert later.salt() != account.salt() == salt(secret, account.account, account.sequence)
    assert str(secret.value) not in repr(account)
    with pytest.raises(InputError, match="needs the account's secret"):
        Account.load(DEMO / "account.json").salt()
