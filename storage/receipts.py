"""Delivery receipts: ranked, so that any order and any repetition of them gives the same end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Row, Transaction
from storage.model import Kind, Millis, Receipt, Seat, State
from storage.number import Number
from storage.outbox import PROMOTE

RANKS = {"accepted": 1, "buffered": 2, "unknown": 3, "failed": 4, "rejected": 4, "expired": 4, "delivered": 5}
FAILED, DELIVERED = 4, 5

# What a receipt can still change. A text being sent takes the word up when its claim is settled.
OPEN_TO_RECEIPTS = (State.ACCEPTED, State.UNDELIVERED, State.UNCERTAIN)
IN_DOUBT = (
    State.UNCERTAIN,
    State.QUEUED,
)  # queued: to be sent once more, which a receipt for the first try makes needless


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


async def conclude(tx: Transaction, outbound: Sequence[int], now: Millis) -> list[Fate]:
    """The state that the parts' last words give each of these texts; returns those it changed."""
    if not outbound:
        return []
    rows = await tx.rows(
        "SELECT text.id, text.state, text.kind, text.chat, text.sender, text.sender_line, text.recipient, text.line,"
        " text.parts, text.may_repeat, text.resend, count(*), min(part.rank),"
        f" sum(part.rank = {FAILED})"
        f" FROM {tx.each} JOIN outbound AS text ON text.id = each.value"
        " JOIN sent_part AS part ON part.outbound = text.id"
        " GROUP BY text.id HAVING max(part.rank) > 0",
        json.dumps(list(outbound)),
    )
    fates = [(row, state) for row in rows if (state := _concluded(row)) is not None]
    await tx.many(
        "UPDATE outbound SET state = $2, ready_at = NULL, changed_at = $3, parts = COALESCE(parts, $4) WHERE id = $1",
        [(row[0], state.value, now, row[11]) for row, state in fates],
    )
    await tx.many(PROMOTE, [(row[7], row[6], now) for row, _ in fates])
    return [_fate(row, state) for row, state in fates]


def _concluded(row: Row) -> State | None:
    """The new state; None where it stays. Delivered when all parts are, undelivered when one has failed."""
    before, parts, may_repeat, resend, heard, lowest, failed = State(row[1]), *row[8:14]
    if before not in OPEN_TO_RECEIPTS and not (before is State.QUEUED and may_repeat):
        return None
    if lowest == DELIVERED and heard >= (parts or 1):
        return State.DELIVERED
    if failed:
        return State.UNDELIVERED if before is not State.UNDELIVERED else None
    # Of a text that went out in part (it is not sent again), the receipt for a part that did says nothing of the others.
    return State.ACCEPTED if before in IN_DOUBT and (resend or heard >= (parts or 1)) else None


def _fate(row: Row, state: State) -> Fate:
    sender = None if row[4] is None else Seat(Number(row[4]), Number(row[5]))
    return Fate(row[0], state, Kind(row[2]), row[3], sender, Number(row[6]))


async def _parts_meant(tx: Transaction, receipts: Sequence[Receipt]) -> dict[str, int]:
    """The text each receipt speaks of: by the part's id, or by client-ref when it came before the answer."""
    rows = await tx.rows(
        "SELECT each.value ->> 0, COALESCE(part.outbound, text.id)"
        f" FROM {tx.each}"
        " LEFT JOIN sent_part AS part ON part.message_id = each.value ->> 0"
        " LEFT JOIN outbound AS text ON text.client_ref = each.value ->> 1"
        " WHERE COALESCE(part.outbound, text.id) IS NOT NULL",
        json.dumps([(each.message_id, each.client_ref) for each in receipts]),
    )
    return dict(rows)
