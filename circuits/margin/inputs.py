"""The inputs of margin statements in one import: files to exact integers, or an InputError.

params.json -> RiskParams -> Shape, digest;  market.json + params -> Epoch -> root, openings;
account.json + params -> Book;  secret -> salt -> commitment. Formats: docs/files.md.
"""

from circuits.margin.account import Account
from circuits.margin.book import Book, Holding, Position
from circuits.margin.commitment import SecretKey, commitment, domain, new_secret, salt, slots_hash
from circuits.margin.epoch import Epoch, Opening, Row
from circuits.margin.instrument import Instrument
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from circuits.margin.shape import SIZE_CLASSES, TINY, TINY_CLASS, Shape
from circuits.margin.tiers import TierTable, table_layout

__all__ = [
    "SIZE_CLASSES",
    "TINY",
    "TINY_CLASS",
    "Account",
    "Book",
    "Epoch",
    "Holding",
    "Instrument",
    "Market",
    "Opening",
    "Position",
    "RiskParams",
    "Row",
    "SecretKey",
    "Shape",
    "TierTable",
    "commitment",
    "domain",
    "new_secret",
    "salt",
    "slots_hash",
    "table_layout",
]
