"""A write for its own sake, to see whether the database takes anything."""

from __future__ import annotations

from storage.engine import Transaction
from storage.model import Millis


async def beat(tx: Transaction, now: Millis) -> None:
    await tx.run("INSERT INTO pulse (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at", now)
