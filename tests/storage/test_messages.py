from __future__ import annotations

import pytest

from storage import chats, messages, outbox, receipts
from storage.engine import Transaction
from storage.messages import RESTORED, Message
from storage.model import Claim, Kind, Seat, State
from storage.outbox import Back, Buried, Doubtful, Sent
from tests.people import ALICE, BOB, CAROL, LINE, NOON, notice, receipt, relay


@pytest.fixture
async def chat(tx: Transaction) -> int:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    return (await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)).id


async def claimed(tx: Transaction, now: int = NOON) -> list[Claim]:
    return (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=now)).texts


async def fail(tx: Transaction, chat: int, text: str = "hi") -> Message:
    """A relay to Bob that Vonage refused."""
    await outbox.enqueue(tx, [(relay(ALICE, BOB, text, chat=chat), f"ref-{text}")], NOON)
    [claim] = await claimed(tx)
    await outbox.bury(tx, [Buried(claim, "status 6")], NOON)
    return await found(tx, claim.id)


async def found(tx: Transaction, message: int) -> Message:
    known = await messages.find(tx, message)
    assert known is not None
    return known


async def test_a_failed_text_is_told_without_its_words(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat)
    assert failed == Message(
        failed.id, LINE, BOB, Kind.RELAY, chat, State.DEAD, "status 6", 0, False, False, NOON, NOON
    )  # fmt: skip
    assert await messages.in_state(tx, State.DEAD) == [failed]
    assert await messages.count_dead(tx) == 1
    assert await messages.find(tx, 4711) is None


async def test_they_are_listed_in_their_order_a_page_at_a_time(tx: Transaction, chat: int) -> None:
    failed = [await fail(tx, chat, str(number)) for number in range(3)]
    assert await messages.in_state(tx, State.DEAD, limit=2) == failed[:2]
    assert await messages.in_state(tx, State.DEAD, after=failed[1].id) == failed[2:]
    assert await messages.in_state(tx, State.QUEUED) == []


async def test_sent_again_it_starts_anew(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat)
    await messages.resend(tx, [failed], NOON + 5)
    again = await found(tx, failed.id)
    assert (again.state, again.reason, again.tries, again.may_repeat) == (State.QUEUED, None, 0, False)
    assert [claim.text for claim in await claimed(tx, NOON + 5)] == ["hi"]


async def test_sent_again_after_a_doubt_it_is_marked_as_perhaps_a_copy(tx: Transaction, chat: int) -> None:
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=chat), "ref")], NOON)
    [claim] = await claimed(tx)
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    await messages.hold_all(tx, NOON)
    await messages.resend(tx, [await found(tx, claim.id)], NOON)
    assert (await found(tx, claim.id)).may_repeat


async def test_what_was_said_of_an_earlier_try_does_not_settle_a_text_sent_again(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat)
    await receipts.note(tx, [receipt("p1", "failed", ref="ref-hi")], NOON)
    await messages.resend(tx, [failed], NOON)
    [claim] = await claimed(tx)
    await outbox.accept(tx, [Sent(claim, ("p2",))], NOON)
    assert await receipts.conclude(tx, [claim.id], NOON) == []
    assert (await found(tx, claim.id)).state is State.ACCEPTED


async def test_a_text_sent_again_is_no_older_than_that(tx: Transaction, chat: int) -> None:
    failed, day = await fail(tx, chat), 24 * 3_600_000
    await messages.resend(tx, [failed], NOON + 2 * day)
    taken = await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON + 2 * day, created_after=NOON + day)
    assert [claim.id for claim in taken.texts] == [failed.id]


async def test_what_waits_goes_on_waiting_behind_a_text_sent_again(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat, "first")
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "second", chat=chat), "ref2")], NOON)
    await messages.resend(tx, [failed], NOON)
    [first] = await claimed(tx)
    assert first.text == "first"
    await outbox.bury(tx, [Buried(first, "status 6")], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["second"]


async def test_the_pause_of_what_waits_behind_it_is_forgotten(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat, "first")
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "second", chat=chat), "ref2")], NOON)
    [second] = await claimed(tx)
    await outbox.put_back(tx, [Back(second, NOON + 5000, "busy")], NOON)
    await messages.resend(tx, [failed], NOON)
    [first] = await claimed(tx)
    assert (first.text, await claimed(tx)) == ("first", [])
    await outbox.accept(tx, [Sent(first, ("m1",))], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["second"]


@pytest.mark.parametrize("in_doubt", [False, True])
async def test_it_waits_for_the_one_that_is_under_way(tx: Transaction, chat: int, in_doubt: bool) -> None:
    failed = await fail(tx, chat, "first")
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "second", chat=chat), "ref2")], NOON)
    [second] = await claimed(tx)
    if in_doubt:
        await outbox.doubt(tx, [Doubtful(second, "time-out")], NOON)
    await messages.resend(tx, [failed], NOON)
    assert await claimed(tx) == []
    await outbox.bury(tx, [Buried(second, "status 6")], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["first"]


async def test_it_does_not_overtake_what_was_written_before_it(tx: Transaction, chat: int) -> None:
    await outbox.enqueue(tx, [(relay(ALICE, BOB, each, chat=chat), each) for each in ("one", "two")], NOON)
    [one] = await claimed(tx)
    await outbox.put_back(tx, [Back(one, NOON + 5000, "busy")], NOON)
    await tx.run("UPDATE outbound SET state = 'dead' WHERE text = 'two'")
    await messages.resend(tx, [await found(tx, one.id + 1)], NOON)
    assert await claimed(tx) == [], "the pause of the one before it is kept"
    assert [claim.text for claim in await claimed(tx, NOON + 5000)] == ["one"]


async def test_a_dismissed_text_counts_no_longer(tx: Transaction, chat: int) -> None:
    failed = await fail(tx, chat)
    await messages.dismiss(tx, [failed], NOON)
    assert (await found(tx, failed.id)).state is State.CANCELLED
    assert await messages.count_dead(tx) == 0


async def test_nothing_is_sent_again_or_dismissed_that_has_not_failed(tx: Transaction, chat: int) -> None:
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=chat), "ref"), (notice(CAROL), "ref2")], NOON)
    waiting = await messages.in_state(tx, State.QUEUED)
    await messages.resend(tx, waiting, NOON + 9)
    await messages.dismiss(tx, waiting, NOON + 9)
    assert await messages.in_state(tx, State.QUEUED) == waiting
    assert len(await claimed(tx)) == 2


async def test_after_a_restore_all_that_was_unfinished_is_held(tx: Transaction, chat: int) -> None:
    await outbox.enqueue(tx, [(relay(ALICE, BOB, each, chat=chat), each) for each in ("one", "two")], NOON)
    await outbox.enqueue(tx, [(notice(CAROL), "three")], NOON)
    await claimed(tx)
    assert await messages.hold_all(tx, NOON) == 3
    assert await claimed(tx) == []
    assert {(each.reason, each.doubted) for each in await messages.in_state(tx, State.DEAD)} == {(RESTORED, True)}
