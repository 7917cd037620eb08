"""A venue's own margin model: a scan over the epoch's scenarios, and a minimum for short options.

    python examples/portfolio/scan_range.py

Source: the kind of rule that SPAN made common. Of the whole book, whatever its expiries: V_s is
what its options are worth in scenario s, V_0 as the market is; n what moves with spot, u_s the
scenario's shock less 1, d_s its damping.

    loss        = max_s d_s (V_0 - V_s - n u_s)           at least 0: in one scenario nothing moves
    minimum     = rate * spot * contracts short           however they are hedged
    requirement = loss + minimum

Commitments and epochs are those of portfolio margin. Of one underlying; collaterals add nothing.
docs/write-your-own-margin-model.md goes through this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from circuits.gadgets.compare import assert_le
from circuits.margin.commitment import SecretKey
from circuits.margin.constants import FUNDING_BITS, FUNDING_OFFSET
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.inputs import position_inputs
from circuits.margin.portfolio.legs import trusted
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.opening import assert_scenarios
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.positions import PortfolioPositions
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.scenarios import at_most
from circuits.margin.portfolio.sums import total
from circuits.margin.portfolio.table import PortfolioEpoch
from zk import ConstraintSystem, Field, Uint, compile, private, public
from zk.errors import UnsatisfiedConstraint

# The sum stands at 1e-28: quantity and value at 1e-8, shock and damping at 1e-6.
CASH, VALUE, FUNDING, RATE, BUFFER = 10**20, 10**12, 10**8, 10**6, 10**28


def scan_margin(book: PortfolioBook, epoch: PortfolioEpoch) -> tuple[int, int]:
    """What is left of the equity above the requirement, and the worst PnL; 1e-28."""
    if not book.underlyings:
        return book.cash * CASH, 0
    record = epoch.open_underlying(book.underlyings[0]).record
    rows = [(leg.quantity, epoch.by_key[leg.key]) for leg in book.options]
    futures = [(leg.quantity, epoch.open_expiry(leg.prefix).record) for leg in book.futures]
    perpetual = sum(leg.quantity for leg in book.perpetuals)
    moves = perpetual * record.perpetual_price
    moves += sum(q * expiry.forward_variable for q, expiry in futures)
    values = [
        sum(q * row.values[lane] for q, row in rows if isinstance(row, OptionRow))
        for lane in range(len(epoch.scenarios.lanes))
    ]
    worst = min(
        lane.damping * ((value - values[0]) * c.SHOCK_ONE + moves * (lane.shock - c.SHOCK_ONE))
        for value, lane in zip(values, epoch.scenarios.lanes, strict=True)
    )
    value = values[0] + perpetual * record.perpetual_price
    value += sum(q * expiry.forward for q, expiry in futures)
    owed = sum(leg.quantity * (record.funding - leg.funding) for leg in book.perpetuals)
    short = sum(-q for q, _ in rows if q < 0)
    minimum = short * record.option_maintenance * record.spot
    equity = book.cash * CASH + value * VALUE - owed * FUNDING
    return equity + worst - minimum * RATE, worst


class ScanRange(PortfolioPositions):
    """The committed account's equity covers the scan's requirement, and a buffer."""

    buffer: Uint = public(bits=48)  # whole quote units

    damping: list[Uint] = private(bits=c.DAMPING_BITS, count="lanes")
    shock: list[Uint] = private(bits=c.SHOCK_BITS, count="lanes")
    worst: Field = private()  # 1e-28

    kind = "scan range"

    def define(self, cs: ConstraintSystem) -> None:
        # Committed, in order, none twice, each with the epoch's row or record of its own key.
        held = self.positions(cs)
        with cs.obligation("the scenarios are the epoch's"):
            assert_scenarios(cs, self.damping, self.shock, self.cap)
        shocks = [shock - c.SHOCK_ONE for shock in self.shock]
        values = self.values(cs, held)

        (leg,), (perpetual,) = self.underlying, held.order.perpetuals
        price, spot = trusted(cs, leg.price, c.PRICE_BITS), trusted(cs, leg.spot, c.PRICE_BITS)
        moves, value = perpetual.quantity * price, values[0] + perpetual.quantity * price
        for quantity, expiry in zip(held.futures, self.expiry, strict=True):
            moves = moves + quantity * trusted(cs, expiry.forward_variable, c.PRICE_BITS)
            value = value + quantity * trusted(cs, expiry.forward, c.PRICE_BITS)

        profits = []
        for lane, (found, shock) in enumerate(zip(values, shocks, strict=True)):
            with cs.obligation(f"PnL in lane {lane}"):
                change = (found - values[0]) * c.SHOCK_ONE + moves * shock
                profits.append(change * self.damping[lane])
        # A worst PnL that is too low only raises the requirement.
        worst = at_most(cs, self.worst, profits)

        index = trusted(cs, leg.funding, FUNDING_BITS) - FUNDING_OFFSET
        owed = perpetual.quantity * (index - leg.settled)
        short = total(cs, [slot.short * slot.magnitude for slot in self.option])
        minimum = short * (trusted(cs, leg.option_maintenance, c.FACTOR_BITS) * spot)

        with cs.obligation("equity covers the requirement and the buffer"):
            equity = self.cash * CASH + value * VALUE - owed * FUNDING
            assert_le(cs, self.buffer * BUFFER, equity + worst - minimum * RATE)


def inputs(book: PortfolioBook, epoch: PortfolioEpoch, salt: int, buffer: int) -> dict[str, Any]:
    """Every input of the circuit for a book; secret."""
    return position_inputs(book, salt, epoch) | {
        "domain": 0,  # chain, contract and circuit: circuits.margin.statement.Domain makes it
        "account": book.account,
        "commitment": commitment(book, salt),
        "epoch_root": epoch.root,
        "params_digest": epoch.params_digest,
        "buffer": buffer,
        "damping": [lane.damping for lane in epoch.scenarios.lanes],
        "shock": [lane.shock for lane in epoch.scenarios.lanes],
        "worst": scan_margin(book, epoch)[1],
    }


def main() -> None:
    folder = Path(__file__).parent
    params = PortfolioParams.load(folder / "params.json")
    epoch = PortfolioEpoch.build(PortfolioMarket.load(folder / "market.json"), params)
    for name in ("calendar", "box", "covered-call"):
        file = folder / f"{name}.json"
        account = PortfolioAccount.parse(file.read_bytes(), file.name, secret=SecretKey(1))
        book = account.book(params)
        left, worst = scan_margin(book, epoch)
        print(f"{name}: loses at most {-worst / BUFFER:,.2f}, has {left / BUFFER:,.2f} to spare")

        circuit = compile(ScanRange(book.shape))
        most = left // BUFFER
        for buffer in (most, most + 1) if left >= 0 else (0,):
            try:
                circuit.check(circuit.witness(inputs(book, epoch, 7, buffer)))
                print(f"    buffer {buffer:,}: satisfied")
            except UnsatisfiedConstraint as error:
                print(f"    buffer {buffer:,}: not satisfied: {error.obligation}")
    print(f"{circuit.name}: {circuit.r1cs.n_constraints:,} constraints")


if __name__ == "__main__":
    main()
