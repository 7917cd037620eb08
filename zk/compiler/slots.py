"""What a compiled circuit keeps of its declared inputs; without the compiler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputSlot:
    """One scalar input: its path (`slots[3].key`), type name, width, visibility."""

    path: str
    kind: str
    bits: int
    public: bool
    context: bool
