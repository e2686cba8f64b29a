import pytest

from commands.durations import HOUR, MINUTE
from storage import chats
from storage.model import Side
from tests.commands.room import Room
from tests.people import ALICE, BOB

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()} AS job7"
OPEN = "Chat 1 job7 open. A *0001 wrote 0, line *0000; B *0002 wrote 0, line *0000. No text yet."


@pytest.fixture
async def paired(room: Room) -> Room:
    await room.ask(PAIR)
    return room


async def test_counts_and_the_last_text_are_shown(paired: Room) -> None:
    async with paired.engine.transaction() as tx:
        await chats.texted(tx, [(1, Side.A), (1, Side.B), (1, Side.A)], paired.now)
    paired.now += 5 * MINUTE
    assert await paired.ask("SHOW 1") == (
        "Chat 1 job7 open. A *0001 wrote 2, line *0000; B *0002 wrote 1, line *0000. Last 5m ago. No end set."
    )


async def test_an_idle_end_is_shown(paired: Room) -> None:
    paired.change(chat_ttl=12 * HOUR)
    assert await paired.ask("SHOW 1") == f"{OPEN} Ends after 12h of silence."


async def test_a_fixed_end_is_shown(paired: Room) -> None:
    await paired.ask("EXTEND 1 2D")
    paired.now += HOUR
    assert await paired.ask("SHOW 1") == f"{OPEN} Ends in 1d23h."


async def test_a_fixed_end_that_has_just_come_is_no_negative_time(paired: Room) -> None:
    await paired.ask("EXTEND 1 1H")
    paired.now += 2 * HOUR
    assert await paired.ask("SHOW 1") == f"{OPEN} Ends in 0s."


async def test_a_closed_chat_says_when_and_why(paired: Room) -> None:
    await paired.ask("END 1")
    paired.now += HOUR
    assert (await paired.ask("SHOW 1")).startswith("Chat 1 job7 closed 1h ago: ended by an admin. A *0001 wrote 0")


async def test_a_chat_that_never_was_is_not_shown(paired: Room) -> None:
    assert (await paired.ask("SHOW 7")).startswith("There is no Chat 7.")
