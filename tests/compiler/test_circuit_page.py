"""The example of docs/formats/circuit.md, to the byte."""

from __future__ import annotations

from pathlib import Path

from zk import Circuit, Field, compile, private, public
from zk.compiler.witness import Op
from zk.formats.circuit import save_circuit

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "circuit.md").read_text()


class Product(Circuit):
    """The page's circuit; its name and these inputs are in the file."""

    z: Field = public()
    x: Field = private()
    y: Field = private()

    def define(self, cs) -> None:
        with cs.obligation("the product"):
            cs.assert_product(self.x, self.y, self.z)


def hexdump(data: bytes) -> str:
    """Sixteen bytes a line, and their letters."""
    lines = []
    for i in range(0, len(data), 16):
        part = data[i : i + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{i:04x}  {part.hex(' '):47}  {letters}".rstrip())
    return "\n".join(lines)


def test_the_pages_bytes(tmp_path: Path) -> None:
    circuit = compile(Product())
    save_circuit(tmp_path / "product.zkc", circuit)
    data = (tmp_path / "product.zkc").read_bytes()
    # The source line is this file's: the page shows the file without the two sections about it.
    assert hexdump(data[: data.index(b"debug\0\0\0")]) in PAGE
    assert f"{circuit.digest:#066x}" in PAGE


def test_the_page_names_every_operation() -> None:
    for op in Op:
        assert f"| {op.value} | {op.name} |" in PAGE
