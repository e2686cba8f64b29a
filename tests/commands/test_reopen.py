from storage import chats
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL, LINE, OTHER_LINE

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()} AS job7 FOR 2H"


async def test_the_same_two_people_get_their_chat_again(room: Room) -> None:
    await room.say(f"{PAIR}\nEND 1")
    room.heard()
    assert await room.ask("REOPEN 1") == "Chat 1 job7 is open again: *0001 + *0002. END 1 closes it."
    again = "Private SMS: this chat is open again. Just reply here; your number stays hidden. STOP to opt out."
    assert room.heard() == [(ALICE, again), (BOB, again)]


async def test_a_fixed_end_that_is_over_does_not_come_back(room: Room) -> None:
    await room.say(f"{PAIR}\nEND 1\nREOPEN 1")
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    assert (chat.open, chat.expires_at, chat.closed_reason) == (True, None, None)


async def test_they_keep_their_lines_where_these_are_free(room: Room) -> None:
    await room.say(f"{PAIR}\nEND 1\nREOPEN 1")
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    assert (chat.a.line, chat.b.line) == (LINE, LINE)


async def test_who_is_busy_on_that_line_gets_another(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"{PAIR}\nEND 1\nPAIR {ALICE.e164()} {CAROL.e164()}")
    room.change(lines=(LINE, OTHER_LINE))
    await room.ask("REOPEN 1")
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    assert (chat.a.line, chat.b.line) == (OTHER_LINE, LINE)


async def test_who_is_busy_on_every_line_stays_as_they_are(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"{PAIR}\nEND 1\nPAIR {ALICE.e164()} {CAROL.e164()}")
    room.heard()
    assert (await room.ask("REOPEN 1")).startswith("*0001 is already in Chat 2 on every number we have. END 2 first")
    assert room.heard() == []


async def test_an_open_chat_is_not_opened_again(room: Room) -> None:
    await room.ask(PAIR)
    room.heard()
    assert await room.ask("REOPEN 1") == "Chat 1 job7 is still open, so nothing was changed. END 1 closes it."
    assert room.heard() == []


async def test_a_chat_with_somebody_who_opted_out_stays_closed(room: Room) -> None:
    await room.say(f"{PAIR}\nEND 1")
    await room.opts_out(BOB)
    assert (await room.ask("REOPEN 1")).startswith("*0002 has opted out")
    assert await chats.count_open(room.engine.reader) == 0


async def test_a_chat_that_never_was_is_not_opened(room: Room) -> None:
    assert (await room.ask("REOPEN 7")).startswith("There is no Chat 7.")
