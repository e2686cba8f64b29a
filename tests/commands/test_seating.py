import pytest

from commands import seating
from commands.desk import Refused
from commands.durations import DAY, HOUR, MINUTE
from storage.lines import Sitting
from storage.model import Chat, Millis, Participant, Side
from storage.number import Number
from tests.commands.room import Room
from tests.commands.test_pairing import close, pair
from tests.people import ALICE, BOB, CAROL, DAVE, LINE, NOON, OTHER_LINE

THIRD_LINE = Number("+447700900008")


async def seat(
    room: Room, partner: Number, *, rather: Number | None = None, stamped_at: Millis | None = None,
    line: Number | None = LINE,
) -> Sitting:  # fmt: skip
    """Where Alice would sit with somebody."""
    async with room.engine.transaction() as tx:
        desk = room.desk(tx, line=line, stamped_at=stamped_at)
        return await seating.sitting(desk, ALICE, partner, rather=rather)


async def used(room: Room, *partners: Number) -> None:
    """Alice has texted with these, one after the other, an hour each; each on whatever line was best then."""
    for partner in partners:
        chat = await pair(room, ALICE, partner)
        room.now += HOUR
        await close(room, chat)


# --- which line -------------------------------------------------------------------------------------------------


async def test_with_the_same_partner_the_thread_goes_on_where_it_was(room: Room) -> None:
    await used(room, BOB, CAROL)
    assert (await seat(room, BOB)).seat.line == LINE
    assert (await seat(room, CAROL)).seat.line == OTHER_LINE


async def test_of_several_threads_with_the_same_partner_the_last_goes_on(room: Room) -> None:
    room.change(lines=(LINE,))
    await used(room, BOB)
    room.change(lines=(OTHER_LINE,))
    await used(room, BOB)
    room.change(lines=(LINE, OTHER_LINE))
    assert (await seat(room, BOB)).seat.line == OTHER_LINE


async def test_with_somebody_else_a_line_never_used_comes_before_the_longest_unused(room: Room) -> None:
    room.change(lines=(LINE, OTHER_LINE, THIRD_LINE))
    await used(room, BOB, CAROL)
    assert (await seat(room, DAVE)).seat.line == THIRD_LINE
    room.change(lines=(OTHER_LINE, LINE))
    assert (await seat(room, DAVE)).seat.line == LINE


async def test_a_line_that_is_taken_is_none(room: Room) -> None:
    await pair(room, ALICE, BOB)
    assert (await seat(room, CAROL)).seat.line == OTHER_LINE
    await pair(room, ALICE, CAROL)
    with pytest.raises(Refused, match="no_free_line"):
        await seat(room, DAVE)


async def test_of_equals_the_line_that_was_texted_comes_first(room: Room) -> None:
    assert (await seat(room, BOB, line=OTHER_LINE)).seat.line == OTHER_LINE
    assert (await seat(room, BOB, line=None)).seat.line == LINE


async def test_opened_again_it_stays_where_it_was_unless_somebody_else_was_there_of_late(room: Room) -> None:
    room.change(lines=(LINE,))
    await used(room, BOB)
    room.change(lines=(LINE, OTHER_LINE))
    assert (await seat(room, BOB, rather=LINE)).seat.line == LINE
    room.change(lines=(LINE,))
    await used(room, CAROL)
    room.change(lines=(LINE, OTHER_LINE))
    assert (await seat(room, BOB, rather=LINE)).seat.line == OTHER_LINE
    room.now += 4 * DAY
    assert (await seat(room, BOB, rather=LINE)).seat.line == LINE


# --- what of their texts may have been meant for others ---------------------------------------------------------


async def test_on_a_line_never_used_every_text_is_meant_for_the_partner(room: Room) -> None:
    assert await seat(room, BOB, stamped_at=NOON) == Sitting((await seat(room, BOB)).seat)


async def test_with_the_same_partner_nothing_is_new(room: Room) -> None:
    room.change(lines=(LINE,))
    await used(room, BOB)
    sits = await seat(room, BOB, stamped_at=room.now)
    assert (sits.fresh_from, sits.guarded_until) == (None, None)


async def test_with_the_same_partner_what_was_written_to_the_one_before_stays_theirs(room: Room) -> None:
    room.change(lines=(LINE,), changeover=0)
    await used(room, BOB)
    fresh_from = room.now - 2 * MINUTE
    await used(room, CAROL)
    sits = await seat(room, CAROL, stamped_at=room.now)
    assert (sits.fresh_from, sits.guarded_until) == (fresh_from, None)


async def test_with_somebody_else_the_opening_counts_by_the_stamps_clock(room: Room) -> None:
    room.change(lines=(LINE,))
    await used(room, BOB)
    assert (await seat(room, CAROL, stamped_at=room.now - 5)).fresh_from == room.now - 5
    assert (await seat(room, CAROL)).fresh_from == room.now - 2 * MINUTE, "two clocks may differ"


@pytest.mark.parametrize(("rests", "guarded"), [(96 * HOUR - 1, True), (96 * HOUR, False)])
async def test_a_line_that_has_not_rested_is_guarded(room: Room, rests: Millis, guarded: bool) -> None:
    room.change(lines=(LINE,))
    await used(room, BOB)
    ended_at = room.now
    room.now += rests
    assert (await seat(room, CAROL)).guarded_until == (ended_at + 10 * MINUTE if guarded else None)


# --- strictly ---------------------------------------------------------------------------------------------------


async def test_strictly_no_chat_is_opened_on_a_line_that_has_not_rested(room: Room) -> None:
    room.change(lines=(LINE, OTHER_LINE), quarantine_strict=True)
    await used(room, BOB, CAROL)
    room.heard()
    assert await room.ask(f"PAIR {ALICE.e164()} {DAVE.e164()}") == (
        "*0001 had another chat of late on each free number of ours (QUARANTINE_STRICT). Nothing was changed. "
        "Add a number, or try again in 3d23h."
    )
    assert room.heard() == []
    room.now += 4 * DAY - HOUR
    assert (await pair(room, ALICE, DAVE)).a.line == LINE


async def test_strictly_the_same_two_may_go_on(room: Room) -> None:
    room.change(lines=(LINE,), quarantine_strict=True)
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    assert (await room.ask("UNDO")).startswith("Undone: Chat 1 is open again")
    await room.say("END 1\nREOPEN 1\nEND 1")
    assert (await room.ask(f"PAIR {ALICE.e164()} {CAROL.e164()}")).startswith("*0001 had another chat of late")


# --- what is said of it -----------------------------------------------------------------------------------------


async def test_who_changes_over_is_told_and_so_is_the_admin(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    room.heard()
    assert await room.ask(f"PAIR {ALICE.e164()} {CAROL.e164()}") == (
        "Chat 2 ready: *0001 + *0003. Another chat here of late, so told of somebody new: *0001. "
        "END 2 closes it, UNDO within 2 min."
    )
    rest = "Just reply here; your number stays hidden. STOP to opt out."
    assert room.heard() == [
        (ALICE, f"Private SMS: you are now connected with somebody new. {rest}"),
        (CAROL, f"Private SMS: you are connected. {rest}"),
    ]


async def test_a_label_and_an_end_are_told_all_the_same(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    room.heard()
    assert await room.ask(f"PAIR {BOB.e164()} {ALICE.e164()} AS job8 FOR 2H") == (
        "Chat 2 job8 ready: *0002 + *0001. It ends in 2h; END 2 closes it sooner, UNDO within 2 min."
    )
    await room.say("END 2")
    said = await room.ask(f"PAIR {CAROL.e164()} {ALICE.e164()} AS job9 FOR 2H")
    assert said == (
        "Chat 3 job9 ready: *0003 + *0001, ends in 2h. Another chat here of late, so told of somebody new: *0001. "
        "UNDO within 2 min."
    )
    assert "with somebody new about job9." in dict(room.heard())[ALICE]


async def test_a_chat_opened_again_after_another_says_so(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1\nPAIR {ALICE.e164()} {CAROL.e164()}\nEND 2")
    room.heard()
    assert await room.ask("REOPEN 1") == (
        "Chat 1 is open again: *0001 + *0002. Another chat here of late, so told to make sure who it is: *0001. "
        "END 1 closes it."
    )
    assert [text for number, text in room.heard() if number == ALICE] == [
        "Private SMS: a chat of yours is open again. You had more than one here of late: make sure whom you are "
        "texting. Just reply here. STOP to opt out."
    ]


async def test_an_end_that_is_undone_before_somebody_new_was_noticed_says_so(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1\nPAIR {ALICE.e164()} {CAROL.e164()}\nEND 2")
    assert await room.ask("UNDO") == (
        "Undone: Chat 2 is open again. Another chat here of late, so told to make sure who it is: *0001. "
        "END 2 closes it."
    )


def test_of_a_chat_without_a_changeover_there_is_nothing_to_say() -> None:
    sides = Participant(Side.A, ALICE, LINE), Participant(Side.B, BOB, LINE)
    assert seating.changed(Chat(1, None, True, *sides, NOON, None, None)) == ""
