"""Texts of unknown fate: what nobody answers for any more, and how a doubt ends."""

from __future__ import annotations

import json
from collections.abc import Collection

from storage.engine import Reading, Transaction
from storage.model import Claim, Millis
from storage.number import Number
from storage.outbox import COLUMNS, UNDER_WAY, WAITING, claim_of, promote
from storage.transitions import Event, becomes, may

# Conversations that wait without a head: there should be none, and a text must not wait for ever if there is one.
PROMOTE_ALL = f"""
    UPDATE outbound SET ready_at = CASE WHEN not_before > $1 THEN not_before ELSE $1 END
    WHERE ready_at IS NULL AND state = 'queued' AND {WAITING} AND id = (
        SELECT min(other.id) FROM outbound AS other
        WHERE other.recipient = outbound.recipient AND other.line = outbound.line
        AND other.state IN ('queued', 'sending', 'uncertain'))
    AND NOT EXISTS (
        SELECT 1 FROM outbound AS other
        WHERE other.line = outbound.line AND other.recipient = outbound.recipient
        AND other.state IN ('sending', 'uncertain'))
"""


async def unanswered(reading: Reading, *, before: Millis | None) -> list[Claim]:
    """Claims older than `before`, whose answer was lost on our side; None: all, for the run that made them is over."""
    rows = await reading.rows(
        f"SELECT {COLUMNS} FROM outbound WHERE {may(Event.DOUBTED)} AND {UNDER_WAY}"
        " AND changed_at <= COALESCE($1, changed_at)",
        before,
    )
    return [claim_of(reading, row) for row in rows]


async def left_behind(reading: Reading, *, lines: Collection[Number], owner: str) -> list[Claim]:
    """Claims on these lines by whoever held them before this owner."""
    rows = await reading.rows(
        f"SELECT {COLUMNS} FROM outbound WHERE {may(Event.DOUBTED)} AND {UNDER_WAY} AND owner <> $2"
        f" AND line IN (SELECT each.value FROM {reading.each})",
        json.dumps([line.e164() for line in lines]), owner,
    )  # fmt: skip
    return [claim_of(reading, row) for row in rows]


async def give_heads(tx: Transaction, now: Millis) -> None:
    await tx.run(PROMOTE_ALL, now)


async def end_doubt(tx: Transaction, *, before: Millis, now: Millis) -> list[Claim]:
    """Doubts older than `before`: queued once more and marked; the second time, dead. Returns the dead."""
    await tx.run(
        f"UPDATE outbound SET {becomes(Event.REPEATED)}, ready_at = $2, may_repeat = 1, changed_at = $2"
        f" WHERE {may(Event.REPEATED)} AND changed_at <= $1 AND resend = 1 AND may_repeat = 0",
        before, now,
    )  # fmt: skip
    rows = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.BURIED)}, changed_at = $2"
        f" WHERE {may(Event.BURIED)} AND changed_at <= $1 RETURNING {COLUMNS}",
        before, now,
    )  # fmt: skip
    dead = [claim_of(tx, row) for row in rows]
    await promote(tx, dead, now)
    return dead


async def oldest(reading: Reading) -> Millis | None:
    """Since when the oldest doubt lasts."""
    row = await reading.row("SELECT min(changed_at) FROM outbound WHERE state = 'uncertain'")
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


async def oldest_claim(reading: Reading) -> Millis | None:
    """Since when the oldest of those being sent is."""
    row = await reading.row(f"SELECT min(changed_at) FROM outbound WHERE state = 'sending' AND {UNDER_WAY}")
    assert row is not None
    return row[0]  # type: ignore[no-any-return]
