"""Admins that were added by text. Those of the settings are not in the database; whoever asks brings them along."""

from __future__ import annotations

from collections.abc import Collection

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number


async def add(tx: Transaction, number: Number, *, by: Number, now: Millis) -> None:
    await tx.run(
        "INSERT INTO admin (number, added_by, added_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        number.e164, by.e164, now,
    )  # fmt: skip


async def remove(tx: Transaction, number: Number) -> None:
    await tx.run("DELETE FROM admin WHERE number = $1", number.e164)


async def added(reading: Reading) -> list[Number]:
    """In the order they were added."""
    return [Number(number) for (number,) in await reading.rows("SELECT number FROM admin ORDER BY added_at, number")]


async def everyone(reading: Reading, settled: Collection[Number]) -> list[Number]:
    """Those of the settings, then those who were added; nobody twice."""
    return list(dict.fromkeys([*sorted(settled), *await added(reading)]))
