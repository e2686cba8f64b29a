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
    """The first of a day begins at nothing."""
    await tx.many(
        "INSERT INTO sender_day (number, day, texts, held, answers) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (number) DO UPDATE SET day = excluded.day,"
        " texts = excluded.texts + CASE WHEN sender_day.day = excluded.day THEN sender_day.texts ELSE 0 END,"
        " held = excluded.held + CASE WHEN sender_day.day = excluded.day THEN sender_day.held ELSE 0 END,"
        " answers = excluded.answers + CASE WHEN sender_day.day = excluded.day THEN sender_day.answers ELSE 0 END",
        [(number.e164, day_of(now), each.texts, each.held, each.answers) for number, each in counts],
    )


async def forget(tx: Transaction, now: Millis) -> None:
    """Those who have not texted today; a thousand at a time, so that nobody waits for it."""
    await tx.run(
        "DELETE FROM sender_day WHERE number IN (SELECT number FROM sender_day WHERE day < $1 ORDER BY day LIMIT 1000)",
        day_of(now),
    )
