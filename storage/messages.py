"""The outbox as an operator sees it: what became of each text, never its words; and what may be done about the dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Reading, Row, Transaction
from storage.model import Kind, Millis, State
from storage.number import Number
from storage.outbox import PROMOTE, WAITING
from storage.transitions import Event, becomes, may

RESTORED = "held after a restore"
LISTED = (State.QUEUED, State.SENDING, State.UNCERTAIN, State.DEAD)  # what is not settled, and an index holds

SELECT = """
    SELECT outbound.id, outbound.line, outbound.recipient, outbound.kind, outbound.chat, outbound.state,
           outbound.reason, outbound.tries, outbound.may_repeat, outbound.doubted, outbound.created_at,
           outbound.changed_at, outbound.recipient_sealed
    FROM outbound
"""
UNSETTLED = "state IN ('queued', 'sending', 'uncertain', 'dead')"  # spelled as in the partial index


@dataclass(frozen=True, slots=True)
class Message:
    """`may_repeat`: the recipient may have got it twice. `doubted`: nobody knew of a try if it was taken."""

    id: int
    line: Number
    recipient: Number
    kind: Kind
    chat: int | None
    state: State
    reason: str | None
    tries: int
    may_repeat: bool
    doubted: bool
    created_at: Millis
    changed_at: Millis


async def find(reading: Reading, message: int) -> Message | None:
    row = await reading.row(SELECT + "WHERE id = $1", message)
    return None if row is None else _message(reading, row)


async def last_to(reading: Reading, number: Number) -> Message | None:
    """The last text that was written to somebody, whatever became of it."""
    row = await reading.row(SELECT + "WHERE recipient = $1 ORDER BY id DESC LIMIT 1", reading.vault.index(number))
    return None if row is None else _message(reading, row)


async def in_state(reading: Reading, state: State, *, after: int = 0, limit: int = 50) -> list[Message]:
    """In the order they were written; `state` is one of LISTED."""
    rows = await reading.rows(
        SELECT + f"WHERE state = $1 AND {UNSETTLED} AND id > $2 ORDER BY id LIMIT $3", state.value, after, limit
    )
    return [_message(reading, row) for row in rows]


async def count_dead(reading: Reading) -> int:
    row = await reading.row(f"SELECT count(*) FROM outbound WHERE state = '{State.DEAD}' AND {UNSETTLED}")
    assert row is not None
    return int(row[0])


async def resend(tx: Transaction, messages: Sequence[Message], now: Millis) -> None:
    """Each of these that is dead goes out again, in its old place; marked where the first may have arrived."""
    # What waits behind it must wait again: two heads of a conversation would be under way at once. A pause that the
    # first of them was in is forgotten; it is tried once this has left.
    await tx.many(
        "UPDATE outbound SET ready_at = NULL"
        f" WHERE line = $1 AND recipient = $2 AND id > $3 AND state = 'queued' AND {WAITING}"
        f" AND EXISTS (SELECT 1 FROM outbound WHERE id = $3 AND {may(Event.RESENT)})",
        [(each.line.e164(), tx.vault.index(each.recipient), each.id) for each in messages],
    )
    # What was said of the tries before must not settle this one.
    await tx.many(
        "DELETE FROM sent_part"
        f" WHERE outbound = $1 AND EXISTS (SELECT 1 FROM outbound WHERE id = $1 AND {may(Event.RESENT)})",
        [(each.id,) for each in messages],
    )
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.RESENT)}, ready_at = NULL, not_before = $2, tries = 0, tried_at = NULL,"
        " may_repeat = CASE WHEN doubted = 1 THEN 1 ELSE may_repeat END, reason = NULL, changed_at = $2"
        f" WHERE id = $1 AND {may(Event.RESENT)}",
        [(each.id, now) for each in messages],
    )
    await tx.many(PROMOTE, [(each.line.e164(), tx.vault.index(each.recipient), now) for each in messages])


async def dismiss(tx: Transaction, messages: Sequence[Message], now: Millis) -> None:
    """Each of these that is dead counts no longer; nobody is told."""
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.DISMISSED)}, changed_at = $2 WHERE id = $1 AND {may(Event.DISMISSED)}",
        [(each.id, now) for each in messages],
    )


async def hold_all(tx: Transaction, now: Millis) -> int:
    """After a restore: what was unfinished when the backup was made may have gone out since. Returns how many."""
    rows = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.HELD)}, doubted = 1, ready_at = NULL, changed_at = $1,"
        f" reason = '{RESTORED}' WHERE {may(Event.HELD)} RETURNING id",
        now,
    )
    return len(rows)


def _message(reading: Reading, row: Row) -> Message:
    return Message(
        id=row[0],
        line=Number(row[1]),
        recipient=reading.vault.number(row[2], row[12]),
        kind=Kind(row[3]),
        chat=row[4],
        state=State(row[5]),
        reason=row[6],
        tries=row[7],
        may_repeat=bool(row[8]),
        doubted=bool(row[9]),
        created_at=row[10],
        changed_at=row[11],
    )
