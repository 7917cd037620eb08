"""The worked examples of docs/formats are what the code reads and writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.interop.product import PRODUCT, product_witness
from verifier.calldata import abi_calldata
from zk import engine
from zk.field import R, to_limbs
from zk.formats.json import read_proof, write_proof, write_public, write_verifying_key
from zk.formats.r1cs import write_r1cs
from zk.formats.wtns import write_wtns
from zk.formats.zkey import write_zkey
from zk.groth16 import ProvingKey, development_scalar

PAGES = Path(__file__).parents[2] / "docs" / "formats"


@pytest.fixture(scope="module")
def key() -> ProvingKey:
    return engine.keygen(PRODUCT, development_scalar("alpha"), development_scalar("beta"))


def example(page: str, kind: str) -> str:
    (block,) = re.findall(rf"^```{kind}\n(.*?)\n```$", (PAGES / page).read_text(), re.S | re.M)
    return str(block)


def example_bytes(page: str) -> bytes:
    return bytes.fromhex(example(page, "hex"))


def test_r1cs() -> None:
    assert write_r1cs(PRODUCT) == example_bytes("r1cs.md")


def test_wtns() -> None:
    assert write_wtns(product_witness(3, 5)) == example_bytes("wtns.md")


def test_zkey(key: ProvingKey) -> None:
    start = example_bytes("zkey.md")
    assert len(start) == 12 + 16 + 12 + 84 + 64
    assert write_zkey(key).startswith(start)


def test_verification_key(key: ProvingKey) -> None:
    assert write_verifying_key(key.vk).startswith(example("verification_key.md", "json"))


def test_proof() -> None:
    text = example("proof.md", "json")
    assert write_proof(read_proof(text)) == text


def test_public() -> None:
    assert write_public(to_limbs([15, 0, R - 1])) == example("public.md", "json")


def test_calldata() -> None:
    start = example_bytes("calldata.md")
    assert len(start) == 4 + 96
    assert abi_calldata(read_proof(example("proof.md", "json")), [15]).startswith(start)


def test_every_page_is_linked() -> None:
    linked = set(re.findall(r"\]\(([a-z0-9_-]+\.md)\)", (PAGES / "README.md").read_text()))
    assert linked == {page.name for page in PAGES.glob("*.md")} - {"README.md"}
