"""What left on each day (UTC), and what Vonage said it costs."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine import Reading, Row, Transaction
from storage.model import Millis
from storage.senders import day_of


@dataclass(frozen=True, slots=True)
class Spent:
    """`money`: in hundred-millionths of the account's currency. `told`: the percentage of a cap the admins know of."""

    day: int
    texts: int = 0
    money: int = 0
    told: int = 0


async def add(tx: Transaction, *, texts: int, money: int, now: Millis) -> Spent:
    """Count what Vonage has taken; returns the day so far."""
    row = await tx.row(
        "INSERT INTO spent_day (day, texts, money) VALUES ($1, $2, $3)"
        " ON CONFLICT (day) DO UPDATE SET texts = spent_day.texts + excluded.texts,"
        " money = spent_day.money + excluded.money RETURNING day, texts, money, told",
        day_of(now), texts, money,
    )  # fmt: skip
    assert row is not None
    return _spent(row)


async def today(reading: Reading, now: Millis) -> Spent:
    row = await reading.row("SELECT day, texts, money, told FROM spent_day WHERE day = $1", day_of(now))
    return Spent(day_of(now)) if row is None else _spent(row)


async def tell(tx: Transaction, spent: Spent, told: int) -> None:
    """Remember of which percentage the admins know."""
    await tx.run("UPDATE spent_day SET told = $2 WHERE day = $1", spent.day, told)


def _spent(row: Row) -> Spent:
    return Spent(*row)
