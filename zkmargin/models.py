"""The two margin models behind one door: which one a file is of, its "format" says.

A venue's params decide: market and account must be of the same model, and their readers say so if
they are not. The portfolio model's modules are imported when the first of its files is read, so
that whoever verifies a linear claim does not wait for them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from circuits.margin.documents import (
    PORTFOLIO_ACCOUNT_FORMAT,
    PORTFOLIO_MARKET_FORMAT,
    PORTFOLIO_PARAMS_FORMAT,
    PORTFOLIO_TABLE_FORMAT,
    load,
)
from circuits.margin.jsonfile import ACCOUNT_LIMIT, MARKET_LIMIT, PARAMS_LIMIT, parse_json
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from circuits.margin.shape import Shape
from zk.errors import InputError

if TYPE_CHECKING:
    from circuits.margin.account import Account
    from circuits.margin.epoch import Epoch
    from circuits.margin.portfolio.account import PortfolioAccount
    from circuits.margin.portfolio.market import PortfolioMarket
    from circuits.margin.portfolio.params import PortfolioParams
    from circuits.margin.portfolio.shape import PortfolioShape
    from circuits.margin.portfolio.statement import (
        GreekClaim,
        PortfolioClaim,
        PortfolioLiquidationClaim,
    )
    from circuits.margin.portfolio.table import PortfolioEpoch
    from circuits.margin.statement import Claim, Domain, LiquidationClaim

    AnyParams: TypeAlias = RiskParams | PortfolioParams
    AnyMarket: TypeAlias = Market | PortfolioMarket | PortfolioEpoch  # or a published table
    AnyAccount: TypeAlias = Account | PortfolioAccount
    AnyEpoch: TypeAlias = Epoch | PortfolioEpoch
    AnyShape: TypeAlias = Shape | PortfolioShape
    AnyPortfolioClaim: TypeAlias = PortfolioClaim | PortfolioLiquidationClaim | GreekClaim
    AnyClaim: TypeAlias = Claim | LiquidationClaim | AnyPortfolioClaim

#: Before a statement's name where it is of the portfolio model.
PREFIX: Final = "portfolio "
#: The statement that the portfolio model alone has; its name without the prefix.
GREEKS: Final = "greeks"
# A document that begins with its format; any other is parsed to find it.
_HEAD: Final = re.compile(rb'\s*\{\s*"format"\s*:\s*"([^"\\]*)"')
_PORTFOLIO: Final = (PORTFOLIO_PARAMS_FORMAT, PORTFOLIO_MARKET_FORMAT, PORTFOLIO_ACCOUNT_FORMAT)

Path: TypeAlias = str | os.PathLike[str]


def is_portfolio(data: bytes) -> bool:
    """Whether a document is one of the portfolio model's."""
    return _format(data) in _PORTFOLIO


def _format(data: bytes) -> object:
    """The format that a document says it has; of one that is broken its reader says more."""
    if (head := _HEAD.match(data)) is not None:
        return head[1].decode("utf-8", "replace")
    try:
        tree = parse_json(data)
    except InputError:
        return None
    return tree.get("format") if isinstance(tree, dict) else None


def load_params(path: Path) -> AnyParams:
    """The params of a venue, of either model."""
    data, file = load(path, PARAMS_LIMIT)
    if is_portfolio(data):
        from circuits.margin.portfolio.params import PortfolioParams

        return PortfolioParams.parse(data, file)
    return RiskParams.parse(data, file)


def load_market(path: Path, params: AnyParams) -> AnyMarket:
    """A market of the params' model, or the table that a portfolio venue published of one."""
    if isinstance(params, RiskParams):
        return Market.load(path)
    return load_portfolio_market(path, params)


def load_portfolio_market(path: Path, params: PortfolioParams) -> PortfolioMarket | PortfolioEpoch:
    """A market.json, or an epoch.json whose hashes, root and params are right."""
    data, file = load(path, MARKET_LIMIT)
    if _format(data) == PORTFOLIO_TABLE_FORMAT:
        from circuits.margin.portfolio.table_file import PublishedTable

        return PublishedTable.parse(data, file).epoch(params)
    from circuits.margin.portfolio.market import PortfolioMarket

    return PortfolioMarket.parse(data, file)


def load_account(
    path: Path, params: AnyParams | None = None, secret: Path | None = None
) -> AnyAccount:
    """An account of the params' model; without params, of its own."""
    if isinstance(params, RiskParams) or (
        params is None and not is_portfolio(load(path, ACCOUNT_LIMIT)[0])
    ):
        from circuits.margin.account import Account

        return Account.load(path, secret=secret)
    from circuits.margin.portfolio.account import PortfolioAccount

    return PortfolioAccount.load(path, secret=secret)


def epoch_of(market: AnyMarket, params: AnyParams) -> AnyEpoch:
    """The market's committed table; both are of one model."""
    if isinstance(params, RiskParams) and isinstance(market, Market):
        return market.epoch(params)
    if isinstance(params, RiskParams) or isinstance(market, Market):
        raise _mixed("a market")
    from circuits.margin.portfolio.statement import epoch_under

    return epoch_under(market, params)


def commitment_of(account: AnyAccount, params: AnyParams | None) -> int:
    """The commitment to an account's book."""
    from circuits.margin.account import Account

    if isinstance(account, Account):
        if params is not None and not isinstance(params, RiskParams):
            raise _mixed("an account", account.file)
        return account.commitment(params)
    if params is None:
        raise InputError(
            "is of the portfolio model: give the params file that lists its assets",
            file=account.file,
        )
    if isinstance(params, RiskParams):
        raise _mixed("an account", account.file)
    return account.commitment(params)


def make_claim(
    domain: Domain,
    params: AnyParams,
    market: AnyMarket,
    *,
    mode: str = "MM",
    buffer: int = 0,
    liquidator: int | None = None,
    limits: tuple[int, int] | None = None,
    underlying: str | None = None,
) -> AnyClaim:
    """The claim that an account meets its margin; with a liquidator, that it is below it.

    With limits on delta and vega, that the account is within them: of the underlying of this name,
    or of every one.
    """
    if limits is not None:
        return _greek_claim(domain, params, market, limits, underlying)
    if isinstance(params, RiskParams) and isinstance(market, Market):
        from circuits.margin.statement import Claim, LiquidationClaim

        if liquidator is not None:
            return LiquidationClaim(domain, params, market, liquidator)
        return Claim(domain, params, market, mode, buffer)
    if isinstance(params, RiskParams) or isinstance(market, Market):
        raise _mixed("a market")
    from circuits.margin.portfolio.statement import PortfolioClaim, PortfolioLiquidationClaim

    if liquidator is not None:
        return PortfolioLiquidationClaim(domain, params, market, liquidator)
    return PortfolioClaim(domain, params, market, mode, buffer)


def _greek_claim(
    domain: Domain,
    params: AnyParams,
    market: AnyMarket,
    limits: tuple[int, int],
    underlying: str | None,
) -> GreekClaim:
    if isinstance(params, RiskParams):
        raise _no_greeks(params)
    if isinstance(market, Market):
        raise _mixed("a market")
    from circuits.margin.portfolio.exposure import GreekLimit
    from circuits.margin.portfolio.statement import GreekClaim

    if underlying is not None and underlying not in params.underlyings:
        listed = ", ".join(params.underlyings)
        raise InputError(
            f"these params list no such underlying: choose one of {listed}, or name none for all",
            "underlying",
        )
    number = 0 if underlying is None else params.underlyings[underlying]
    return GreekClaim(domain, params, market, GreekLimit(*limits, number))


def class_name(shape: AnyShape) -> str:
    """A size class as files and `--class` write it."""
    return shape.size_class if isinstance(shape, Shape) else str(shape.options)


def shape_for(params: AnyParams, size_class: str | None = None) -> AnyShape:
    """The shape of a size class that the params offer; of the first one if none is named."""
    if size_class is None:
        return params.shape
    if isinstance(params, RiskParams):
        return params.shape_for(size_class)
    # A name that is no number is one of the linear model: no params of this one offer it.
    return params.shape_for(int(size_class) if size_class.isdecimal() else 0)


def offered(claim: AnyClaim, shape: AnyShape) -> AnyShape:
    """The shape that the claim's params give a shape's class now: another, and the key is old."""
    return shape_for(claim.params, class_name(shape))


def statement_name(kind: str, params: AnyParams) -> str:
    """The name of a statement about accounts of the params' model; InputError if it has none."""
    if kind == GREEKS and isinstance(params, RiskParams):
        raise _no_greeks(params)
    return kind if isinstance(params, RiskParams) else PREFIX + kind


def _no_greeks(params: RiskParams) -> InputError:
    return InputError(
        "is of the linear model, which has no Greek limits: give params of the portfolio model",
        file=params.file,
    )


def _mixed(what: str, file: str = "") -> InputError:
    return InputError(f"is {what} of another margin model than the params", file=file)
