"""Whose texts are dropped, and until when."""

from __future__ import annotations

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number

FOR_EVER: Millis = 253_402_300_799_999  # the last millisecond of the year 9999


async def block(tx: Transaction, number: Number, *, by: Number, until: Millis, now: Millis) -> None:
    """The newest end counts."""
    await tx.run(
        "INSERT INTO block (number, sealed, tail, blocked_by, blocked_at, until) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (number) DO UPDATE SET blocked_by = excluded.blocked_by, blocked_at = excluded.blocked_at,"
        " until = excluded.until",
        tx.vault.index(number), tx.vault.seal_number(number), tx.vault.tail_index(number.e164()), tx.vault.index(by),
        now, until,
    )  # fmt: skip


async def unblock(tx: Transaction, number: Number) -> None:
    await tx.run("DELETE FROM block WHERE number = $1", tx.vault.index(number))


async def blocked_until(reading: Reading, number: Number, now: Millis) -> Millis | None:
    """None: not blocked, or not any more."""
    row = await reading.row(
        "SELECT until FROM block WHERE number = $1 AND until > $2", reading.vault.index(number), now
    )
    return None if row is None else int(row[0])


async def ending_in(reading: Reading, tail: str, now: Millis) -> list[Number]:
    """The blocked people whose number ends in these four digits."""
    tail_index = reading.vault.tail_index(tail)
    rows = await reading.rows("SELECT number, sealed FROM block WHERE until > $2 AND tail = $1", tail_index, now)
    return [reading.vault.number(*row) for row in rows]


async def forget(tx: Transaction, *, before: Millis) -> None:
    """Those that ended by themselves long ago."""
    await tx.run("DELETE FROM block WHERE until < $1", before)
