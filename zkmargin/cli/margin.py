"""`margin`: what an account's margin comes to, term by term, and what it would be after a trade.

With `--reveal` of other verbs the only place of the command line that prints an account's numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from circuits.margin.constants import MODES
from circuits.margin.params import RiskParams
from zk.errors import InputError
from zkmargin.cli import options
from zkmargin.cli.output import result
from zkmargin.models import load_params, load_portfolio_market

if TYPE_CHECKING:
    from circuits.margin.portfolio.params import PortfolioParams


@options.verb(
    "margin",
    "zkmargin margin --account account.json --market market.json --params params.json\n"
    "zkmargin margin --account account.json --market market.json --params params.json \\\n"
    "    --what-if trade.json --json",
)
@options.account()
@options.market()
@options.params()
@click.option("--what-if", type=options.PATH, help="A trade.json: margin after it too; secret.")
def margin_command(account: str, market: str, params: str, what_if: str | None) -> None:
    """Show an account's owner its margin: mark to market, every scenario, what binds, IM and MM.

    Nothing is proven and no secret is needed. It prints the account's own numbers: for your own
    screen. With --what-if also what they would be after a trade, which is not made.
    """
    venue = load_params(params)
    if isinstance(venue, RiskParams):
        _linear(account, market, venue, what_if)
    else:
        _portfolio(account, market, venue, what_if)


def _linear(account: str, market: str, venue: RiskParams, what_if: str | None) -> None:
    from circuits.margin.account import Account
    from circuits.margin.market import Market
    from circuits.margin.model import explain
    from zkmargin.cli.reveal import linear_terms

    if what_if is not None:
        raise click.UsageError("--what-if is for accounts of the portfolio model")
    loaded, prices = Account.load(account), Market.load(market)
    words, fields = [], {}
    for mode, number in MODES.items():
        text, fields[mode] = linear_terms(explain(loaded, prices, venue, number), venue, mode, 0)
        words.append(text)
    result("\n\n".join(words), account=f"{loaded.account:#042x}", **fields)


def _portfolio(account: str, market: str, venue: PortfolioParams, what_if: str | None) -> None:
    from circuits.margin.portfolio.account import PortfolioAccount
    from circuits.margin.portfolio.explain import explain_portfolio
    from circuits.margin.portfolio.statement import epoch_under
    from circuits.margin.portfolio.trade import PortfolioTrade
    from zkmargin.cli.terms import fields_of, words_of

    loaded = PortfolioAccount.load(account)
    epoch = epoch_under(load_portfolio_market(market, venue), venue)
    book = loaded.book(venue)
    try:
        terms = explain_portfolio(book, epoch, venue)
    except InputError as error:
        raise (error if error.file else error.in_file(account)) from None
    words, fields = words_of(terms), fields_of(terms, venue.quote)
    after: dict[str, Any] = {}
    if what_if is not None:
        changed = PortfolioTrade.load(what_if).after(book, venue, epoch)
        then = explain_portfolio(changed, epoch, venue)
        words += ["", "After the trade", "", *words_of(then)]
        after = {"after": fields_of(then, venue.quote)}
    number = f"{loaded.account:#042x}"
    result("\n".join(words), account=number, size_class=str(loaded.size_class), **fields, **after)
