"""The outbox: everything that leaves waits here, in order, until its fate is known.

One text of a conversation (line, recipient) is under way at a time. Its first waiting row is the head: only a head has
a `ready_at`, and claiming walks the heads in that order, so its cost does not grow with what waits behind them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Reading, Row, Transaction
from storage.model import Claim, Kind, Millis, Outbound, Seat
from storage.number import Number

# Spelled as in the partial index of that name, or it would not be used.
WAITING = "state IN ('queued', 'sending', 'uncertain')"

ENQUEUE = f"""
    INSERT INTO outbound (line, recipient, text, kind, chat, sender, sender_line, cause, client_ref, resend,
                          not_before, created_at, changed_at, state, ready_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 'queued',
        CASE WHEN EXISTS (SELECT 1 FROM outbound WHERE recipient = $2 AND line = $1 AND {WAITING})
             THEN NULL WHEN $11 > $12 THEN $11 ELSE $12 END)
"""

# After a row has left the waiting ones: the next of its conversation may be claimed.
PROMOTE = f"""
    UPDATE outbound SET ready_at = CASE WHEN not_before > $3 THEN not_before ELSE $3 END
    WHERE ready_at IS NULL AND state = 'queued' AND id = (
        SELECT min(id) FROM outbound WHERE recipient = $2 AND line = $1 AND {WAITING})
"""

COLUMNS = """id, owner, attempt, tries, line, recipient, text, kind, client_ref, chat, sender, sender_line,
              created_at, tried_at, may_repeat"""

# Why a text is not sent after all when its turn has come.
CHAT_ENDED, OPTED_OUT, TOO_OLD = "the chat ended", "opted out", "waited too long"

# Asked of the row as it is now, not as it was queued. A relay goes only to who still sits on that line in that chat: on
# another, it would show up among somebody else's texts. The one confirmation of an opt-out (resend = 0) still goes.
# The casts keep the index: a column of the updated row has no affinity here.
CLAIM = f"""
    UPDATE outbound
    SET state = 'sending', owner = $1, attempt = attempt + 1, ready_at = NULL, changed_at = $2
    WHERE id IN (
        SELECT id FROM outbound
        WHERE line = $3 AND state = 'queued' AND ready_at IS NOT NULL AND ready_at <= $2
        ORDER BY ready_at, id LIMIT $4)
    RETURNING {COLUMNS},
              CASE WHEN kind = 'relay' AND NOT EXISTS (
                        SELECT 1 FROM participant
                        WHERE participant.number = CAST(outbound.recipient AS TEXT)
                        AND participant.line = CAST(outbound.line AS TEXT)
                        AND participant.chat = CAST(outbound.chat AS INTEGER) AND participant.open = 1)
                   THEN '{CHAT_ENDED}'
                   WHEN NOT (kind = 'reply' AND resend = 0) AND EXISTS (
                        SELECT 1 FROM opt_out WHERE opt_out.number = CAST(outbound.recipient AS TEXT))
                   THEN '{OPTED_OUT}'
                   WHEN created_at < $5 THEN '{TOO_OLD}' END
"""

# Conversations that wait without a head: there should be none, and a text must not wait for ever if there is one.
PROMOTE_ALL = f"""
    UPDATE outbound SET ready_at = CASE WHEN not_before > $1 THEN not_before ELSE $1 END
    WHERE ready_at IS NULL AND state = 'queued' AND {WAITING} AND id = (
        SELECT min(other.id) FROM outbound AS other
        WHERE other.recipient = outbound.recipient AND other.line = outbound.line
        AND other.state IN ('queued', 'sending', 'uncertain'))
"""

HELD = "WHERE id = $1 AND owner = $2 AND attempt = $3 AND state = 'sending'"


@dataclass(frozen=True, slots=True)
class Counts:
    queued: int = 0
    sending: int = 0
    uncertain: int = 0
    dead: int = 0
    oldest_queued_at: Millis | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim that Vonage accepted, with an id for each part."""

    claim: Claim
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """A claim that Vonage has certainly not taken: to be tried again, at a price in tries or not."""

    claim: Claim
    ready_at: Millis
    reason: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A claim of unknown fate. `partly`: some of its parts were taken, so it is never sent again."""

    claim: Claim
    reason: str
    partly: bool = False
    parts: int = 1  # as we count them, for Vonage has not told


@dataclass(frozen=True, slots=True)
class Buried:
    """A claim that will never arrive. `opted_out`: because the recipient wants no texts."""

    claim: Claim
    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is to be sent, and what was cancelled instead, each with the reason."""

    texts: list[Claim]
    cancelled: list[tuple[Claim, str]]


async def enqueue(tx: Transaction, texts: Sequence[tuple[Outbound, str]], now: Millis) -> None:
    """Each text with its client-ref."""
    await tx.many(ENQUEUE, [_values(text, client_ref, now) for text, client_ref in texts])


async def claim(
    tx: Transaction, *, owner: str, line: Number, limit: int, now: Millis, created_after: Millis = 0
) -> Claimed:
    """Take up to `limit` heads of a line. What should no longer be sent is cancelled instead."""
    rows = await tx.rows(CLAIM, owner, now, line.e164, limit, created_after)
    texts = [_claim(row) for row in rows if row[-1] is None]
    cancelled = [(_claim(row), row[-1]) for row in rows if row[-1] is not None]
    if not cancelled:
        return Claimed(texts, [])
    await tx.many(
        f"UPDATE outbound SET state = 'cancelled', reason = $4, changed_at = $5 {HELD}",
        [(*_proof(each), reason, now) for each, reason in cancelled],
    )
    await promote(tx, [each for each, _ in cancelled], now)
    more = await claim(tx, owner=owner, line=line, limit=limit - len(texts), now=now, created_after=created_after)
    return Claimed(texts + more.texts, cancelled + more.cancelled)


async def due_lines(reading: Reading, lines: Sequence[Number]) -> dict[Number, Millis]:
    """When the first head of each of these lines may be claimed."""
    rows = await reading.rows(
        "SELECT each.value, (SELECT min(ready_at) FROM outbound"
        " WHERE line = each.value AND state = 'queued' AND ready_at IS NOT NULL)"
        f" FROM {reading.each}",
        json.dumps([line.e164 for line in lines]),
    )
    return {Number(line): ready_at for line, ready_at in rows if ready_at is not None}


async def accept(tx: Transaction, sent: Sequence[Sent], now: Millis) -> None:
    await tx.many(
        "UPDATE outbound SET state = 'accepted', parts = $4, reason = NULL, tries = tries + 1,"
        f" tried_at = COALESCE(tried_at, $5), changed_at = $5 {HELD}",
        [(*_proof(each.claim), len(each.message_ids), now) for each in sent],
    )
    # A receipt may have been here first: an orphan's word is taken up with the part it belongs to.
    await tx.many(
        "INSERT INTO sent_part (message_id, outbound, status, rank, err_code, changed_at)"
        " SELECT $1, $2, COALESCE(orphan.status, 'submitted'), COALESCE(orphan.rank, 0), orphan.err_code, $3"
        " FROM (SELECT 1) LEFT JOIN orphan_receipt AS orphan ON orphan.message_id = $1 WHERE TRUE"
        " ON CONFLICT DO NOTHING",
        [(message_id, each.claim.id, now) for each in sent for message_id in each.message_ids],
    )
    await promote(tx, [each.claim for each in sent], now)


async def put_back(tx: Transaction, back: Sequence[Back], now: Millis) -> None:
    await tx.many(
        "UPDATE outbound SET state = 'queued', ready_at = $4, reason = $5, tries = tries + $6,"
        f" tried_at = CASE WHEN $6 = 1 THEN COALESCE(tried_at, $7) ELSE tried_at END, changed_at = $7 {HELD}",
        [(*_proof(each.claim), each.ready_at, each.reason, int(each.counts), now) for each in back],
    )


async def doubt(tx: Transaction, doubtful: Sequence[Doubtful], now: Millis) -> None:
    """Nobody knows. The conversation waits behind it: for a receipt, or for the one repeat."""
    await tx.many(
        "UPDATE outbound SET state = 'uncertain', reason = $4, tries = tries + 1, resend = resend * $5,"
        f" parts = COALESCE(parts, $7), tried_at = COALESCE(tried_at, $6), changed_at = $6 {HELD}",
        [(*_proof(each.claim), each.reason, int(not each.partly), now, each.parts) for each in doubtful],
    )


async def bury(tx: Transaction, buried: Sequence[Buried], now: Millis) -> None:
    await tx.many(
        f"UPDATE outbound SET state = 'dead', reason = $4, changed_at = $5 {HELD}",
        [(*_proof(each.claim), each.reason, now) for each in buried],
    )
    await promote(tx, [each.claim for each in buried], now)


async def promote(tx: Transaction, settled: Sequence[Claim], now: Millis) -> None:
    await tx.many(PROMOTE, [(each.line.e164, each.recipient.e164, now) for each in settled])


async def recover(tx: Transaction, now: Millis) -> int:
    """At start: what an earlier run was sending is of unknown fate. Returns how many."""
    rows = await tx.rows(
        "UPDATE outbound SET state = 'uncertain', reason = 'the service stopped while sending', tries = tries + 1,"
        " tried_at = COALESCE(tried_at, $1), changed_at = $1 WHERE state = 'sending' RETURNING id",
        now,
    )
    await tx.run(PROMOTE_ALL, now)
    return len(rows)


async def end_doubt(tx: Transaction, *, before: Millis, now: Millis) -> list[Claim]:
    """Doubts older than `before`: queued once more and marked; the second time, dead. Returns the dead."""
    await tx.run(
        "UPDATE outbound SET state = 'queued', ready_at = $2, may_repeat = 1, changed_at = $2"
        " WHERE state = 'uncertain' AND changed_at <= $1 AND resend = 1 AND may_repeat = 0",
        before, now,
    )  # fmt: skip
    rows = await tx.rows(
        "UPDATE outbound SET state = 'dead', changed_at = $2 WHERE state = 'uncertain' AND changed_at <= $1"
        f" RETURNING {COLUMNS}",
        before, now,
    )  # fmt: skip
    dead = [_claim(row) for row in rows]
    await promote(tx, dead, now)
    return dead


async def expire(tx: Transaction, *, lines: Sequence[Number], now: Millis) -> list[Claim]:
    """Give up on what waits on lines that are no longer ours. Returns it."""
    ours = json.dumps([line.e164 for line in lines])
    lost = f"line NOT IN (SELECT each.value FROM {tx.each})"
    if not await tx.rows(
        f"SELECT 1 FROM outbound WHERE state = 'queued' AND ready_at IS NOT NULL AND {lost} LIMIT 1", ours
    ):
        return []  # nearly always: the heads are few, and tell
    rows = await tx.rows(
        "UPDATE outbound SET state = 'cancelled', ready_at = NULL, changed_at = $2, reason = 'the line is not ours'"
        f" WHERE state = 'queued' AND {WAITING} AND {lost} RETURNING {COLUMNS}",
        ours, now,
    )  # fmt: skip
    return [_claim(row) for row in rows]


async def next_doubt(reading: Reading) -> Millis | None:
    """Since when the oldest doubt lasts."""
    row = await reading.row("SELECT min(changed_at) FROM outbound WHERE state = 'uncertain'")
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


async def counts(reading: Reading) -> Counts:
    """A text held back on purpose counts as waiting from when it may leave."""
    rows = await reading.rows(
        "SELECT state, count(*), min(CASE WHEN not_before > created_at THEN not_before ELSE created_at END)"
        " FROM outbound WHERE state IN ('queued', 'sending', 'uncertain', 'dead') GROUP BY state"
    )
    oldest = {state: since for state, _, since in rows}
    return Counts(**{state: count for state, count, _ in rows}, oldest_queued_at=oldest.get("queued"))


def _values(text: Outbound, client_ref: str, now: Millis) -> tuple[object, ...]:
    sender = text.sender
    return (
        text.line.e164,
        text.recipient.e164,
        text.text,
        text.kind.value,
        text.chat,
        sender and sender.number.e164,
        sender and sender.line.e164,
        text.cause,
        client_ref,
        int(text.resend),
        text.not_before,
        now,
    )


def _proof(claim: Claim) -> tuple[int, str, int]:
    return (claim.id, claim.owner, claim.attempt)


def _claim(row: Row) -> Claim:
    return Claim(
        id=row[0],
        owner=row[1] or "",
        attempt=row[2],
        tries=row[3],
        line=Number(row[4]),
        recipient=Number(row[5]),
        text=row[6],
        kind=Kind(row[7]),
        client_ref=row[8],
        chat=row[9],
        sender=None if row[10] is None else Seat(Number(row[10]), Number(row[11])),
        created_at=row[12],
        tried_at=row[13],
        may_repeat=bool(row[14]),
    )
