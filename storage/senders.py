"""How much each person has texted today: counted with the texts themselves, so that no restart forgets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Transaction
from storage.model import Millis
from storage.number import Number

DAY: Millis = 24 * 3600 * 1000


@dataclass(slots=True)
class Count:
    """Of one person's texts: passed on or answered, held above the limit, and answers to somebody in no chat."""

    texts: int = 0
    held: int = 0
    answers: int = 0


def day_of(now: Millis) -> int:
    """Days since 1970, UTC."""
    return now // DAY


async def add(tx: Transaction, counts: Sequence[tuple[Number, Count]], now: Millis) -> None:
    day = day_of(now)
    await tx.many(
        "INSERT INTO sender_day (day, number, texts, held, answers) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (day, number) DO UPDATE SET texts = sender_day.texts + excluded.texts,"
        " held = sender_day.held + excluded.held, answers = sender_day.answers + excluded.answers",
        [(day, tx.vault.index(number), each.texts, each.held, each.answers) for number, each in counts],
    )


async def forget(tx: Transaction, now: Millis) -> None:
    """The days before this one; a thousand at a time, so that nobody waits for it."""
    await tx.run(
        "DELETE FROM sender_day WHERE (day, number) IN"
        " (SELECT day, number FROM sender_day WHERE day < $1 ORDER BY day LIMIT 1000)",
        day_of(now),
    )
