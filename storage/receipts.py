"""Delivery receipts: ranked, so that any order and any repetition of them gives the same end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage import locks
from storage.engine import Row, Transaction, must_be_alone
from storage.model import Kind, Millis, Receipt, Seat, State
from storage.number import Number
from storage.outbox import INTRODUCED, PROMOTE, seat_of
from storage.transitions import TRANSITIONS, Event, is_allowed, may

RANKS = {"accepted": 1, "buffered": 2, "unknown": 3, "failed": 4, "rejected": 4, "expired": 4, "delivered": 5}
FAILED, DELIVERED = 4, 5


@dataclass(frozen=True, slots=True)
class Fate:
    """A text whose state a receipt has just changed."""

    outbound: int
    state: State
    kind: Kind
    chat: int | None
    sender: Seat | None
    recipient: Number


@dataclass(frozen=True, slots=True)
class Noted:
    fates: list[Fate]
    orphans: int


async def note(tx: Transaction, receipts: Sequence[Receipt], now: Millis) -> Noted:
    """Record each on the part it speaks of, and what follows from it for the whole text."""
    await _hold(tx, receipts)
    parts = await _parts_meant(tx, receipts)
    known = [(each, parts[each.message_id]) for each in receipts if each.message_id in parts]
    await tx.many(
        "INSERT INTO sent_part (message_id, outbound, status, rank, err_code, changed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (message_id) DO UPDATE SET status = excluded.status, rank = excluded.rank,"
        " err_code = excluded.err_code, changed_at = excluded.changed_at WHERE excluded.rank > sent_part.rank",
        [(each.message_id, outbound, each.status, RANKS.get(each.status, 0), each.err_code, now)
         for each, outbound in known],
    )  # fmt: skip
    orphans = [each for each in receipts if each.message_id not in parts]
    await tx.many(
        "INSERT INTO orphan_receipt (message_id, client_ref, status, rank, err_code, received_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (message_id) DO UPDATE SET status = excluded.status, rank = excluded.rank,"
        " err_code = excluded.err_code WHERE excluded.rank > orphan_receipt.rank",
        [(each.message_id, each.client_ref, each.status, RANKS.get(each.status, 0), each.err_code, each.received_at)
         for each in orphans],
    )  # fmt: skip
    return Noted(await conclude(tx, sorted({outbound for _, outbound in known}), now), len(orphans))


async def _hold(tx: Transaction, receipts: Sequence[Receipt]) -> None:
    """Of each text one receipt is noted at a time, and not while the answer to its sending is."""
    if tx.alone:
        return
    texts = await _parts_meant(tx, receipts)
    if any(each.message_id not in texts and each.client_ref is None for each in receipts):
        must_be_alone(tx)  # there is nothing to know the conversation by, to which it may belong
    rows = await tx.rows(
        "SELECT text.line, text.recipient"
        f" FROM {tx.each} JOIN outbound AS text ON text.id = CAST(each.value AS BIGINT)",
        json.dumps(sorted(set(texts.values()))),
    )
    await locks.conversations(tx, [(line, recipient) for line, recipient in rows])


async def conclude(tx: Transaction, outbound: Sequence[int], now: Millis) -> list[Fate]:
    """The state that the parts' last words give each of these texts; returns those it changed."""
    if not outbound:
        return []
    rows = await tx.rows(
        "SELECT text.id, text.state, text.kind, text.chat, text.sender, text.sender_sealed, text.sender_line,"
        " text.recipient, text.recipient_sealed, text.line,"
        " text.parts, text.may_repeat, text.resend, count(*), min(part.rank), max(part.rank),"
        f" sum(CASE WHEN part.rank = {FAILED} THEN 1 ELSE 0 END), text.client_ref"
        f" FROM {tx.each} JOIN outbound AS text ON text.id = CAST(each.value AS BIGINT)"
        " JOIN sent_part AS part ON part.outbound = text.id"
        " GROUP BY text.id HAVING max(part.rank) > 0",
        json.dumps(list(outbound)),
    )
    events = [(row, event) for row in rows if (event := _event(row)) is not None]
    for event in dict.fromkeys(event for _, event in events):
        await tx.many(
            "UPDATE outbound SET state = $2, ready_at = NULL, changed_at = $3, parts = COALESCE(parts, $4)"
            f" WHERE id = $1 AND {may(event)}",
            [(row[0], TRANSITIONS[event][1].value, now, row[13]) for row, each in events if each is event],
        )
    await tx.many(INTRODUCED, [(row[17], now) for row, each in events if _tells(row, each)])
    await tx.many(PROMOTE, [(row[9], row[7], now) for row, _ in events])
    return [_fate(tx, row, TRANSITIONS[event][1]) for row, event in events]


def _event(row: Row) -> Event | None:
    """What the parts' last words amount to; None: nothing, or nothing new."""
    before, parts, may_repeat, resend, heard, lowest, highest, failed = State(row[1]), *row[10:17]
    parts = parts or 1
    if before is State.QUEUED and not may_repeat:  # sent again by an operator, or put back: no receipt is due yet
        return None
    # Of two copies in one part each, one on the phone is enough.
    if heard >= parts and (lowest == DELIVERED or (parts == 1 and highest == DELIVERED)):
        event = Event.ARRIVED
    elif failed:
        event = Event.FAILED
    elif resend or heard >= parts:
        event = Event.SEEN
    else:  # it went out in part, and will not be sent again: the receipt for one part says nothing of the others
        return None
    return event if is_allowed(event, before) else None


def _tells(row: Row, event: Event) -> bool:
    """Whether it is news that Vonage had a text of ours to somebody in a chat."""
    in_doubt, is_ours = State(row[1]) is not State.ACCEPTED, Kind(row[2]) is not Kind.RELAY and row[3] is not None
    return in_doubt and is_ours and event in (Event.SEEN, Event.ARRIVED)


def _fate(tx: Transaction, row: Row, state: State) -> Fate:
    return Fate(row[0], state, Kind(row[2]), row[3], seat_of(tx.vault, *row[4:7]), tx.vault.number(row[7], row[8]))


async def _parts_meant(tx: Transaction, receipts: Sequence[Receipt]) -> dict[str, int]:
    """The text each receipt speaks of: by the part's id, or by client-ref when it came before the answer."""
    rows = await tx.rows(
        "SELECT each.value ->> 0, COALESCE(part.outbound, text.id)"
        f" FROM {tx.each_row}"
        " LEFT JOIN sent_part AS part ON part.message_id = each.value ->> 0"
        " LEFT JOIN outbound AS text ON text.client_ref = each.value ->> 1"
        " WHERE COALESCE(part.outbound, text.id) IS NOT NULL",
        json.dumps([(each.message_id, each.client_ref) for each in receipts]),
    )
    return dict(rows)


async def forget_orphans(tx: Transaction, *, before: Millis) -> int:
    """Those of long ago; a thousand at a time, so that nobody waits for it. Returns how many."""
    rows = await tx.rows(
        "DELETE FROM orphan_receipt WHERE message_id IN"
        " (SELECT message_id FROM orphan_receipt WHERE received_at < $1 ORDER BY received_at LIMIT 1000) RETURNING 1",
        before,
    )
    return len(rows)
