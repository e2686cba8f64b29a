import pytest

from commands.durations import HOUR, MINUTE
from storage import chats, inbox
from storage.inbox import Kept
from storage.model import Side
from storage.outbox import PAUSED
from tests.commands.room import Room
from tests.people import ALICE, BOB, inbound

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()} AS job7"


@pytest.fixture
async def paused(room: Room) -> Room:
    await room.ask(PAIR)
    async with room.engine.transaction() as tx:
        await chats.pause(tx, 1, reason="same text 5 times", now=room.now)
        await chats.told_paused(tx, [(1, Side.A)])
        await inbox.keep(tx, [Kept(inbound(ALICE, "again", at=room.now), PAUSED, 1)])
    return room


async def test_a_paused_chat_goes_on_and_the_admin_hears_what_was_held(paused: Room) -> None:
    assert await paused.ask("RESUME 1") == (
        "Chat 1 job7 goes on. Texts kept meanwhile and not passed on: 1. END 1 closes it."
    )
    chat = await chats.find(paused.engine.reader, 1)
    assert chat is not None
    assert (chat.paused_at, chat.paused_reason) == (None, None)


async def test_everybody_is_told_anew_of_the_next_pause(paused: Room) -> None:
    await paused.ask("RESUME 1")
    assert await paused.engine.reader.rows("SELECT sum(told_paused) FROM participant") == [(0,)]


async def test_show_says_that_it_is_paused_and_why(paused: Room) -> None:
    paused.now += 5 * MINUTE
    assert await paused.ask("SHOW 1") == (
        "Chat 1 job7 PAUSED 5m ago: same text 5 times. A *0001 wrote 0; B *0002 wrote 0. Held: 1. RESUME 1 or END 1."
    )


async def test_a_chat_that_is_not_paused_stays_as_it_is(room: Room) -> None:
    await room.ask(PAIR)
    assert await room.ask("RESUME 1") == (
        "Chat 1 job7 is not paused, so nothing was changed. SHOW 1 tells how it stands."
    )


async def test_a_closed_chat_does_not_go_on(paused: Room) -> None:
    await paused.ask("END 1")
    assert (await paused.ask("RESUME 1")).startswith("Chat 1 job7 is closed")


async def test_a_chat_that_is_opened_again_is_not_paused(paused: Room) -> None:
    await paused.ask("END 1")
    paused.now += HOUR
    await paused.ask("REOPEN 1")
    assert "PAUSED" not in await paused.ask("SHOW 1")
