"""The outbox: everything that leaves waits here, in order, until its fate is known.

One text of a conversation (line, recipient) is under way at a time. Its first waiting row is the head: only a head has
a `ready_at`, and claiming walks the heads in that order, so its cost does not grow with what waits behind them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from storage import locks
from storage.engine import Reading, Row, Transaction
from storage.model import Claim, Kind, Millis, Outbound, Seat, State
from storage.number import Number
from storage.transitions import Event, becomes, may
from storage.vault import CannotOpen, Vault

# Spelled as in the partial indexes of that name, or they would not be used.
WAITING = "state IN ('queued', 'sending', 'uncertain')"
UNDER_WAY = "state IN ('sending', 'uncertain')"

ENQUEUE = f"""
    INSERT INTO outbound (line, recipient, text, kind, chat, sender, sender_line, cause, client_ref, resend,
                          not_before, created_at, changed_at, recipient_sealed, sender_sealed, state, ready_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, 'queued',
        CASE WHEN EXISTS (SELECT 1 FROM outbound WHERE recipient = $2 AND line = $1 AND {WAITING})
             THEN NULL WHEN CAST($11 AS BIGINT) > CAST($12 AS BIGINT) THEN $11 ELSE $12 END)
"""

# After a row has left the waiting ones: the next of its conversation may be claimed, unless one is under way.
PROMOTE = f"""
    UPDATE outbound SET ready_at = CASE WHEN not_before > $3 THEN not_before ELSE $3 END
    WHERE ready_at IS NULL AND state = 'queued'
    AND id = (SELECT min(id) FROM outbound WHERE recipient = $2 AND line = $1 AND {WAITING})
    AND NOT EXISTS (SELECT 1 FROM outbound WHERE line = $1 AND recipient = $2 AND {UNDER_WAY})
"""

COLUMNS = """outbound.id, owner, attempt, tries, line, recipient, recipient_sealed, text, kind, client_ref, chat,
              sender, sender_sealed, sender_line, created_at, tried_at, may_repeat"""

# Why a text is not sent after all when its turn has come.
CHAT_ENDED, OPTED_OUT, TOO_OLD, PAUSED = "the chat ended", "opted out", "waited too long", "the chat is paused"
UNREADABLE = "its text in the database is damaged"

# Asked when its turn has come, not when it was queued. A relay goes only to who still sits on that line in that chat:
# on another, it would show up among somebody else's texts. The one confirmation of an opt-out still goes: resend
# = 0, and no older than the opt-out, for an answer that left in part has resend = 0 as well.
# A text that was sent again by an operator is as old as that. A relay of a paused chat is put aside as failed.
MOST = "LIMIT $4"
DUE = "ready_at IS NOT NULL AND ready_at <= $2"
# MATERIALIZED: else PostgreSQL may look for the heads once for each row, and take more than it should.
CLAIM = f"""
    WITH head AS MATERIALIZED (SELECT id,
            CASE WHEN kind = 'relay' AND NOT EXISTS (
                    SELECT 1 FROM participant
                    WHERE participant.number = text.recipient AND participant.line = text.line
                    AND participant.chat = text.chat AND participant.open = 1)
                 THEN '{CHAT_ENDED}'
                 WHEN kind = 'relay' AND EXISTS (
                    SELECT 1 FROM chat WHERE chat.id = text.chat AND chat.paused_at IS NOT NULL)
                 THEN '{PAUSED}'
                 WHEN EXISTS (
                    SELECT 1 FROM opt_out WHERE opt_out.number = text.recipient
                    AND NOT (text.kind = 'reply' AND text.resend = 0 AND text.created_at >= opt_out.at))
                 THEN '{OPTED_OUT}'
                 WHEN created_at < $5 AND not_before < $5 THEN '{TOO_OLD}' END AS why
          FROM outbound AS text
          WHERE line = $3 AND {may(Event.CLAIMED)} AND {DUE}
          ORDER BY ready_at, id {MOST})
    UPDATE outbound
    SET state = CASE WHEN head.why IS NULL THEN '{State.SENDING}' WHEN head.why = '{PAUSED}' THEN '{State.DEAD}'
                ELSE '{State.CANCELLED}' END,
        reason = COALESCE(head.why, outbound.reason),
        owner = $1, attempt = attempt + 1, ready_at = NULL, changed_at = $2
    FROM head WHERE outbound.id = head.id
    RETURNING {COLUMNS}, state, reason
"""

# Where nothing else may leave: what we say to an admin, and the one confirmation of an opt-out. A relay to an admin
# goes only where such an answer waits behind it.
URGENT = """
    (kind = 'reply' AND resend = 0 OR recipient IN (SELECT each.value FROM {each}) AND (kind <> 'relay' OR EXISTS (
        SELECT 1 FROM outbound AS behind
        WHERE behind.recipient = text.recipient AND behind.line = text.line AND behind.id > text.id
        AND behind.kind <> 'relay' AND behind.state IN ('queued', 'sending', 'uncertain'))))
"""

# A text that tells somebody of a new partner is what lets theirs be passed on, once Vonage has it.
INTRODUCING = "UPDATE participant SET introduction = $3 WHERE chat = $1 AND side = $2"
INTRODUCED = """
    UPDATE participant
    SET introduction = NULL, fresh_from = CASE WHEN fresh_from > $2 THEN fresh_from ELSE $2 END
    WHERE introduction = $1
"""

THE_CLAIM = "id = $1 AND owner = $2 AND attempt = $3"  # an answer settles nothing but the claim it answers


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
    price: int = 0  # of all parts together, in hundred-millionths of the account's currency


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
    """What is to be sent, and what was cancelled or put aside instead, each with the reason."""

    texts: list[Claim]
    cancelled: list[tuple[Claim, str]]


async def enqueue(tx: Transaction, texts: Sequence[tuple[Outbound, str]], now: Millis) -> None:
    """Each text with its client-ref."""
    await locks.conversations(tx, [(text.line.e164(), tx.vault.index(text.recipient)) for text, _ in texts])
    await tx.many(ENQUEUE, [_values(tx.vault, text, client_ref, now) for text, client_ref in texts])
    await tx.many(
        INTRODUCING,
        [(text.chat, text.introduces.value, ref) for text, ref in texts if text.introduces is not None],
    )


async def hold(tx: Transaction, claims: Iterable[Claim]) -> None:
    """Before these are settled: nobody adds to their conversations, or notes a receipt, until the end."""
    await locks.conversations(tx, [(each.line.e164(), tx.vault.index(each.recipient)) for each in claims])


async def claim(
    tx: Transaction,
    *,
    owner: str,
    line: Number,
    limit: int,
    now: Millis,
    created_after: Millis = 0,
    urgent_for: Collection[Number] | None = None,
) -> Claimed:
    """Take up to `limit` heads of a line. What should no longer be sent is cancelled instead.

    `urgent_for`: nothing but what is said to these, and confirmations of opt-outs; None: whatever is due.
    """
    statement, values = CLAIM.replace(MOST, f"{MOST} {tx.unlocked}"), (owner, now, line.e164(), limit, created_after)
    if urgent_for is None:
        rows = await tx.rows(statement, *values)
    else:
        admins = URGENT.format(each=tx.each.replace("$1", "$6"))
        rows = await tx.rows(
            statement.replace(DUE, f"{DUE} AND {admins}"), *values, json.dumps(list(map(tx.vault.index, urgent_for)))
        )
    claims = [(claim_of(tx, row), row[-1] if row[-2] != State.SENDING else None) for row in rows]
    texts = [each for each, why in claims if why is None and each.text]
    unreadable = [each for each, why in claims if why is None and not each.text]
    if unreadable:
        await hold(tx, unreadable)
        await bury(tx, [Buried(each, UNREADABLE) for each in unreadable], now)
    cancelled = [(each, why) for each, why in claims if why] + [(each, UNREADABLE) for each in unreadable]
    if not cancelled:
        return Claimed(texts, [])
    await hold(tx, [each for each, _ in cancelled])
    await promote(tx, [each for each, _ in cancelled], now)
    more = await claim(
        tx, owner=owner, line=line, limit=limit - len(texts), now=now, created_after=created_after,
        urgent_for=urgent_for,
    )  # fmt: skip
    return Claimed(texts + more.texts, cancelled + more.cancelled)


async def due_lines(reading: Reading, lines: Sequence[Number]) -> dict[Number, Millis]:
    """When the first head of each of these lines may be claimed."""
    rows = await reading.rows(
        "SELECT each.value, (SELECT min(ready_at) FROM outbound"
        " WHERE line = each.value AND state = 'queued' AND ready_at IS NOT NULL)"
        f" FROM {reading.each}",
        json.dumps([line.e164() for line in lines]),
    )
    return {Number(line): ready_at for line, ready_at in rows if ready_at is not None}


async def accept(tx: Transaction, sent: Sequence[Sent], now: Millis) -> None:
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.TAKEN)}, parts = $4, reason = NULL, tries = tries + 1,"
        f" tried_at = COALESCE(tried_at, $5), changed_at = $5 WHERE {THE_CLAIM} AND {may(Event.TAKEN)}",
        [(*_proof(each.claim), len(each.message_ids), now) for each in sent],
    )
    # A receipt may have been here first: an orphan's word is taken up with the part it belongs to. And the text may be
    # gone by now, with the person it was about.
    await tx.many(
        "INSERT INTO sent_part (message_id, outbound, status, rank, err_code, changed_at)"
        " SELECT $1, text.id, COALESCE(orphan.status, 'submitted'), COALESCE(orphan.rank, 0), orphan.err_code,"
        " CAST($3 AS BIGINT)"
        " FROM outbound AS text LEFT JOIN orphan_receipt AS orphan ON orphan.message_id = $1 WHERE text.id = $2"
        " ON CONFLICT DO NOTHING",
        [(message_id, each.claim.id, now) for each in sent for message_id in each.message_ids],
    )
    # What Vonage has, the person will read: also where the claim it answers has been given up.
    introductions = [each.claim for each in sent if each.claim.kind is not Kind.RELAY and each.claim.chat is not None]
    await tx.many(INTRODUCED, [(each.client_ref, now) for each in introductions])
    await promote(tx, [each.claim for each in sent], now)


async def put_back(tx: Transaction, back: Sequence[Back], now: Millis) -> None:
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.NOT_TAKEN)}, ready_at = $4, reason = $5, tries = tries + $6,"
        " tried_at = CASE WHEN $6 = 1 THEN COALESCE(tried_at, $7) ELSE tried_at END, changed_at = $7"
        f" WHERE {THE_CLAIM} AND {may(Event.NOT_TAKEN)}",
        [(*_proof(each.claim), each.ready_at, each.reason, int(each.counts), now) for each in back],
    )


async def take_back(tx: Transaction, *, owner: str, known: Collection[int], now: Millis) -> int:
    """Claims of this owner of which it knows nothing, for their commit was in doubt: none of them was sent."""
    rows = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.NOT_TAKEN)}, ready_at = $3, changed_at = $3"
        f" WHERE owner = $2 AND state = '{State.SENDING}' AND {UNDER_WAY}"
        f" AND id NOT IN (SELECT CAST(each.value AS BIGINT) FROM {tx.each}) RETURNING id",
        json.dumps(list(known)), owner, now,
    )  # fmt: skip
    return len(rows)


async def doubt(tx: Transaction, doubtful: Sequence[Doubtful], now: Millis) -> None:
    """Nobody knows. The conversation waits behind it: for a receipt, or for the one repeat."""
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.DOUBTED)}, doubted = 1, reason = $4, tries = tries + 1,"
        " resend = resend * $5, parts = COALESCE(parts, $7), tried_at = COALESCE(tried_at, $6), changed_at = $6"
        f" WHERE {THE_CLAIM} AND {may(Event.DOUBTED)}",
        [(*_proof(each.claim), each.reason, int(not each.partly), now, each.parts) for each in doubtful],
    )


async def bury(tx: Transaction, buried: Sequence[Buried], now: Millis) -> None:
    await tx.many(
        f"UPDATE outbound SET {becomes(Event.REFUSED)}, reason = $4, changed_at = $5"
        f" WHERE {THE_CLAIM} AND {may(Event.REFUSED)}",
        [(*_proof(each.claim), each.reason, now) for each in buried],
    )
    await promote(tx, [each.claim for each in buried], now)


async def still_there(reading: Reading, claims: Sequence[Claim]) -> set[int]:
    """The ids of those that were not erased while they were being sent."""
    ids = json.dumps([each.id for each in claims])
    rows = await reading.rows(
        f"SELECT outbound.id FROM {reading.each} JOIN outbound ON outbound.id = CAST(each.value AS BIGINT)", ids
    )
    return {id for (id,) in rows}


async def promote(tx: Transaction, settled: Sequence[Claim], now: Millis) -> None:
    await tx.many(PROMOTE, [(each.line.e164(), tx.vault.index(each.recipient), now) for each in settled])


async def expire(tx: Transaction, *, lines: Sequence[Number], now: Millis) -> list[Claim]:
    """Give up on what waits on lines that are no longer ours. Returns it."""
    ours = json.dumps([line.e164() for line in lines])
    lost = f"line NOT IN (SELECT each.value FROM {tx.each})"
    if not await tx.rows(
        f"SELECT 1 FROM outbound WHERE state = 'queued' AND ready_at IS NOT NULL AND {lost} LIMIT 1", ours
    ):
        return []  # nearly always: the heads are few, and tell
    rows = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.CANCELLED)}, ready_at = NULL, changed_at = $2,"
        f" reason = 'the line is not ours' WHERE {may(Event.CANCELLED)} AND {WAITING} AND {lost} RETURNING {COLUMNS}",
        ours, now,
    )  # fmt: skip
    return [claim_of(tx, row) for row in rows]


async def counts(reading: Reading) -> Counts:
    """A text held back on purpose counts as waiting from when it may leave."""
    rows = await reading.rows(
        "SELECT state, count(*), min(CASE WHEN not_before > created_at THEN not_before ELSE created_at END)"
        " FROM outbound WHERE state IN ('queued', 'sending', 'uncertain', 'dead') GROUP BY state"
    )
    oldest = {state: since for state, _, since in rows}
    return Counts(**{state: count for state, count, _ in rows}, oldest_queued_at=oldest.get("queued"))


def _values(vault: Vault, text: Outbound, client_ref: str, now: Millis) -> tuple[object, ...]:
    sender = text.sender
    return (
        text.line.e164(),
        vault.index(text.recipient),
        vault.seal(text.text, f"outbound {client_ref}"),
        text.kind.value,
        text.chat,
        sender and vault.index(sender.number),
        sender and sender.line.e164(),
        text.cause,
        client_ref,
        int(text.resend),
        text.not_before,
        now,
        vault.seal_number(text.recipient),
        sender and vault.seal_number(sender.number),
    )


def _proof(claim: Claim) -> tuple[int, str, int]:
    return (claim.id, claim.owner, claim.attempt)


def claim_of(reading: Reading, row: Row) -> Claim:
    vault = reading.vault
    return Claim(
        id=row[0],
        owner=row[1] or "",
        attempt=row[2],
        tries=row[3],
        line=Number(row[4]),
        recipient=vault.number(row[5], row[6]),
        text=_text(vault, row[7], row[9]),
        kind=Kind(row[8]),
        client_ref=row[9],
        chat=row[10],
        sender=seat_of(vault, row[11], row[12], row[13]),
        created_at=row[14],
        tried_at=row[15],
        may_repeat=bool(row[16]),
    )


def _text(vault: Vault, sealed: bytes | None, client_ref: str) -> str:
    """Empty when it cannot be read: one damaged field must not hold up all the others."""
    try:
        return vault.open(sealed, f"outbound {client_ref}") or ""
    except CannotOpen:
        return ""


def seat_of(vault: Vault, index: str | None, sealed: bytes | None, line: str | None) -> Seat | None:
    """The sender of a relay, as the columns hold it; None for everything else."""
    if index is None or sealed is None or line is None:
        return None
    return Seat(vault.number(index, sealed), Number(line))
