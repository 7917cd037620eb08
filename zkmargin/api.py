"""The public API: everything a user of margin proofs calls, under one roof.

    account's side    Account, Claim, compile, check, setup, prove, Prover
    verifier's side   VerifyingKey, verify, contract
    both              RiskParams, Market, Domain, meets_margin, liquidatable, errors

and the same with Portfolio before it, of the portfolio model: PortfolioAccount, PortfolioClaim,
PortfolioParams, portfolio_meets ... GreekClaim, GreekLimit and greek_limits are of that model
alone. `import zkmargin as zm` gives all of these names, each loaded on first use; here the
portfolio model's are, for they bring its valuation of options.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from circuits.margin.account import Account
from circuits.margin.commitment import new_secret
from circuits.margin.market import Market
from circuits.margin.model import Breakdown, explain
from circuits.margin.params import RiskParams
from circuits.margin.shape import Shape
from circuits.margin.statement import (
    Claim,
    Domain,
    LiquidationClaim,
    liquidatable,
    meets_margin,
)
from zk.errors import (
    ArtifactError,
    BadPoint,
    CompileError,
    DigestMismatch,
    EngineError,
    ForgeableKey,
    InputError,
    InvalidProof,
    UnsatisfiedConstraint,
    ZkError,
)
from zk.formats.circuit import load_circuit, save_circuit
from zk.formats.json import load_proof, load_public, save_proof, save_public
from zk.groth16 import Proof
from zkmargin.keys import ProvingKey, VerifyingKey
from zkmargin.prover import Prover
from zkmargin.proving import check, compile, import_key, prove, setup, witness
from zkmargin.verifying import contract, public_inputs, verify, verify_many

if TYPE_CHECKING:
    from circuits.margin.portfolio.account import PortfolioAccount
    from circuits.margin.portfolio.explain import explain_portfolio
    from circuits.margin.portfolio.exposure import GreekLimit
    from circuits.margin.portfolio.market import PortfolioMarket
    from circuits.margin.portfolio.params import PortfolioParams
    from circuits.margin.portfolio.shape import PortfolioShape
    from circuits.margin.portfolio.statement import (
        GreekClaim,
        PortfolioClaim,
        PortfolioLiquidationClaim,
        greek_limits,
        portfolio_liquidatable,
        portfolio_meets,
    )
    from circuits.margin.portfolio.table import PortfolioEpoch
    from circuits.margin.portfolio.table_file import PublishedTable
    from circuits.margin.portfolio.trade import PortfolioTrade

_PORTFOLIO = {
    "GreekClaim": "statement",
    "GreekLimit": "exposure",
    "PortfolioAccount": "account",
    "PortfolioClaim": "statement",
    "PortfolioEpoch": "table",
    "PortfolioLiquidationClaim": "statement",
    "PortfolioMarket": "market",
    "PortfolioParams": "params",
    "PortfolioShape": "shape",
    "PortfolioTrade": "trade",
    "PublishedTable": "table_file",
    "explain_portfolio": "explain",
    "greek_limits": "statement",
    "portfolio_liquidatable": "statement",
    "portfolio_meets": "statement",
}

__all__ = [
    "Account",
    "ArtifactError",
    "BadPoint",
    "Breakdown",
    "Claim",
    "CompileError",
    "DigestMismatch",
    "Domain",
    "EngineError",
    "ForgeableKey",
    "GreekClaim",
    "GreekLimit",
    "InputError",
    "InvalidProof",
    "LiquidationClaim",
    "Market",
    "PortfolioAccount",
    "PortfolioClaim",
    "PortfolioEpoch",
    "PortfolioLiquidationClaim",
    "PortfolioMarket",
    "PortfolioParams",
    "PortfolioShape",
    "PortfolioTrade",
    "Proof",
    "Prover",
    "ProvingKey",
    "PublishedTable",
    "RiskParams",
    "Shape",
    "UnsatisfiedConstraint",
    "VerifyingKey",
    "ZkError",
    "check",
    "compile",
    "contract",
    "explain",
    "explain_portfolio",
    "greek_limits",
    "import_key",
    "liquidatable",
    "load_circuit",
    "load_proof",
    "load_public",
    "meets_margin",
    "new_secret",
    "portfolio_liquidatable",
    "portfolio_meets",
    "prove",
    "public_inputs",
    "save_circuit",
    "save_proof",
    "save_public",
    "setup",
    "verify",
    "verify_many",
    "witness",
]


def __getattr__(name: str) -> Any:
    if name not in _PORTFOLIO:
        raise AttributeError(f"module 'zkmargin.api' has no attribute {name!r}")
    return getattr(import_module(f"circuits.margin.portfolio.{_PORTFOLIO[name]}"), name)
