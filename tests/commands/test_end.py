from storage import chats
from storage.number import Number
from tests.commands.room import Room
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE


async def open_two(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7\nPAIR {CAROL.e164()} {DAVE.e164()}")
    room.heard()


async def open_ids(room: Room) -> list[int]:
    return [chat.id for chat in await chats.open_chats(room.engine.reader)]


async def test_end_with_an_id_closes_that_chat_and_tells_both(room: Room) -> None:
    await open_two(room)
    assert await room.ask("END 1") == "Chat 1 job7 closed: *0001 + *0002. REOPEN 1 opens it again."
    ended = "Private SMS: this chat has ended. Further texts here will not reach the other person."
    assert room.heard() == [(ALICE, ended), (BOB, ended)]
    assert await open_ids(room) == [2]


async def test_a_label_in_any_case_names_a_chat(room: Room) -> None:
    await open_two(room)
    assert (await room.ask("end JOB7")).startswith("Chat 1 job7 closed")


async def test_a_number_names_the_chat_it_is_in(room: Room) -> None:
    await open_two(room)
    assert (await room.ask(f"CLOSE {DAVE.e164()}")).startswith("Chat 2 closed")


async def test_bare_end_closes_the_only_open_chat(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    assert (await room.ask("End")).startswith("Chat 1 closed")
    assert await open_ids(room) == []


async def test_bare_end_with_several_open_lists_them_and_closes_nothing(room: Room) -> None:
    await open_two(room)
    assert await room.ask("END") == (
        "Which chat? Open: 1 job7, 2. Send END and the number, e.g. END 1. Nothing was changed."
    )
    assert await open_ids(room) == [1, 2]
    assert room.heard() == []


async def test_more_open_chats_than_fit_are_hinted_at(room: Room) -> None:
    for each in range(30):
        await room.ask(f"PAIR +4477009002{each:02} +4477009003{each:02} AS longlabel{each}")
    answer = await room.ask("END")
    assert answer.startswith("Which chat? Open: 1 longlabel0, 2 longlabel1,")
    assert " ... Send" in answer or " .... Send" in answer


async def test_bare_end_of_an_admin_in_a_chat_closes_their_own(room: Room) -> None:
    await open_two(room)
    await room.ask(f"PAIR {ADMIN.e164()} {ALICE.e164()}")
    assert (await room.ask("END")).startswith("Chat 3 closed")


async def test_of_an_admins_own_chats_the_one_on_this_line_is_meant(room: Room) -> None:
    await room.say(f"PAIR {ADMIN.e164()} {ALICE.e164()}\nPAIR {ADMIN.e164()} {BOB.e164()}")
    assert (await room.ask("END", line=OTHER_LINE)).startswith("Chat 2 closed")
    assert (await room.ask("END", line=LINE)).startswith("Chat 1 closed")


async def test_an_admins_own_chat_on_another_line_comes_before_those_of_others(room: Room) -> None:
    await open_two(room)
    await room.ask(f"PAIR {ADMIN.e164()} {ALICE.e164()}", line=OTHER_LINE)
    assert (await room.ask("END", line=LINE)).startswith("Chat 3 closed")


async def test_a_person_in_several_chats_is_asked_about(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nPAIR {ALICE.e164()} {CAROL.e164()}")
    assert (await room.ask(f"END {ALICE.e164()}")).startswith("Which chat? Open: 1, 2.")


async def test_a_label_of_several_chats_is_asked_about(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()} AS x\nPAIR {CAROL.e164()} {DAVE.e164()} AS X")
    assert (await room.ask("END x")).startswith("Which chat? Open: 1 x, 2 X.")


async def test_what_is_not_there_is_not_closed(room: Room) -> None:
    nothing = "LIST shows the open ones. Nothing was changed."
    assert await room.ask("END") == "No chat is open, so nothing was changed. PAIR opens one."
    assert await room.ask("END 7") == f"There is no Chat 7. {nothing}"
    assert await room.ask("END job7") == f"No open chat is called job7. {nothing}"
    assert await room.ask(f"END {ALICE.e164()}") == f"*0001 is in no open chat. {nothing}"


async def test_a_closed_chat_is_not_closed_again(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    room.heard()
    room.now += 3_600_000
    assert await room.ask("END 1") == "Chat 1 is closed, since 1h ago. REOPEN 1 opens it again. Nothing was changed."
    assert room.heard() == []


async def test_end_all_closes_nothing_before_the_code(room: Room) -> None:
    await open_two(room)
    assert await room.ask("END ALL") == (
        "END ALL: close every open chat; all people are told. Reply OK 4821 within 5 min to do it. "
        "Nothing was changed yet."
    )
    assert await open_ids(room) == [1, 2]
    assert room.heard() == []


async def test_end_all_with_the_code_closes_everything_and_tells_everybody(room: Room) -> None:
    await open_two(room)
    await room.ask("CLOSE ALL")
    assert await room.ask("OK 4821") == "Chats closed: 2. Everybody in them was told."
    assert await open_ids(room) == []
    assert sorted(told(room)) == [ALICE, BOB, CAROL, DAVE]


async def test_end_all_reaches_past_the_first_page(room: Room) -> None:
    await room.say("\n".join(f"PAIR +4477009002{each:02} +4477009003{each:02}" for each in range(55)))
    room.heard()
    await room.ask("END ALL")
    assert await room.ask("OK 4821") == "Chats closed: 55. Everybody in them was told."
    assert len(told(room)) == 110


async def test_end_all_with_nothing_open_says_so(room: Room) -> None:
    await room.ask("END ALL")
    assert await room.ask("OK 4821") == "No chat is open, so nothing was changed. PAIR opens one."


def told(room: Room) -> list[Number]:
    return [number for number, _ in room.heard()]
