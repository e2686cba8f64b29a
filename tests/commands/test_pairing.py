import re

import pytest

from commands import pairing
from commands.desk import Refused
from commands.destinations import Destinations
from commands.pairing import Reason
from storage import chats, outbox
from storage.model import Chat, Millis
from storage.number import Number
from storage.outbox import Back
from tests.commands.room import Room
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, NOON, OTHER_LINE

PEOPLE = (ALICE, BOB, CAROL, DAVE)


async def pair(
    room: Room, a: Number = ALICE, b: Number = BOB, *, label: str | None = None, line: Number | None = LINE,
    expires_at: Millis | None = None,
) -> Chat:  # fmt: skip
    async with room.engine.transaction() as tx:
        desk = room.desk(tx, admin=ADMIN if line else None, line=line)
        chat = await pairing.pair(desk, a, b, label, expires_at)
        room.sent += [(each.recipient, each.text) for each in desk.outgoing]
    return chat


async def close(room: Room, chat: Chat, key: str = "ended") -> None:
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        await pairing.close(desk, chat, Reason.ADMIN, key)
        room.sent += [(each.recipient, each.text) for each in desk.outgoing]


async def refused(room: Room, a: Number = ALICE, b: Number = BOB, label: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        await pair(room, a, b, label=label)
    assert room.heard() == []
    return caught.value.code


def lines(chat: Chat) -> tuple[Number, Number]:
    return (chat.a.line, chat.b.line)


async def test_one_person_makes_no_pair(room: Room) -> None:
    assert await refused(room, ALICE, ALICE) == "same_number"


async def test_our_own_lines_are_no_people(room: Room) -> None:
    assert await refused(room, ALICE, OTHER_LINE) == "own_number"


async def test_who_has_opted_out_is_not_texted(room: Room) -> None:
    await room.opts_out(BOB)
    assert await refused(room) == "opted_out"


@pytest.mark.parametrize("label", ["7", "job 7", "", "all", "Chat", "x" * 41, "20-24"])
async def test_a_label_is_one_word_with_a_letter(room: Room, label: str) -> None:
    assert await refused(room, label=label) == "bad_label"


@pytest.mark.parametrize("label", ["bob0900002", "0.9.0.0.0.2x", "a0002", "x+447700900001", "no٠٠٠٢"])
async def test_a_label_cannot_carry_a_number_to_the_other(room: Room, label: str) -> None:
    assert await refused(room, label=label) == "bad_label"


async def test_a_label_may_hold_other_digits(room: Room) -> None:
    assert (await pair(room, label="order-1234567-x")).label == "order-1234567-x"


async def test_a_person_in_two_chats_has_two_lines(room: Room) -> None:
    first, second = await pair(room, ALICE, BOB), await pair(room, ALICE, CAROL)
    room.heard()
    assert (lines(first), lines(second)) == ((LINE, LINE), (OTHER_LINE, LINE))
    assert await refused(room, DAVE, ALICE) == "no_free_line"


async def test_a_new_person_gets_the_line_the_admin_texted(room: Room) -> None:
    assert lines(await pair(room, line=OTHER_LINE)) == (OTHER_LINE, OTHER_LINE)


async def test_a_line_never_used_comes_before_one_that_was(room: Room) -> None:
    await close(room, await pair(room, ALICE, BOB))
    room.now += 1000
    assert lines(await pair(room, ALICE, CAROL)) == (OTHER_LINE, LINE)


async def test_of_used_lines_the_longest_unused_comes_first(room: Room) -> None:
    for partner in (BOB, CAROL):
        room.now += 1000
        await close(room, await pair(room, ALICE, partner))
    room.now += 1000
    assert (await pair(room, ALICE, DAVE)).a.line == LINE


async def test_who_opened_it_is_kept(room: Room) -> None:
    await pair(room)
    await pair(room, CAROL, DAVE, line=None)
    rows = await room.engine.reader.rows("SELECT opened_by FROM chat ORDER BY id")
    assert rows == [(room.engine.reader.vault.index(ADMIN),), ("api",)]


async def test_both_are_told_of_the_end(room: Room) -> None:
    chat = await pair(room)
    room.heard()
    await close(room, chat, "ended_time")
    text = "Private SMS: the time of this chat is up, it has ended. Further texts here will not reach the other person."
    assert room.heard() == [(ALICE, text), (BOB, text)]
    closed = await chats.find(room.engine.reader, chat.id)
    assert closed is not None
    assert (closed.open, closed.closed_at, closed.closed_reason) == (False, NOON, "ended by an admin")


async def test_whose_text_still_waited_is_told_it_did_not_arrive(room: Room) -> None:
    chat = await pair(room)
    room.heard()
    await room.texts(chat)
    await close(room, chat)
    assert [(number, "NOT delivered" in text) for number, text in room.heard()] == [
        (ALICE, True), (ALICE, False), (BOB, False),
    ]  # fmt: skip


async def test_whose_text_waited_since_the_chat_was_on_another_line_is_told_so_too(room: Room) -> None:
    chat = await pair(room)
    await room.texts(chat)
    async with room.engine.transaction() as tx:
        [under_way] = (await outbox.claim(tx, owner="a run", line=LINE, limit=1, now=room.now)).texts
    await close(room, chat)
    room.change(lines=(LINE,))
    await room.say(f"PAIR {ALICE.e164()} {CAROL.e164()}")
    room.change(lines=(LINE, OTHER_LINE))
    await room.say("REOPEN 1")
    async with room.engine.transaction() as tx:
        await outbox.put_back(tx, [Back(under_way, room.now, "status 1")], room.now)
    again = await chats.find(room.engine.reader, chat.id)
    assert again is not None
    assert again.a.line == OTHER_LINE
    room.heard()
    await close(room, again)
    assert [(number, "NOT delivered" in text) for number, text in room.heard()] == [
        (ALICE, True), (ALICE, False), (BOB, False),
    ]  # fmt: skip


async def test_the_end_is_not_told_to_who_has_opted_out(room: Room) -> None:
    chat = await pair(room)
    room.heard()
    await room.texts(chat)
    await room.opts_out(ALICE)
    await close(room, chat)
    assert [number for number, _ in room.heard()] == [BOB]


async def test_no_text_to_a_person_holds_four_digits_of_the_other(room: Room) -> None:
    for number, text in await everything_said(room):
        runs = set(re.findall(r"(?=(\d{4}))", text))
        assert not any(run in other.digits() for run in runs for other in PEOPLE if other != number), text


async def everything_said(room: Room) -> list[tuple[Number, str]]:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7\nPAIR {CAROL.e164()} {DAVE.e164()} FOR 2H")
    for text in ("SAY 1 Hello", "TELL 1A Hi", "EXTEND 1 2D", "END 1", "REOPEN 1", "END job7", "END ALL", "OK 4821"):
        await room.say(text)
    heard = room.heard()
    assert len(heard) == 15
    return heard


ABROAD, DEAR = Number("+12015550123"), Number("+1900" + "5550100")


@pytest.mark.parametrize(("number", "code"), [(ABROAD, "country_not_allowed"), (DEAR, "number_not_allowed")])
async def test_a_number_we_may_not_text_is_in_no_pair(room: Room, number: Number, code: str) -> None:
    room.change(destinations=Destinations(frozenset({"GB"})))
    assert await refused(room, ALICE, number) == code
    assert await refused(room, number, BOB) == code


async def test_the_admin_hears_which_country_it_was_and_it_is_audited(room: Room) -> None:
    room.change(destinations=Destinations(frozenset({"GB"})))
    assert await room.ask(f"PAIR {ALICE.e164()} {ABROAD.e164()}") == (
        "*0123 is in US, not one of the countries I may text (ALLOWED_COUNTRIES). "
        "Nothing was created. Add the country there first."
    )
    assert await chats.count_open(room.engine.reader) == 0
    entries = await room.engine.reader.rows("SELECT who, whom, outcome FROM audit WHERE what = 'number refused'")
    assert entries == [("*0100", "*0123", "country not allowed")]


async def test_a_chat_with_a_country_that_is_not_allowed_any_more_is_not_opened_again(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {ABROAD.e164()}\nEND 1")
    room.change(destinations=Destinations(frozenset({"GB"})))
    assert (await room.ask("REOPEN 1")).startswith("*0123 is in US, not one")
    assert await chats.count_open(room.engine.reader) == 0


async def test_a_chat_with_somebody_who_is_a_line_of_ours_now_is_not_opened_again(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    room.change(lines=(LINE, OTHER_LINE, BOB))
    assert (await room.ask("REOPEN 1")).startswith("*0002 is one of our own lines")
