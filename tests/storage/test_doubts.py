from __future__ import annotations

import pytest

from storage import doubts, outbox
from storage.engine import Transaction
from storage.model import Claim
from storage.outbox import Back, Doubtful, Sent
from tests.people import BOB, LINE, NOON, OTHER_LINE, notice


@pytest.fixture
async def claim(tx: Transaction) -> Claim:
    await outbox.enqueue(tx, [(notice(BOB, "one"), "ref1"), (notice(BOB, "two"), "ref2")], NOON)
    [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts
    return claim


async def give_up(tx: Transaction) -> None:
    lost = await doubts.unanswered(tx, before=None)
    await outbox.doubt(tx, [Doubtful(each, "lost") for each in lost], NOON)


async def rows(tx: Transaction) -> list[tuple[object, ...]]:
    return await tx.rows("SELECT state, doubted, may_repeat FROM outbound ORDER BY id")


async def test_a_claim_is_given_up_when_its_lease_is_over(tx: Transaction, claim: Claim) -> None:
    assert await doubts.oldest_claim(tx) == NOON
    assert await doubts.unanswered(tx, before=NOON - 1) == []
    assert await doubts.unanswered(tx, before=NOON) == [claim]
    await give_up(tx)
    assert await rows(tx) == [("uncertain", 1, 0), ("queued", 0, 0)]
    assert (await doubts.oldest(tx), await doubts.oldest_claim(tx)) == (NOON, None)


async def test_at_a_start_every_claim_is_given_up_whatever_the_clock_says(tx: Transaction, claim: Claim) -> None:
    await tx.run("UPDATE outbound SET changed_at = changed_at + 999999")
    assert len(await doubts.unanswered(tx, before=None)) == 1


async def test_what_follows_waits_until_the_doubt_is_over(tx: Transaction, claim: Claim) -> None:
    await give_up(tx)
    assert (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts == []


async def test_a_late_answer_of_that_very_try_is_better_than_the_doubt(tx: Transaction, claim: Claim) -> None:
    await give_up(tx)
    await outbox.accept(tx, [Sent(claim, ("p1",))], NOON)
    assert (await rows(tx))[0] == ("accepted", 1, 0)


async def test_late_word_that_it_was_not_taken_ends_the_doubt_without_a_mark(tx: Transaction, claim: Claim) -> None:
    await give_up(tx)
    await outbox.put_back(tx, [Back(claim, NOON, "status 1")], NOON)
    assert (await rows(tx))[0] == ("queued", 1, 0)


async def test_the_repeat_of_a_doubt_is_marked_and_its_own_doubt_is_the_last(tx: Transaction, claim: Claim) -> None:
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    assert await doubts.end_doubt(tx, before=NOON, now=NOON) == []
    assert (await rows(tx))[0] == ("queued", 1, 1)
    [again] = (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts
    assert again.may_repeat
    await outbox.doubt(tx, [Doubtful(again, "time-out")], NOON)
    assert [each.id for each in await doubts.end_doubt(tx, before=NOON, now=NOON)] == [claim.id]


async def test_a_conversation_without_a_head_gets_one_at_the_next_start(tx: Transaction, claim: Claim) -> None:
    await tx.run("UPDATE outbound SET state = 'accepted' WHERE id = 1")
    assert (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts == []
    await doubts.give_heads(tx, NOON)
    assert [each.text for each in (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts] == ["two"]


async def test_what_a_former_owner_of_a_line_was_sending_is_found(tx: Transaction, claim: Claim) -> None:
    assert [each.id for each in await doubts.left_behind(tx, lines=[LINE], owner="a new one")] == [claim.id]
    assert await doubts.left_behind(tx, lines=[LINE], owner=claim.owner) == []
    assert await doubts.left_behind(tx, lines=[OTHER_LINE], owner="a new one") == []
