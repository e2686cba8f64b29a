from itertools import permutations

import pytest

from storage import doubts, outbox, receipts
from storage.engine import Transaction
from storage.model import Claim, Kind, Outbound, Seat, Side, State
from storage.outbox import Doubtful, Sent
from storage.receipts import Fate, Noted
from tests.people import ALICE, BOB, LINE, NOON, receipt, relay


async def state(tx: Transaction) -> str:
    [(state,)] = await tx.rows("SELECT state FROM outbound")
    return str(state)


def fate(claim: Claim, state: State) -> Fate:
    return Fate(claim.id, state, Kind.RELAY, claim.chat, Seat(ALICE, LINE), BOB)


async def test_a_text_is_delivered_when_all_its_parts_are(tx: Transaction, claim: Claim) -> None:
    await outbox.accept(tx, [Sent(claim, ("p1", "p2"))], NOON)
    assert await receipts.note(tx, [receipt("p1", "delivered")], NOON) == Noted([], 0)
    assert await receipts.note(tx, [receipt("p2", "delivered")], NOON) == Noted([fate(claim, State.DELIVERED)], 0)
    assert await state(tx) == "delivered"


async def test_a_text_is_undelivered_when_one_part_has_failed_and_that_is_said_once(
    tx: Transaction, claim: Claim
) -> None:
    await outbox.accept(tx, [Sent(claim, ("p1", "p2"))], NOON)
    failed = [receipt("p1", "failed"), receipt("p2", "expired")]
    assert (await receipts.note(tx, failed, NOON)).fates == [fate(claim, State.UNDELIVERED)]
    assert (await receipts.note(tx, failed, NOON)).fates == []


@pytest.mark.parametrize("order", list(permutations(["accepted", "buffered", "failed", "delivered"])))
async def test_any_order_of_receipts_gives_the_same_end(tx: Transaction, claim: Claim, order: tuple[str, ...]) -> None:
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    for status in order:
        await receipts.note(tx, [receipt("p1", status)], NOON)
        await receipts.note(tx, [receipt("p1", status)], NOON)
    assert await state(tx) == "delivered"


async def test_a_receipt_before_the_answer_counts_once_the_answer_is_there(tx: Transaction, claim: Claim) -> None:
    assert (await receipts.note(tx, [receipt("p1", "delivered", ref="ref1")], NOON)).fates == []
    assert await state(tx) == "sending"
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    assert await receipts.conclude(tx, [claim.id], NOON) == [fate(claim, State.DELIVERED)]


async def test_a_receipt_without_our_ref_before_the_answer_counts_too(tx: Transaction, claim: Claim) -> None:
    assert (await receipts.note(tx, [receipt("p1", "failed")], NOON)).orphans == 1
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    assert await receipts.conclude(tx, [claim.id], NOON) == [fate(claim, State.UNDELIVERED)]


async def test_a_receipt_that_fits_nothing_is_kept(tx: Transaction) -> None:
    for status in ("delivered", "buffered"):
        assert await receipts.note(tx, [receipt("unknown", status, ref="not ours")], NOON) == Noted([], 1)
    assert await tx.rows("SELECT message_id, status FROM orphan_receipt") == [("unknown", "delivered")]


@pytest.mark.parametrize(
    ("status", "end"), [("accepted", "accepted"), ("buffered", "accepted"), ("delivered", "delivered")]
)
async def test_a_receipt_ends_a_doubt(tx: Transaction, claim: Claim, status: str, end: str) -> None:
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    await receipts.note(tx, [receipt("p1", status, ref="ref1")], NOON)
    assert await state(tx) == end
    assert await doubts.end_doubt(tx, before=NOON, now=NOON) == []


async def test_a_doubt_that_ends_lets_the_next_text_go(tx: Transaction, claim: Claim) -> None:
    assert claim.chat is not None
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "next", chat=claim.chat), "ref2")], NOON)
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    await receipts.note(tx, [receipt("p1", "accepted", ref="ref1")], NOON)
    assert [each.text for each in (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts] == ["next"]


async def test_a_long_text_in_doubt_is_delivered_only_when_all_its_parts_are(tx: Transaction, claim: Claim) -> None:
    await outbox.doubt(tx, [Doubtful(claim, "time-out", parts=2)], NOON)
    await receipts.note(tx, [receipt("p1", "delivered", ref="ref1")], NOON)
    assert await state(tx) == "accepted"
    await receipts.note(tx, [receipt("p2", "failed", ref="ref1")], NOON)
    assert await state(tx) == "undelivered"


async def test_a_text_that_went_out_in_part_stays_in_doubt_whatever_is_said_of_that_part(
    tx: Transaction, claim: Claim
) -> None:
    await outbox.doubt(tx, [Doubtful(claim, "parts with different statuses", partly=True, parts=2)], NOON)
    await receipts.note(tx, [receipt("p1", "delivered", ref="ref1")], NOON)
    assert await state(tx) == "uncertain"
    await receipts.note(tx, [receipt("p2", "accepted", ref="ref1")], NOON)
    assert await state(tx) == "accepted"


async def test_a_receipt_before_the_doubt_ends_it_as_one_after_it_does(tx: Transaction, claim: Claim) -> None:
    await receipts.note(tx, [receipt("p1", "delivered", ref="ref1")], NOON)
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    assert await receipts.conclude(tx, [claim.id], NOON) == [fate(claim, State.DELIVERED)]


async def test_a_status_nobody_knows_changes_nothing(tx: Transaction, claim: Claim) -> None:
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    assert await receipts.note(tx, [receipt("p1", "exploded")], NOON) == Noted([], 0)
    assert await state(tx) == "accepted"


@pytest.mark.parametrize(
    ("status", "introduced"), [("accepted", True), ("buffered", True), ("delivered", True), ("failed", False)]
)
async def test_a_receipt_that_ends_a_doubt_tells_that_somebody_was_introduced(
    tx: Transaction, claim: Claim, status: str, introduced: bool
) -> None:
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    new = Outbound(LINE, BOB, "somebody new", Kind.NOTICE, claim.chat, introduces=Side.B)
    await outbox.enqueue(tx, [(new, "ref2")], NOON)
    [telling] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
    await outbox.doubt(tx, [Doubtful(telling, "time-out")], NOON)
    await receipts.note(tx, [receipt("p2", status, ref="ref2")], NOON + 9)
    rows = await tx.rows("SELECT fresh_from, introduction FROM participant WHERE side = 'B'")
    assert rows == [(NOON + 9, None) if introduced else (None, "ref2")]
