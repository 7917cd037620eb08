"""The public API: everything a user of margin proofs calls, under one roof.

    account's side    Account, Claim, compile, check, setup, prove
    verifier's side   VerifyingKey, verify, contract
    both              RiskParams, Market, Domain, meets_margin, liquidatable, errors

`import zkmargin as zm` gives the same names, each loaded on first use.
"""

from __future__ import annotations

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
from zkmargin.proving import check, compile, import_key, prove, setup, witness
from zkmargin.verifying import contract, public_inputs, verify

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
    "InputError",
    "InvalidProof",
    "LiquidationClaim",
    "Market",
    "Proof",
    "ProvingKey",
    "RiskParams",
    "Shape",
    "UnsatisfiedConstraint",
    "VerifyingKey",
    "ZkError",
    "check",
    "compile",
    "contract",
    "explain",
    "import_key",
    "liquidatable",
    "load_circuit",
    "load_proof",
    "load_public",
    "meets_margin",
    "new_secret",
    "prove",
    "public_inputs",
    "save_circuit",
    "save_proof",
    "save_public",
    "setup",
    "verify",
    "witness",
]
