"""What a transaction locks that is not alone. PostgreSQL's words: SQLite has one writer, and nothing to lock.

Parts, then people, then conversations, each sorted: that order keeps transactions from waiting in a circle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from storage.engine import Row, Transaction
from storage.model import Seat

Conversation = tuple[str, str]  # our line, and the keyed hash of whom we text there

GATHERINGS = "SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest($1::bigint[]) AS key ORDER BY 1) AS sorted"
PEOPLE = """
    SELECT 1 FROM participant
    WHERE open = 1 AND (line, number) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY chat, side FOR NO KEY UPDATE
"""
CONVERSATIONS = """
    SELECT line, number FROM conversation
    WHERE (line, number) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY line, number FOR UPDATE
"""
BEGIN_CONVERSATIONS = """
    INSERT INTO conversation (line, number)
    SELECT line, number FROM unnest($1::text[], $2::text[]) AS each (line, number) ORDER BY line, number
    ON CONFLICT DO NOTHING
"""

IDLE = """
    DELETE FROM conversation WHERE (line, number) IN (
        SELECT line, number FROM conversation
        WHERE NOT EXISTS (
            SELECT 1 FROM outbound WHERE outbound.recipient = conversation.number AND outbound.line = conversation.line)
        LIMIT 1000)
    RETURNING 1
"""


async def gatherings(tx: Transaction, of: Iterable[tuple[Seat, str]]) -> None:
    """Long texts whose parts come in, by their writer and ref: two parts of one must not each begin it."""
    if keys := {_key(tx, seat, ref) for seat, ref in of}:
        await tx.lock(GATHERINGS, sorted(keys))


async def people(tx: Transaction, seats: Collection[Seat]) -> None:
    """Who writes, in their open chats: what is decided about a text may depend on their last."""
    if seats and not tx.alone:
        index = tx.vault.index
        await tx.lock(PEOPLE, *_columns((seat.line.e164(), index(seat.number)) for seat in seats))


async def conversations(tx: Transaction, wanted: Iterable[Conversation]) -> None:
    """Whoever adds to a conversation, or settles a text of it: ids are in the order of the commits then, and of those
    that wait the first is always known.
    """
    if tx.alone or not (missing := set(wanted)):
        return
    missing -= _found(await tx.lock(CONVERSATIONS, *_columns(missing)))
    if missing:  # the first text, or one that another process is beginning just now
        await tx.lock(BEGIN_CONVERSATIONS, *_columns(missing))
        await tx.lock(CONVERSATIONS, *_columns(missing))


async def forget(tx: Transaction, number: str) -> None:
    """A person's, by their keyed hash; the transaction is alone."""
    if tx.shared:
        await tx.run("DELETE FROM conversation WHERE number = $1", number)


async def forget_idle(tx: Transaction) -> int:
    """Those of which nothing is left; a thousand at a time. Returns how many."""
    return len(await tx.rows(IDLE)) if tx.shared else 0


def _found(rows: Iterable[Row]) -> set[Conversation]:
    return {(line, number) for line, number in rows}


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    ordered = sorted(pairs)
    return [line for line, _ in ordered], [number for _, number in ordered]


def _key(tx: Transaction, seat: Seat, ref: str) -> int:
    told_apart = f"{seat.line.e164()} {tx.vault.index(seat.number)} {ref}".encode()
    return int.from_bytes(hashlib.blake2b(told_apart, digest_size=8).digest(), signed=True)
