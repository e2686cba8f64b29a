from storage import messages
from storage.engine import Row
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ALICE, BOB, CAROL, DAVE


async def acts(room: Room) -> list[Row]:
    return await room.engine.reader.rows("SELECT who, what, whom, chat, outcome FROM audit WHERE kind = 'act'")


async def test_each_command_is_recorded_with_what_it_was_about_and_how_it_went(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nSAY 1 a secret word\nEND 7\nBLOCK {CAROL.e164()}\nSHOW 1\nend")
    await room.ask("WHOAMI", admin=SECOND_ADMIN)
    assert await acts(room) == [
        ("*0100", "PAIR", None, 1, "done"),
        ("*0100", "SAY", None, 1, "done"),
        ("*0100", "END", None, None, "refused: no_such_chat"),
        ("*0100", "BLOCK", "*0003", None, "done"),
        ("*0100", "SHOW", None, 1, "done"),
        ("*0100", "END", None, 1, "done"),
        ("*0101", "WHOAMI", None, None, "done"),
    ]


async def test_a_confirmed_act_is_recorded_once_and_after_the_code(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND ALL\nOK 4821")
    rows = await room.engine.reader.rows("SELECT kind, what, outcome FROM audit ORDER BY id")
    assert rows[1:] == [("security", "code asked", "END ALL"), ("act", "END ALL", "done")]


async def test_no_word_and_no_number_of_anybody_is_in_the_log(room: Room) -> None:
    await room.say(
        f"PAIR {ALICE.e164()} {BOB.e164()} AS canary\nSAY 1 canary\nBLOCK {CAROL.e164()}\nCHECK {DAVE.e164()}\n"
        "END canary"
    )
    await room.say("LIST canary\nFAILED canary\nbanana canary\nADMIN ADD +447700900003\nOK 0000\nOK 4821")
    told = repr(await room.engine.reader.rows("SELECT * FROM audit"))
    assert "*0003" in told
    assert "canary" not in told
    assert "7700900" not in told


async def test_what_concerns_all_texts_is_about_no_one_chat(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    async with room.engine.transaction() as tx:
        await messages.hold_all(tx, room.now)
    await room.say("RESEND ALL\nOK 4821")
    assert (await acts(room))[-1] == ("*0100", "RESEND ALL", None, None, "done")


async def test_what_is_no_command_of_this_persons_is_not_recorded(room: Room) -> None:
    await room.ask("END ALL", admin=ALICE)
    await room.ask("banana")
    assert await acts(room) == []
