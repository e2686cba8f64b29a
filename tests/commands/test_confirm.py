import pytest

from commands.confirm import LIFE
from storage import chats, people
from storage.number import Number
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ADMIN, ALICE, BOB, LINE, OTHER_LINE

NO_CODE = "No code is waiting on this line, so nothing was changed. Send the command again to get one."


@pytest.fixture
async def asked(room: Room) -> Room:
    """END ALL has been asked for, and waits for OK 4821."""
    await room.say(f"PAIR {ALICE.e164} {BOB.e164}\nEND ALL")
    room.heard()
    return room


async def is_open(room: Room) -> bool:
    return await chats.count_open(room.engine.reader) == 1


async def test_a_code_works_once(asked: Room) -> None:
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")
    await asked.ask("REOPEN 1")
    assert await asked.ask("OK 4821") == NO_CODE
    assert await is_open(asked)


async def test_a_wrong_code_voids_the_right_one(asked: Room) -> None:
    assert await asked.ask("OK 4822") == (
        "That is not the code, and it is void now. Nothing was changed. Send END ALL again to get a new one."
    )
    assert await asked.ask("OK 4821") == NO_CODE
    assert await is_open(asked)


async def test_a_code_lives_five_minutes(asked: Room) -> None:
    asked.now += LIFE
    assert (await asked.ask("OK 4821")).startswith("That code is too old, so nothing was changed. Send END ALL again")
    assert await is_open(asked)


async def test_a_code_works_until_its_time_is_up(asked: Room) -> None:
    asked.now += LIFE - 1
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")


async def test_a_code_is_for_the_admin_who_asked(asked: Room) -> None:
    assert await asked.ask("OK 4821", admin=SECOND_ADMIN) == NO_CODE
    assert await is_open(asked)
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")


async def test_a_code_is_for_the_line_on_which_it_was_asked(asked: Room) -> None:
    assert await asked.ask("OK 4821", line=OTHER_LINE) == NO_CODE
    assert await is_open(asked)


async def test_the_newest_code_replaces_the_older(asked: Room) -> None:
    asked.change(new_code=lambda: "1234")
    await asked.ask("END ALL")
    assert (await asked.ask("OK 4821")).startswith("That is not the code")


@pytest.mark.parametrize(("line", "command"), [(LINE, "CLOSE ALL"), (OTHER_LINE, "END ALL")])
async def test_a_code_moved_to_another_line_or_command_is_wrong(asked: Room, line: Number, command: str) -> None:
    async with asked.engine.transaction() as tx:
        pending = await people.pending_code(tx, ADMIN)
        assert pending is not None
        await people.ask_code(
            tx, admin=ADMIN, line=line, command=command, code_hash=pending.code_hash, expires_at=pending.expires_at
        )
    assert (await asked.ask("OK 4821", line=line)).startswith("That is not the code")


async def test_a_code_is_wrong_under_another_key(asked: Room) -> None:
    asked.change(code_key=b"another")
    assert (await asked.ask("OK 4821")).startswith("That is not the code")


async def test_a_command_of_another_version_is_not_done(asked: Room) -> None:
    async with asked.engine.transaction() as tx:
        await people.ask_code(tx, admin=ADMIN, line=LINE, command="MELT", code_hash=b"", expires_at=asked.now + LIFE)
    assert await asked.ask("OK 4821") == NO_CODE


async def test_the_code_itself_is_not_kept(asked: Room) -> None:
    async with asked.engine.transaction() as tx:
        pending = await people.pending_code(tx, ADMIN)
    assert pending is not None
    assert b"4821" not in pending.code_hash
    assert len(pending.code_hash) == 32


async def test_ok_without_a_question_does_nothing(room: Room) -> None:
    assert await room.ask("OK 4821") == NO_CODE
