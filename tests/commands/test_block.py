import pytest

from commands.durations import DAY
from storage import blocks, chats
from storage.blocks import FOR_EVER
from storage.model import Millis
from storage.number import Number
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ALICE, BOB, CAROL, LINE, NOON, OTHER_LINE

TWIN = Number("+12025550101")  # ends as the second admin does
FIRST, SECOND = Number("+12025550150"), Number("+13035550150")


async def until(room: Room, number: Number = ALICE) -> Millis | None:
    return await blocks.blocked_until(room.engine.reader, number, room.now)


async def test_a_block_lasts_until_it_is_ended(room: Room) -> None:
    assert await room.ask("BLOCK +44 7700 900001") == (
        "*0001 is blocked: their texts are dropped, they are not told. UNBLOCK ends it, UNDO within 2 min."
    )
    assert await until(room) == FOR_EVER
    assert await room.ask(f"unblock {ALICE.e164()}") == "*0001 is not blocked any more. UNDO within 2 min."
    assert await until(room) is None
    assert room.heard() == []


@pytest.mark.parametrize(
    "text", ["BLOCK +44 7700 900001 FOR 2D", "block +447700900001 for 2 d.", "BLOCK +447700900001 for 48h"]
)
async def test_a_block_for_a_time_ends_by_itself(room: Room, text: str) -> None:
    assert (await room.ask(text)).startswith("*0001 is blocked for 2d: their texts")
    assert await until(room) == NOON + 2 * DAY
    room.now += 2 * DAY
    assert await until(room) is None
    assert (await room.ask(f"UNBLOCK {ALICE.e164()}")).startswith("*0001 is not blocked, so nothing was changed.")


async def test_four_digits_mean_somebody_in_an_open_chat(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    assert (await room.ask("BLOCK 0001")).startswith("*0001 is blocked")
    assert await until(room) == FOR_EVER
    await room.ask("END 1")
    assert (await room.ask("BLOCK *0002")).startswith("Nobody I could mean ends in 0002. Nothing was changed.")


async def test_four_digits_of_two_people_block_neither(room: Room) -> None:
    await room.ask(f"PAIR {FIRST.e164()} {SECOND.e164()}")
    assert await room.ask("BLOCK 0150") == (
        "More than one number ends in 0150. Nothing was changed. Send the whole number."
    )
    assert await until(room, FIRST) is None


async def test_four_digits_unblock_whoever_of_the_blocked_has_them(room: Room) -> None:
    await room.ask(f"BLOCK {ALICE.e164()}")
    assert (await room.ask("UNBLOCK 0001")).startswith("*0001 is not blocked any more")


async def test_the_chat_of_somebody_blocked_stays(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    await room.ask("BLOCK 0001")
    assert await chats.count_open(room.engine.reader) == 1


async def test_an_admin_and_a_line_cannot_be_blocked(room: Room) -> None:
    await room.ask(f"ADMIN ADD {CAROL.e164()}")
    await room.ask("OK 4821")
    for number in (SECOND_ADMIN, CAROL, LINE, OTHER_LINE):
        assert "cannot be blocked. Nothing was changed." in await room.ask(f"BLOCK {number.e164()}")
        assert await until(room, number) is None
    assert "is blocked" in await room.ask(f"BLOCK {TWIN.e164()}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BLOCK", "Whom? A number or its last four digits. Nothing"),
        ("BLOCK him", "I don't understand him. Nothing"),
        ("BLOCK +447700900001 FOR ever", "ever is no length of time like 2H or 7D."),
        ("BLOCK +447700900001 +447700900002", "I don't understand *0002."),
    ],
)
async def test_what_names_nobody_blocks_nobody(room: Room, text: str, said: str) -> None:
    assert (await room.ask(text)).startswith(said)
    assert await room.engine.reader.rows("SELECT * FROM block") == []
