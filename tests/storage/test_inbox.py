from dataclasses import replace

import pytest

from storage import admins, blocks, chats, codes, inbox, people, retention, senders
from storage.engine import Transaction
from storage.inbox import Kept
from storage.model import Guard, Part, Seat, Side, Standing
from storage.senders import Count
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, NOON, OTHER_LINE, inbound
from tests.unsealed import kept

WINDOW = inbox.PARTS_WINDOW


async def test_a_message_id_is_new_once(tx: Transaction) -> None:
    assert await inbox.remember(tx, ["m1", "m2"], NOON) == {"m1", "m2"}
    assert await inbox.remember(tx, ["m2", "m3"], NOON) == {"m3"}


async def test_ids_are_forgotten_only_when_they_are_old(tx: Transaction) -> None:
    await inbox.remember(tx, ["old"], NOON - 1)
    await inbox.remember(tx, ["young"], NOON)
    await inbox.forget(tx, before=NOON)
    assert await inbox.remember(tx, ["old", "young"], NOON) == {"old"}


async def test_somebody_unknown_stands_nowhere(tx: Transaction) -> None:
    seat = Seat(CAROL, LINE)
    assert await inbox.standings(tx, [seat], admins=(), now=NOON) == {seat: Standing()}


async def test_a_participant_stands_in_their_chat_beside_their_partner(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await people.opt_out(tx, BOB, source="text", now=NOON)
    assert await inbox.standings(tx, [b, a], admins=(), now=NOON) == {
        a: Standing(chat=chat.id, side=Side.A, partner=b, partner_opted_out=True),
        b: Standing(chat=chat.id, side=Side.B, partner=a, opted_out=True),
    }


async def test_a_closed_chat_is_nobodys_standing(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await chats.close(tx, chat, reason="ended", now=NOON)
    assert await inbox.standings(tx, [a], admins=(), now=NOON) == {a: Standing()}


async def test_an_admin_stands_with_a_code_that_is_pending_on_that_line(tx: Transaction) -> None:
    seat = Seat(ADMIN, LINE)
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"x", expires_at=NOON)
    assert await inbox.standings(tx, [seat], admins={ADMIN}, now=NOON) == {
        seat: Standing(is_admin=True, code_pending=True)
    }


async def test_an_admin_who_was_added_by_text_stands_as_one(tx: Transaction) -> None:
    await admins.add(tx, ALICE, by=ADMIN, now=NOON)
    here, there = Seat(ALICE, LINE), Seat(BOB, LINE)
    found = await inbox.standings(tx, [here, there], admins={ADMIN}, now=NOON)
    assert (found[here].is_admin, found[there].is_admin) == (True, False)


async def test_somebody_blocked_stands_so_until_the_end_of_it(tx: Transaction) -> None:
    seat = Seat(ALICE, LINE)
    await blocks.block(tx, ALICE, by=ADMIN, until=NOON + 1, now=NOON)
    assert (await inbox.standings(tx, [seat], admins=(), now=NOON))[seat].blocked
    assert not (await inbox.standings(tx, [seat], admins=(), now=NOON + 1))[seat].blocked


async def test_standing_knows_when_somebody_was_told(tx: Transaction) -> None:
    await people.remember_told(tx, [(ALICE, people.STRANGER), (ALICE, people.STOP_HINT)], NOON)
    [standing] = (await inbox.standings(tx, [Seat(ALICE, LINE)], admins=(), now=NOON)).values()
    assert (standing.told_stranger_at, standing.told_stop_at) == (NOON, NOON)


async def parts(tx: Transaction, *pieces: tuple[int, str], total: int = 3, at: int = NOON) -> list[str | None]:
    gathered: list[str | None] = []
    for index, text in pieces:
        whole = await inbox.gather(tx, inbound(ALICE, text, part=Part("7", total, index), at=at))
        gathered.append(None if whole is None else whole.text)
    return gathered


async def test_parts_in_any_order_become_one_text_in_theirs(tx: Transaction) -> None:
    assert await parts(tx, (3, "c"), (1, "a "), (2, "b")) == [None, None, "a bc"]


async def test_a_text_whose_part_is_missing_goes_out_with_the_gap_shown(tx: Transaction) -> None:
    await parts(tx, (3, "c"), (1, "a"))
    assert await inbox.overdue(tx, NOON + inbox.PARTS_WAIT - 1) == []
    assert [text.text for text in await inbox.overdue(tx, NOON + inbox.PARTS_WAIT)] == ["a […] c"]
    assert await inbox.overdue(tx, NOON + inbox.PARTS_WAIT) == []


async def test_parts_missing_side_by_side_are_one_gap(tx: Transaction) -> None:
    await parts(tx, (1, "a"), (4, "d"), total=5)
    assert [text.text for text in await inbox.overdue(tx, NOON + inbox.PARTS_WAIT)] == ["a […] d […] "]


async def test_a_text_with_gaps_comes_from_whoever_began_it(tx: Transaction) -> None:
    await inbox.gather(tx, inbound(ALICE, "a", id="m1", part=Part("7", 2, 1)))
    due = NOON + inbox.PARTS_WAIT
    expected = replace(inbound(ALICE, "a […] ", id="m1"), received_at=due)
    assert await inbox.overdue(tx, due) == [expected]


async def test_a_part_that_comes_after_its_time_follows_alone(tx: Transaction) -> None:
    await parts(tx, (3, "c"), (1, "a"))
    await inbox.overdue(tx, NOON + inbox.PARTS_WAIT)
    assert await parts(tx, (2, "b")) == ["b"]


@pytest.mark.parametrize("stamps", [(3000, 1000, 2000), (1000, 2000, 3000)])
async def test_a_long_text_was_written_when_the_earliest_of_its_parts_was(
    tx: Transaction, stamps: tuple[int, ...]
) -> None:
    for index, stamp in enumerate(stamps[:2], start=1):
        await inbox.gather(tx, replace(inbound(ALICE, "a", part=Part("7", 3, index)), stamped_at=stamp))
    last = replace(inbound(ALICE, "a", part=Part("7", 3, 3)), stamped_at=stamps[2])
    whole = await inbox.gather(tx, last)
    assert whole is not None
    assert whole.stamped_at == 1000


async def test_so_was_one_with_a_gap_and_the_part_that_follows_it(tx: Transaction) -> None:
    for index, stamp in ((1, 3000), (2, 1000)):
        await inbox.gather(tx, replace(inbound(ALICE, "a", part=Part("7", 3, index)), stamped_at=stamp))
    assert [each.stamped_at for each in await inbox.overdue(tx, NOON + inbox.PARTS_WAIT)] == [1000]
    late = await inbox.gather(tx, replace(inbound(ALICE, "a", part=Part("7", 3, 3)), stamped_at=2000))
    assert late is not None
    assert late.stamped_at == 1000


async def test_a_ref_given_out_anew_begins_another_text(tx: Transaction) -> None:
    assert await parts(tx, (1, "a"), (2, "b"), total=2) == [None, "ab"]
    assert await parts(tx, (2, "d"), (1, "c"), total=2) == [None, "cd"]


async def test_parts_ten_minutes_apart_are_not_one_text(tx: Transaction) -> None:
    await parts(tx, (1, "a"), total=2)
    assert await parts(tx, (2, "b"), total=2, at=NOON + WINDOW) == [None]


async def test_two_peoples_parts_under_one_ref_stay_apart(tx: Transaction) -> None:
    part = Part("7", 2, 1)
    assert await inbox.gather(tx, inbound(ALICE, "a", part=part)) is None
    assert await inbox.gather(tx, inbound(BOB, "b", part=Part("7", 2, 2))) is None


async def test_the_deadline_of_a_long_text_is_known(tx: Transaction) -> None:
    assert await inbox.next_due(tx) is None
    await parts(tx, (1, "a"))
    assert await inbox.next_due(tx) == NOON + inbox.PARTS_WAIT


async def test_what_went_out_is_not_held_in_parts_any_longer(tx: Transaction) -> None:
    await parts(tx, (1, "a"), (2, "b"), total=2)
    assert await tx.rows("SELECT text FROM gathered_part") == [(None,), (None,)]
    await retention.forget_kept(tx, before=NOON + 1)
    assert await tx.rows("SELECT * FROM gathered_part") == []


@pytest.mark.parametrize("text", ["hello", None])
async def test_a_text_that_went_nowhere_is_kept_with_the_reason(tx: Transaction, text: str | None) -> None:
    await inbox.keep(tx, [Kept(inbound(CAROL, text, id="m9"), "stranger")])
    assert await kept(tx) == [(CAROL.digits(), text, "stranger")]


async def test_standing_knows_of_a_pause_and_who_was_told(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await chats.pause(tx, chat.id, reason="a test", now=NOON)
    await chats.told_paused(tx, [(chat.id, Side.A)])
    found = await inbox.standings(tx, [a, b], admins=(), now=NOON)
    assert [(each.paused, each.told_paused) for each in found.values()] == [(True, True), (True, False)]


async def test_standing_knows_what_somebody_has_texted_today_on_all_lines(tx: Transaction) -> None:
    await senders.add(tx, [(ALICE, Count(texts=5, held=2, answers=1))], NOON)
    here, there = Seat(ALICE, LINE), Seat(ALICE, OTHER_LINE)
    counted = Standing(texts_today=5, held_today=2, answers_today=1)
    assert await inbox.standings(tx, [here, there], admins=(), now=NOON) == {here: counted, there: counted}
    assert await inbox.standings(tx, [here], admins=(), now=NOON + senders.DAY) == {here: Standing()}


async def test_texts_that_were_held_in_a_chat_are_counted(tx: Transaction) -> None:
    texts = [inbound(ALICE, "x", at=NOON + each) for each in range(3)]
    await inbox.keep(
        tx, [*[Kept(text, "held", 1) for text in texts], Kept(texts[0], "held", 2), Kept(texts[0], "stranger")]
    )
    assert await inbox.count_held(tx, 1) == 3
    assert await inbox.count_held(tx, 1, since=NOON + 1) == 2


async def test_the_chats_own_guard_and_the_days_warning_are_known(tx: Transaction) -> None:
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await chats.set_guard(tx, chat.id, Guard.WARN)
    await people.remember_told(tx, [(ALICE, people.GUARD_WARNING)], NOON + 1)
    found = await inbox.standings(tx, [a, b], admins=(), now=NOON)
    assert [(each.guard, each.told_guard_at) for each in found.values()] == [(Guard.WARN, NOON + 1), (Guard.WARN, None)]
