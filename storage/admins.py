"""Admins that were added by text. Those of the settings are not in the database; whoever asks brings them along."""

from __future__ import annotations

from collections.abc import Collection

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number


async def add(tx: Transaction, number: Number, *, by: Number, now: Millis) -> None:
    await tx.run(
        "INSERT INTO admin (number, sealed, added_by, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        tx.vault.index(number), tx.vault.seal_number(number), tx.vault.index(by), now,
    )  # fmt: skip


async def remove(tx: Transaction, number: Number) -> None:
    await tx.run("DELETE FROM admin WHERE number = $1", tx.vault.index(number))


async def added(reading: Reading) -> list[Number]:
    """In the order they were added."""
    rows = await reading.rows("SELECT number, sealed FROM admin ORDER BY added_at, number")
    return [reading.vault.number(*row) for row in rows]


async def everyone(reading: Reading, settled: Collection[Number]) -> list[Number]:
    """Those of the settings, then those who were added; nobody twice."""
    return list(dict.fromkeys([*sorted(settled), *await added(reading)]))
