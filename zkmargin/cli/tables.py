"""`table` and `market-from`: what a portfolio venue publishes, and how anybody checks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from circuits.margin.params import RiskParams
from zk.errors import InputError
from zkmargin.cli import options
from zkmargin.cli.output import FALSE, check_targets, result, step
from zkmargin.models import load_params

if TYPE_CHECKING:
    from circuits.margin.portfolio.params import PortfolioParams

#: So many findings are printed; there may be as many as a table has lanes.
MOST_SHOWN = 50


@click.group("table")
def table_command() -> None:
    """Build or check the published table of a portfolio venue's epoch."""


@options.verb(
    "build", "zkmargin table build --market market.json --params params.json --out epoch.json"
)
@options.market(help="The market.json of the moment.")
@options.params()
@options.out("Where to write the table, a JSON file.")
def build(market: str, params: str, out: str) -> None:
    """Value every listed option in every scenario, and write the table with its root."""
    from circuits.margin.portfolio.market import PortfolioMarket
    from circuits.margin.portfolio.table import PortfolioEpoch
    from circuits.margin.portfolio.table_file import save

    check_targets(out)
    venue = _portfolio_params(params)
    with step("valuing every option in every scenario"):
        epoch = PortfolioEpoch.build(PortfolioMarket.load(market), venue)
        save(epoch, out)
    result(
        str(epoch.root),
        epoch_root=str(epoch.root),
        params_digest=str(venue.digest),
        timestamp=str(epoch.timestamp),
        venue=str(epoch.venue),
        rows=len(epoch.rows),
        file=out,
    )


@options.verb("check", "zkmargin table check epoch.json --market market.json --params params.json")
@click.argument("table", metavar="TABLE", type=options.PATH)
@options.market(help="The market.json of the moment.")
@options.params()
def check(table: str, market: str, params: str) -> None:
    """Check a published TABLE row by row against its market and params; exit 1 if it is wrong.

    Every value is computed again by plain integers. What is wrong is named: the row, the lane, and
    what it must be.
    """
    from circuits.margin.portfolio import table_check
    from circuits.margin.portfolio.market import PortfolioMarket
    from circuits.margin.portfolio.table_file import PublishedTable

    venue = _portfolio_params(params)
    published = PublishedTable.load(table)
    prices = PortfolioMarket.load(market)
    with step("computing every value again"):
        found = list(table_check.check(published, prices, venue))
    lines = [str(finding) for finding in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        lines.append(f"... and {len(found) - MOST_SHOWN} more")
    result(
        "\n".join(lines) or f"right: {published.root}",
        ok=not found,
        epoch_root=str(published.root),
        findings=[finding._asdict() for finding in found],
    )
    click.get_current_context().exit(FALSE if found else 0)


table_command.add_command(build)
table_command.add_command(check)


@click.group("market-from")
def market_from_command() -> None:
    """Make a market.json of a portfolio venue from a public feed."""


@options.verb(
    "deribit",
    "curl 'https://www.deribit.com/api/v2/public/get_book_summary_by_currency"
    "?currency=ETH&kind=option' > eth.json\n"
    "zkmargin market-from deribit eth.json --params params.json --out market.json",
)
@click.argument("responses", metavar="FILE...", type=options.PATH, nargs=-1, required=True)
@options.params()
@click.option(
    "--confidence", default="1", show_default=True, help="Of every feed; Deribit has none."
)
@click.option("--stable", default="1", show_default=True, help="The quote currency in dollars.")
@click.option(
    "--price",
    "given_prices",
    multiple=True,
    metavar="ASSET=PRICE",
    help="Of a collateral that is no underlying, in dollars.",
)
@click.option(
    "--funding-index", default="0", show_default=True, help="Of the perpetuals; Deribit has none."
)
@options.out("Where to write the market.json.")
def deribit(
    responses: tuple[str, ...],
    params: str,
    confidence: str,
    stable: str,
    given_prices: tuple[str, ...],
    funding_index: str,
    out: str,
) -> None:
    """Make a market.json of Deribit's public book summaries, one FILE for each currency.

    Each is the answer of public/get_book_summary_by_currency. An option that lacks a field is
    refused by its name; so is one whose price is not what its volatility gives.
    """
    from circuits.margin.jsonfile import MARKET_LIMIT, read_bytes
    from circuits.margin.portfolio.deribit import Given, market_file
    from circuits.margin.portfolio.market import PortfolioMarket
    from zk.formats.atomic import write_atomic

    check_targets(out)
    venue = _portfolio_params(params)
    given = Given(confidence, stable, dict(map(_asset_price, given_prices)), funding_index)
    answers = [(read_bytes(path, MARKET_LIMIT), path) for path in responses]
    with step("reading the book summaries"):
        data = market_file(answers, venue, given)
    made = PortfolioMarket.parse(data)
    write_atomic(out, data)
    result(
        out,
        file=out,
        timestamp=str(made.timestamp),
        underlyings=list(made.underlyings),
        options=sum(1 for _ in made.options(venue)),
    )


market_from_command.add_command(deribit)


def _asset_price(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"([A-Za-z0-9._]{1,16})=([0-9.]{1,80})", text, re.ASCII)
    if found is None:
        raise click.UsageError("--price is an asset and its price, such as wstETH=3725.12")
    return found.group(1), found.group(2)


def _portfolio_params(path: str) -> PortfolioParams:
    found = load_params(path)
    if isinstance(found, RiskParams):
        raise InputError(
            "is of the linear model, which has no such table: give a portfolio venue's params",
            "format",
            path,
        )
    return found
