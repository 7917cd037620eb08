"""What a cheating prover may try in the linear margin statements: `LIES`, one entry per lie."""

from __future__ import annotations

from tests.security.lies import lanes, rows, slots, tables
from tests.security.lies.catalogue import Lie

LIES: tuple[Lie, ...] = (*slots.LIES, *rows.LIES, *tables.LIES, *lanes.LIES)
