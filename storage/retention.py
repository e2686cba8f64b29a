"""What is old goes: texts first, then who was in touch with whom; a thousand rows at a time, so that nobody waits.

Texts to send are walked by their ids, which follow their age: from the oldest on, up to the first that is too young or
still waits. That needs no index on the busiest table, and costs nothing where nothing is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from storage.engine import Reading, Row, Transaction
from storage.model import Millis, State
from storage.transitions import Event, becomes, may

ROWS = 1000  # in one transaction: about fifteen milliseconds
UNSETTLED = (State.QUEUED, State.SENDING, State.UNCERTAIN)
EMPTY = ""  # opened_by of a chat of which nothing is left but its id

# What is asked about the last day or less, and worth nothing afterwards.
FLEETING = (
    "DELETE FROM told WHERE at < $1",
    "DELETE FROM undoable WHERE at < $1",
    "DELETE FROM code_event WHERE at < $1",
    "DELETE FROM code_lock WHERE until < $1",
    "DELETE FROM pending_code WHERE expires_at < $1",
    "DELETE FROM list_page WHERE turned_at < $1",
)


async def forget_words(tx: Transaction, *, before: Millis) -> int:
    """Of texts that are settled. A failed one is dismissed first: there is nothing left to send again."""
    through = await _through(tx)
    rows = await tx.rows(f"SELECT id, state, created_at FROM outbound WHERE id > $1 ORDER BY id LIMIT {ROWS}", through)
    if not (old := _oldest(rows, before)):
        return 0
    last = old[-1]
    await tx.run(
        f"UPDATE outbound SET {becomes(Event.DISMISSED)} WHERE {may(Event.DISMISSED)} AND id > $1 AND id <= $2",
        through, last,
    )  # fmt: skip
    await tx.run("UPDATE outbound SET text = NULL WHERE id > $1 AND id <= $2 AND text IS NOT NULL", through, last)
    await tx.run(
        "INSERT INTO retention (what, through) VALUES ('texts', $1)"
        " ON CONFLICT (what) DO UPDATE SET through = excluded.through",
        last,
    )
    return len(old)


async def forget_kept(tx: Transaction, *, before: Millis) -> int:
    """Texts that went nowhere, and long ones that have gone out."""
    kept = await tx.rows(
        "DELETE FROM kept WHERE received_at < $1"
        f" AND id IN (SELECT id FROM kept ORDER BY id LIMIT {ROWS}) RETURNING id",
        before,
    )
    gathered = await tx.rows(
        "DELETE FROM gathering WHERE due_at IS NULL AND started_at < $1"
        f" AND id IN (SELECT id FROM gathering ORDER BY id LIMIT {ROWS}) RETURNING id",
        before,
    )
    return max(len(kept), len(gathered))


async def forget_sent(tx: Transaction, *, before: Millis) -> int:
    """Texts that are settled, as a whole, and what Vonage said of them."""
    rows = await tx.rows(f"SELECT id, state, created_at FROM outbound ORDER BY id LIMIT {ROWS}")
    if not (old := _oldest(rows, before)):
        return 0
    await tx.run("DELETE FROM outbound WHERE id <= $1", old[-1])
    return len(old)


async def forget_chats(tx: Transaction, *, before: Millis) -> int:
    """Who was in chats that were closed long ago. Not before their texts: whose these are is found by it."""
    oldest = await tx.row("SELECT created_at FROM outbound ORDER BY id LIMIT 1")
    rows = await tx.rows(
        f"SELECT id FROM chat WHERE open = 0 AND opened_by <> '{EMPTY}' AND closed_at < $1"
        f" ORDER BY closed_at LIMIT {ROWS}",
        before if oldest is None else min(before, oldest[0]),
    )
    await empty(tx, [chat for (chat,) in rows])
    return len(rows)


async def empty(tx: Transaction, chats: Iterable[int]) -> None:
    """Leave nothing of these closed chats but their ids and times."""
    each = [(chat,) for chat in chats]
    await tx.many("DELETE FROM participant WHERE chat = $1", each)
    await tx.many("DELETE FROM undoable WHERE chat = $1", each)
    await tx.many(f"UPDATE chat SET label = NULL, opened_by = '{EMPTY}', paused_reason = NULL WHERE id = $1", each)


async def forget_uses(tx: Transaction, *, before: Millis) -> int:
    """With whom people had their last chat on a line."""
    rows = await tx.rows(
        "DELETE FROM line_use WHERE (number, line) IN"
        f" (SELECT number, line FROM line_use WHERE ended_at < $1 ORDER BY ended_at LIMIT {ROWS}) RETURNING line",
        before,
    )
    return len(rows)


async def forget_fleeting(tx: Transaction, *, before: Millis) -> None:
    for statement in FLEETING:
        await tx.run(statement, before)


async def ask_rewrite(tx: Transaction, now: Millis) -> None:
    """Remember, across restarts, that the file has to be written anew."""
    await tx.run("INSERT INTO retention (what, through) VALUES ('rewrite', $1) ON CONFLICT DO NOTHING", now)


async def is_rewrite_asked(reading: Reading) -> bool:
    return await reading.row("SELECT 1 FROM retention WHERE what = 'rewrite'") is not None


async def rewritten(tx: Transaction) -> None:
    await tx.run("DELETE FROM retention WHERE what = 'rewrite'")


async def _through(reading: Reading) -> int:
    row = await reading.row("SELECT through FROM retention WHERE what = 'texts'")
    return 0 if row is None else int(row[0])


def _oldest(rows: Iterable[Row], before: Millis) -> list[int]:
    """The ids, in their order, up to the first row that is too young or still waits."""
    return [id for id, *_ in takewhile(lambda row: row[2] < before and row[1] not in UNSETTLED, rows)]
