import pyotp
import pytest

from commands.confirm import LIFE
from commands.desk import Codes
from storage import chats, codes
from storage.number import Number
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ADMIN, ALICE, BOB, LINE, OTHER_LINE

NO_CODE = "No code is waiting on this line, so nothing was changed. Send the command again to get one."


@pytest.fixture
async def asked(room: Room) -> Room:
    """END ALL has been asked for, and waits for OK 4821."""
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND ALL")
    room.heard()
    return room


async def is_open(room: Room) -> bool:
    return await chats.count_open(room.engine.reader) == 1


async def test_a_code_works_once(asked: Room) -> None:
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")
    await asked.ask("REOPEN 1")
    assert await asked.ask("OK 4821") == NO_CODE
    assert await is_open(asked)


async def test_a_wrong_code_leaves_the_right_one_as_it_was(asked: Room) -> None:
    assert await asked.ask("OK 4822") == (
        "That is not the code. Nothing was changed. 4 more wrong, and codes are off for a while. "
        "END ALL again gets a new one."
    )
    assert await is_open(asked)
    assert (await asked.ask("OK 4821")).startswith("Chats closed: 1.")


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
        pending = await codes.pending(tx, ADMIN)
        assert pending is not None
        await codes.ask(
            tx, admin=ADMIN, line=line, command=command, code_hash=pending.code_hash, expires_at=pending.expires_at
        )
    assert (await asked.ask("OK 4821", line=line)).startswith("That is not the code")


async def test_a_code_is_wrong_under_another_key(asked: Room) -> None:
    asked.change(code_key=b"another")
    assert (await asked.ask("OK 4821")).startswith("That is not the code")


async def test_a_command_of_another_version_is_not_done(asked: Room) -> None:
    async with asked.engine.transaction() as tx:
        await codes.ask(tx, admin=ADMIN, line=LINE, command="MELT", code_hash=b"", expires_at=asked.now + LIFE)
    assert await asked.ask("OK 4821") == NO_CODE


async def test_the_code_itself_is_not_kept(asked: Room) -> None:
    async with asked.engine.transaction() as tx:
        pending = await codes.pending(tx, ADMIN)
    assert pending is not None
    assert b"4821" not in pending.code_hash
    assert len(pending.code_hash) == 32


async def test_the_question_says_what_will_be_done_to_whom_and_shows_no_number(asked: Room) -> None:
    assert await asked.ask("ADMIN ADD +44 7700 900003") == (
        "ADMIN ADD *0003: let this phone text commands. Reply OK 4821 within 5 min to do it. Nothing was changed yet."
    )


async def test_with_codes_for_all_what_changes_something_asks_too(room: Room) -> None:
    room.change(codes=Codes.ALL)
    assert (await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7")).startswith(
        "PAIR *0001 *0002 AS job7: open a chat"
    )
    assert room.heard() == []
    assert (await room.ask("OK 4821")).startswith("Chat 1 job7 ready")
    assert (await room.ask("LIST")).startswith("1 open")
    assert (await room.ask("UNDO")).startswith("UNDO: take back")


async def test_without_that_only_what_is_grave_asks(room: Room) -> None:
    assert (await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")).startswith("Chat 1 ready")


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def digits(room: Room, steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(room.now // 1000 + 30 * steps)


@pytest.fixture
async def signing(room: Room) -> Room:
    """This admin has an authenticator, and there is something to end."""
    room.change(authenticators={ADMIN: SECRET})
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}")
    return room


async def test_with_an_authenticator_its_digits_at_the_end_take_the_place_of_a_code(signing: Room) -> None:
    assert await signing.ask("END ALL") == (
        "END ALL needs the six digits of your authenticator at its end, after a space. Nothing was changed. "
        "Send it again with them."
    )
    assert await signing.ask("OK 4821") == NO_CODE
    assert (await signing.ask(f"end all {digits(signing)}")).startswith("Chats closed: 1.")


@pytest.mark.parametrize("steps", [-1, 1])
async def test_a_clock_may_be_half_a_minute_off(signing: Room, steps: int) -> None:
    assert (await signing.ask(f"END ALL {digits(signing, steps)}")).startswith("Chats closed: 1.")


@pytest.mark.parametrize("steps", [-2, 2])
async def test_digits_of_another_time_are_wrong(signing: Room, steps: int) -> None:
    assert (await signing.ask(f"END ALL {digits(signing, steps)}")).startswith("That is not the code. Nothing was")
    assert await is_open(signing)


async def test_digits_count_once(signing: Room) -> None:
    used = digits(signing)
    await signing.ask(f"END ALL {used}")
    await signing.ask("REOPEN 1")
    assert await signing.ask(f"END ALL {used}") == (
        "Those digits were used before, they count once. Nothing was changed. Wait for the next and send END ALL again."
    )
    assert (await signing.ask(f"ADMIN ADD {BOB.e164()} {used}")).startswith("Those digits were used before")
    assert await is_open(signing)
    signing.now += 60_000
    assert (await signing.ask(f"END ALL {digits(signing)}")).startswith("Chats closed: 1.")


async def test_a_number_before_the_digits_is_read_without_them(signing: Room) -> None:
    assert (await signing.ask(f"ADMIN ADD +44 7700 900003 {digits(signing)}")).startswith("*0003 is an admin now")


async def test_who_has_no_authenticator_sends_no_digits(signing: Room) -> None:
    assert await signing.ask("END ALL 123456", admin=SECOND_ADMIN) == (
        "No authenticator is set up for you, so no digits are needed. Nothing was changed. "
        "Send END ALL again without them."
    )
    assert "Reply OK 4821" in await signing.ask("END ALL", admin=SECOND_ADMIN)


async def test_a_code_from_before_the_authenticator_is_worth_nothing(asked: Room) -> None:
    asked.change(authenticators={ADMIN: SECRET})
    assert await asked.ask("OK 4821") == NO_CODE
    assert await is_open(asked)


async def test_with_codes_for_all_the_digits_end_each_change(signing: Room) -> None:
    signing.change(codes=Codes.ALL)
    assert (await signing.ask("END 1")).startswith("END needs the six digits")
    assert (await signing.ask(f"END 1 {digits(signing)}")).startswith("Chat 1 closed")


async def test_ok_without_a_question_does_nothing(room: Room) -> None:
    assert await room.ask("OK 4821") == NO_CODE
