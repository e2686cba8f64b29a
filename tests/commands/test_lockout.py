import pytest

from commands import lockout
from commands.desk import News
from commands.durations import MINUTE
from storage import chats
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ADMIN, ALICE, BOB

OFF = "Too many wrong codes: yours are off for 15m. Nothing was changed."


@pytest.fixture
async def asked(room: Room) -> Room:
    """END ALL has been asked for, and waits for OK 4821."""
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND ALL")
    room.heard()
    return room


async def guess(room: Room, times: int) -> list[str]:
    return [await room.ask("OK 0000") for _ in range(times)]


async def events(room: Room) -> list[str]:
    return [what for (what,) in await room.engine.reader.rows("SELECT what FROM audit WHERE kind = 'security'")]


async def test_after_four_wrong_codes_the_right_one_still_works(asked: Room) -> None:
    assert [answer.split()[8] for answer in await guess(asked, 4)] == ["4", "3", "2", "1"]
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")


async def test_the_fifth_wrong_code_locks_and_the_other_admins_are_told(asked: Room) -> None:
    asked.change(news=News.OFF)
    answers = await guess(asked, 5)
    assert answers[-1].startswith(OFF)
    assert asked.heard() == [
        (
            SECOND_ADMIN,
            "Admin *0100 sent too many wrong codes: theirs are off for 15m. Somebody may be texting in their name. "
            "Nothing was changed. Ask them.",
        )
    ]
    assert await chats.count_open(asked.engine.reader) == 1


async def test_while_locked_the_right_code_is_worth_nothing_and_is_answered_once(asked: Room) -> None:
    await guess(asked, 5)
    asked.now += MINUTE
    assert (await asked.ask("OK 4821")).startswith("After too many wrong codes yours are off for 14m more.")
    assert await asked.say("OK 4821\nEND ALL\nADMIN ADD +447700900003\nOK 0000") == []
    assert await chats.count_open(asked.engine.reader) == 1


async def test_a_lock_ends_after_a_quarter_of_an_hour(asked: Room) -> None:
    await guess(asked, 5)
    asked.now += lockout.LOCK - 1
    await asked.say("END ALL")
    assert await asked.say("END ALL") == []
    asked.now += 1
    assert (await asked.ask("OK 4821")).startswith("No code is waiting"), "what waited before is void"
    assert "Reply OK 4821" in await asked.ask("END ALL")
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")


async def test_a_lock_holds_one_admin_and_no_ordinary_command(asked: Room) -> None:
    await guess(asked, 5)
    assert (await asked.ask("LIST")).startswith("1 open")
    assert (await asked.ask("END 1")).startswith("Chat 1 closed")
    await asked.ask("REOPEN 1")
    await asked.ask("END ALL", admin=SECOND_ADMIN)
    assert (await asked.ask("OK 4821", admin=SECOND_ADMIN)).startswith("Chats closed: 1.")


async def test_wrong_codes_of_long_ago_do_not_count(asked: Room) -> None:
    await guess(asked, 4)
    asked.now += lockout.WRONG_WITHIN
    await asked.ask("END ALL")
    assert (await guess(asked, 1))[0].startswith("That is not the code. Nothing was changed. 4 more")


async def test_wrong_digits_of_an_authenticator_lock_as_well(room: Room) -> None:
    room.change(authenticators={ADMIN: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"})
    answers = [await room.ask("END ALL 000000") for _ in range(5)]
    assert answers[-1].startswith(OFF)


async def test_a_guess_where_no_code_waits_locks_nobody(room: Room) -> None:
    await guess(room, 9)
    assert "Reply OK 4821" in await room.ask("END ALL")


async def test_three_codes_in_ten_minutes_are_all_and_that_is_said_once(asked: Room) -> None:
    assert "Reply OK" in await asked.ask("END ALL")
    assert "Reply OK" in await asked.ask("RESEND ALL")
    assert (await asked.ask("END ALL")).startswith("3 codes were asked for within 10m: that is all for now.")
    assert await asked.say("END ALL\nDISMISS ALL\nADMIN ADD +447700900003") == []
    assert (await asked.ask("OK 4821")).startswith("Texts going out again: 0"), (
        "the last one that was sent still counts"
    )


async def test_after_ten_minutes_a_code_may_be_asked_for_again(asked: Room) -> None:
    await asked.say("END ALL\nEND ALL\nEND ALL")
    asked.now += lockout.ASKED_WITHIN - 1
    assert await asked.say("END ALL") == []
    asked.now += 1
    assert "Reply OK 4821" in await asked.ask("END ALL")


async def test_each_of_it_is_in_the_audit_log(asked: Room) -> None:
    await guess(asked, 5)
    await asked.say("END ALL")
    assert await events(asked) == ["code asked", *["code wrong"] * 5, "codes locked", "code refused"]
