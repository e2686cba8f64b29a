import pytest

from storage import chats, doubts, lines, messages, outbox, people
from storage.engine import Taken, Transaction
from storage.lines import Sitting
from storage.model import Chat, Claim, Kind, Millis, Outbound, Seat, Side
from storage.outbox import Back, Buried, Counts, Doubtful, Sent
from tests.people import ALICE, BOB, CAROL, LINE, NOON, OTHER_LINE, notice, relay, reply


async def put(tx: Transaction, *texts: Outbound, now: Millis = NOON) -> None:
    row = await tx.row("SELECT count(*) FROM outbound")
    assert row is not None
    await outbox.enqueue(tx, [(text, f"ref{row[0] + index}") for index, text in enumerate(texts)], now)


async def claimed(tx: Transaction, now: Millis = NOON, limit: int = 99) -> list[Claim]:
    return (await outbox.claim(tx, owner="me", line=LINE, limit=limit, now=now)).texts


async def states(tx: Transaction) -> list[str]:
    return [state for (state,) in await tx.rows("SELECT state FROM outbound ORDER BY id")]


async def test_one_text_of_a_conversation_is_under_way_at_a_time(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"), notice(CAROL, "3"))
    assert [claim.text for claim in await claimed(tx)] == ["1", "3"]
    assert await claimed(tx) == []


async def test_the_next_of_a_conversation_follows_when_the_first_is_accepted(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    [first] = await claimed(tx)
    await outbox.accept(tx, [Sent(first, ("id1",))], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["2"]


async def test_conversations_take_turns(tx: Transaction) -> None:
    await put(tx, *[notice(BOB, f"flood {index}") for index in range(50)])
    await put(tx, notice(CAROL, "once"), now=NOON + 1)
    [first] = await claimed(tx, NOON + 2, limit=1)
    await outbox.accept(tx, [Sent(first, ("id1",))], NOON + 2)
    assert [claim.text for claim in await claimed(tx, NOON + 3, limit=1)] == ["once"]


async def test_a_text_put_back_comes_again_at_its_time_and_holds_those_behind_it(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    [first] = await claimed(tx)
    await outbox.put_back(tx, [Back(first, NOON + 1000, "HTTP 429")], NOON)
    assert await claimed(tx, NOON + 999) == []
    [again] = await claimed(tx, NOON + 1000)
    assert (again.text, again.attempt, again.tries, again.tried_at) == ("1", 2, 1, NOON)


async def test_the_accounts_own_trouble_costs_a_text_no_try(tx: Transaction) -> None:
    await put(tx, notice(BOB))
    [first] = await claimed(tx)
    await outbox.put_back(tx, [Back(first, NOON, "status 9", counts=False)], NOON)
    [again] = await claimed(tx)
    assert (again.attempt, again.tries, again.tried_at) == (2, 0, None)


async def test_a_doubt_holds_its_conversation_and_is_sent_once_more_and_marked(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    [first] = await claimed(tx)
    await outbox.doubt(tx, [Doubtful(first, "time-out")], NOON)
    assert await claimed(tx, NOON + 10**9) == []
    assert await doubts.end_doubt(tx, before=NOON, now=NOON + 9) == []
    [again] = await claimed(tx, NOON + 9)
    assert (again.text, again.may_repeat) == ("1", True)


async def test_a_second_doubt_is_the_end_of_it(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    for _ in range(2):
        [claim] = await claimed(tx)
        await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
        dead = await doubts.end_doubt(tx, before=NOON, now=NOON)
    assert [each.text for each in dead] == ["1"]
    assert [each.text for each in await claimed(tx)] == ["2"]


@pytest.mark.parametrize(("text", "partly"), [(notice(BOB), True), (reply(BOB, resend=False), False)])
async def test_what_was_partly_sent_or_must_not_repeat_is_never_sent_again(
    tx: Transaction, text: Outbound, partly: bool
) -> None:
    await put(tx, text)
    [claim] = await claimed(tx)
    await outbox.doubt(tx, [Doubtful(claim, "who knows", partly)], NOON)
    assert len(await doubts.end_doubt(tx, before=NOON, now=NOON)) == 1
    assert await states(tx) == ["dead"]


async def test_a_late_answer_to_a_lost_claim_changes_nothing(tx: Transaction) -> None:
    await put(tx, notice(BOB))
    [lost] = await claimed(tx)
    await outbox.put_back(tx, [Back(lost, NOON, "HTTP 429")], NOON)
    await claimed(tx)
    await outbox.bury(tx, [Buried(lost, "status 6")], NOON)
    await outbox.put_back(tx, [Back(lost, NOON, "HTTP 429")], NOON)
    assert await states(tx) == ["sending"]


async def test_a_buried_text_makes_way(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    [first] = await claimed(tx)
    await outbox.bury(tx, [Buried(first, "status 6")], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["2"]
    assert await states(tx) == ["dead", "sending"]


async def test_a_relay_into_a_chat_that_ended_while_it_was_away_is_cancelled(tx: Transaction) -> None:
    chat = await chats.open_chat(
        tx, a=Seat(ALICE, LINE), b=Seat(BOB, LINE), label=None, opened_by="api", now=NOON, expires_at=None
    )
    await put(tx, relay(ALICE, BOB, "1", chat=chat.id), notice(BOB, "ended"))
    [first] = await claimed(tx)
    await chats.close(tx, chat, reason="ended", now=NOON)
    await outbox.put_back(tx, [Back(first, NOON, "HTTP 429")], NOON)
    assert [claim.text for claim in await claimed(tx)] == ["ended"]
    assert await states(tx) == ["cancelled", "sending"]


async def test_a_text_held_back_leaves_at_its_time_even_from_behind_another(tx: Transaction) -> None:
    held = Outbound(LINE, BOB, "2", notice(BOB).kind, not_before=NOON + 500)
    await put(tx, notice(BOB, "1"), held)
    [first] = await claimed(tx)
    await outbox.accept(tx, [Sent(first, ("id1",))], NOON)
    assert await claimed(tx, NOON + 499) == []
    assert len(await claimed(tx, NOON + 500)) == 1


async def test_lines_tell_when_their_first_text_is_ready(tx: Transaction) -> None:
    await put(tx, notice(BOB), now=NOON + 3)
    assert await outbox.due_lines(tx, [LINE, OTHER_LINE]) == {LINE: NOON + 3}


async def test_what_waits_on_a_line_that_is_no_longer_ours_is_given_up_all_of_it(tx: Transaction) -> None:
    lost = [notice(CAROL, "1", line=OTHER_LINE), notice(CAROL, "2", line=OTHER_LINE)]
    await put(tx, *lost, notice(CAROL, "ours"))
    assert [each.text for each in await outbox.expire(tx, lines=[LINE], now=NOON)] == ["1", "2"]
    assert await outbox.expire(tx, lines=[LINE], now=NOON) == []
    assert await states(tx) == ["cancelled", "cancelled", "queued"]


async def test_a_text_that_is_too_old_is_not_sent_any_more_nor_are_those_behind_it(tx: Transaction) -> None:
    await put(tx, notice(BOB, "old"), notice(BOB, "old too"), now=NOON - 2)
    await put(tx, notice(BOB, "young"))
    claimed = await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON, created_after=NOON - 1)
    assert [claim.text for claim in claimed.texts] == ["young"]
    assert [(claim.text, reason) for claim, reason in claimed.cancelled] == [
        ("old", outbox.TOO_OLD),
        ("old too", outbox.TOO_OLD),
    ]


async def test_a_relay_does_not_follow_its_chat_to_another_line(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await put(tx, relay(ALICE, BOB, "in doubt", chat=chat.id))
    [claim] = await claimed(tx)
    await outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON)
    await chats.close(tx, chat, reason="ended", now=NOON)
    await chats.reopen(tx, chat, a=a, b=Seat(BOB, OTHER_LINE), now=NOON, expires_at=None)
    await doubts.end_doubt(tx, before=NOON, now=NOON)
    assert await claimed(tx) == [], "on this line it would show up among somebody else's texts"
    assert await states(tx) == ["cancelled"]


async def test_a_relay_that_comes_back_does_not_meet_who_sits_there_now(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await put(tx, relay(ALICE, BOB, "for Bob as Alice's partner", chat=chat.id))
    [first] = await claimed(tx)
    await chats.close(tx, chat, reason="ended", now=NOON)
    await chats.open_chat(tx, a=Seat(CAROL, LINE), b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await outbox.put_back(tx, [Back(first, NOON, "HTTP 429")], NOON)
    assert await claimed(tx) == [], "Bob would take it for Carol's"
    assert await states(tx) == ["cancelled"]


async def test_a_relay_that_comes_back_reaches_the_same_two_in_their_chat_opened_again(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await put(tx, relay(ALICE, BOB, "again", chat=chat.id))
    [first] = await claimed(tx)
    await chats.close(tx, chat, reason="ended", now=NOON)
    await chats.reopen(tx, chat, a=a, b=b, now=NOON, expires_at=None)
    await outbox.put_back(tx, [Back(first, NOON, "HTTP 429")], NOON)
    assert [each.text for each in await claimed(tx)] == ["again"]


async def test_a_relay_that_failed_and_is_sent_again_still_goes_into_its_own_chat_only(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await put(tx, relay(ALICE, BOB, "failed", chat=chat.id))
    [first] = await claimed(tx)
    await outbox.bury(tx, [Buried(first, "status 6")], NOON)
    await chats.close(tx, chat, reason="ended", now=NOON)
    await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    failed = await messages.find(tx, first.id)
    assert failed is not None
    await messages.resend(tx, [failed], NOON)
    assert await claimed(tx) == []
    assert await states(tx) == ["cancelled"]


INTRODUCED = "SELECT side, fresh_from, introduction FROM participant ORDER BY side"


async def introducing(tx: Transaction, *kinds: Kind) -> Chat:
    """A chat of Alice's, who has somebody new and is told so by these, under ref0 and following."""
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await lines.sit(tx, chat.id, [(Side.A, Sitting(a, NOON, NOON)), (Side.B, Sitting(b))])
    await put(tx, *[Outbound(LINE, ALICE, "new", kind, chat.id, introduces=Side.A) for kind in kinds])
    return chat


async def test_somebody_is_introduced_once_vonage_has_the_text_that_says_so(tx: Transaction) -> None:
    await introducing(tx, Kind.NOTICE)
    assert await tx.rows(INTRODUCED) == [("A", NOON, "ref0"), ("B", None, None)]
    [first] = await claimed(tx)
    assert await tx.rows(INTRODUCED) == [("A", NOON, "ref0"), ("B", None, None)]
    await outbox.accept(tx, [Sent(first, ("id1",))], NOON + 7)
    assert await tx.rows(INTRODUCED) == [("A", NOON + 7, None), ("B", None, None)]


async def test_the_last_text_that_says_so_counts(tx: Transaction) -> None:
    await introducing(tx, Kind.NOTICE, Kind.REPLY)
    for ref, later in (("ref1", 1), (None, 2)):
        [each] = await claimed(tx, NOON + later)
        await outbox.accept(tx, [Sent(each, (f"id{later}",))], NOON + later)
        assert (await tx.rows(INTRODUCED))[0][2] == ref
    assert (await tx.rows(INTRODUCED))[0][1] == NOON + 2


async def test_an_introduction_never_makes_older_texts_good_again(tx: Transaction) -> None:
    await introducing(tx, Kind.NOTICE)
    [first] = await claimed(tx)
    await outbox.accept(tx, [Sent(first, ("id1",))], NOON - 7)
    assert (await tx.rows(INTRODUCED))[0] == ("A", NOON, None)


@pytest.mark.parametrize("fate", ["dead", "in doubt", "put back"])
async def test_what_vonage_may_not_have_introduces_nobody(tx: Transaction, fate: str) -> None:
    await introducing(tx, Kind.NOTICE)
    [first] = await claimed(tx)
    match fate:
        case "dead":
            await outbox.bury(tx, [Buried(first, "status 6")], NOON)
        case "in doubt":
            await outbox.doubt(tx, [Doubtful(first, "time-out")], NOON)
        case _:
            await outbox.put_back(tx, [Back(first, NOON, "HTTP 429")], NOON)
    assert (await tx.rows(INTRODUCED))[0] == ("A", NOON, "ref0")


async def test_a_relay_pays_nothing_for_introductions(sqlite_tx: Transaction) -> None:
    chat = await introducing(sqlite_tx, Kind.NOTICE)
    await put(sqlite_tx, relay(ALICE, BOB, "hi", chat=chat.id))
    [first] = [each for each in await claimed(sqlite_tx) if each.kind is Kind.RELAY]
    await sqlite_tx.run(
        "CREATE TRIGGER paid BEFORE UPDATE OF introduction ON participant BEGIN SELECT RAISE(ABORT, 'x'); END"
    )
    await outbox.accept(sqlite_tx, [Sent(first, ("id1",))], NOON)


async def test_an_introduction_is_found_by_its_index(sqlite_tx: Transaction) -> None:
    plan = await sqlite_tx.rows(f"EXPLAIN QUERY PLAN {outbox.INTRODUCED}", "ref0", NOON)
    assert any("participant_introduction" in str(row) for row in plan)


async def test_closing_lets_those_go_that_waited_behind_a_relay_of_the_chats_former_line(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await put(tx, relay(ALICE, BOB, "1", chat=chat.id), notice(BOB, "2"))
    await chats.close(tx, chat, reason="ended", now=NOON)
    await tx.run("UPDATE outbound SET state = 'queued', ready_at = $1 WHERE id = 1", NOON + 60_000)
    await tx.run("UPDATE outbound SET ready_at = NULL WHERE id = 2")
    again = await chats.reopen(tx, chat, a=a, b=Seat(BOB, OTHER_LINE), now=NOON, expires_at=None)
    await chats.close(tx, again, reason="ended", now=NOON)
    assert [claim.text for claim in await claimed(tx)] == ["2"]


async def test_a_conversation_without_a_head_gets_one_at_the_start(tx: Transaction) -> None:
    await put(tx, notice(BOB, "1"), notice(BOB, "2"))
    await tx.run("UPDATE outbound SET ready_at = NULL")
    await doubts.give_heads(tx, NOON)
    assert [claim.text for claim in await claimed(tx)] == ["1"]


async def test_the_one_confirmation_of_an_opt_out_goes_and_other_answers_do_not(tx: Transaction) -> None:
    await people.opt_out(tx, BOB, source="text", now=NOON)
    await put(tx, reply(BOB, "an older answer"), reply(BOB, "confirmed", resend=False))
    assert [claim.text for claim in await claimed(tx)] == ["confirmed"]


async def test_the_outbox_is_counted_by_state(tx: Transaction) -> None:
    await put(tx, notice(ALICE), notice(BOB), notice(CAROL), notice(CAROL))
    one, two, three = await claimed(tx)
    await outbox.bury(tx, [Buried(one, "status 6")], NOON)
    await outbox.doubt(tx, [Doubtful(two, "HTTP 502")], NOON)
    assert await outbox.counts(tx) == Counts(queued=1, sending=1, uncertain=1, dead=1, oldest_queued_at=NOON)
    assert three.recipient == CAROL


async def test_the_schema_itself_refuses_two_texts_of_a_conversation_under_way(tx: Transaction) -> None:
    await put(tx, notice(BOB), notice(BOB))
    with pytest.raises(Taken):
        await tx.run("UPDATE outbound SET state = 'sending'")


async def test_claiming_reads_by_index_whatever_it_asks(sqlite_tx: Transaction) -> None:
    plan = await sqlite_tx.rows(f"EXPLAIN QUERY PLAN {outbox.CLAIM}", "me", NOON, LINE.e164(), 9, 0)
    steps = [row[3] for row in plan]
    assert any("USING INDEX outbound_ready" in step or "COVERING INDEX outbound_ready" in step for step in steps), steps
    # The heads of this claim are few; what they are found among is not.
    assert [step for step in steps if step.startswith("SCAN") and step != "SCAN head"] == []


async def test_counting_reads_one_small_index(sqlite_tx: Transaction) -> None:
    plan = await sqlite_tx.rows(
        "EXPLAIN QUERY PLAN SELECT state, count(*),"
        " min(CASE WHEN not_before > created_at THEN not_before ELSE created_at END)"
        " FROM outbound WHERE state IN ('queued', 'sending', 'uncertain', 'dead') GROUP BY state"
    )
    assert "COVERING INDEX outbound_unsettled" in plan[0][3]


async def urgent(tx: Transaction) -> list[str]:
    found = await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON, urgent_for=[ALICE])
    return [claim.text for claim in found.texts]


async def test_what_is_urgent_goes_before_what_is_not_and_leaves_it_where_it_is(tx: Transaction) -> None:
    await put(tx, notice(BOB, "to bob"), reply(CAROL, "opted out", resend=False), notice(ALICE, "to the admin"))
    assert await urgent(tx) == ["opted out", "to the admin"]
    assert [claim.text for claim in await claimed(tx)] == ["to bob"]


async def test_a_relay_to_an_admin_is_urgent_only_where_an_answer_waits_behind_it(tx: Transaction) -> None:
    chat = await chats.open_chat(
        tx, a=Seat(ALICE, LINE), b=Seat(BOB, LINE), label=None, opened_by="api", now=NOON, expires_at=None
    )
    await put(tx, relay(BOB, ALICE, "hello", chat=chat.id))
    assert await urgent(tx) == []
    await put(tx, reply(ALICE, "the answer"))
    assert await urgent(tx) == ["hello"]


async def test_a_relay_of_a_paused_chat_is_put_aside_when_its_turn_comes(tx: Transaction) -> None:
    chat = await chats.open_chat(
        tx, a=Seat(ALICE, LINE), b=Seat(BOB, LINE), label=None, opened_by="api", now=NOON, expires_at=None
    )
    await chats.pause(tx, chat.id, reason="a test", now=NOON)
    await put(tx, relay(ALICE, BOB, "hello", chat=chat.id), notice(BOB, "behind it"))
    found = await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)
    assert [why for _, why in found.cancelled] == [outbox.PAUSED]
    assert [claim.text for claim in found.texts] == ["behind it"]
    assert await states(tx) == ["dead", "sending"]


async def test_claims_that_their_owner_knows_nothing_of_are_taken_back(tx: Transaction) -> None:
    await put(tx, notice(ALICE), notice(BOB))
    [known, lost] = await claimed(tx)
    assert await outbox.take_back(tx, owner="another", known=[], now=NOON) == 0
    assert await outbox.take_back(tx, owner=lost.owner, known=[known.id], now=NOON) == 1
    [again] = await claimed(tx)
    assert (again.id, again.attempt, again.tries) == (lost.id, 2, 0)
