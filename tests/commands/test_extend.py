from commands.durations import DAY, HOUR
from storage import chats
from storage.model import Millis
from tests.commands.room import Room
from tests.people import ALICE, BOB, NOON

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()} AS job7 FOR 2H"


async def end_of(room: Room) -> Millis | None:
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    return chat.expires_at


async def test_the_new_end_counts_from_now(room: Room) -> None:
    await room.ask(PAIR)
    room.now += HOUR
    assert await room.ask("EXTEND 1 2D") == "Chat 1 job7 now ends in 2d. END 1 closes it sooner."
    assert await end_of(room) == NOON + HOUR + 2 * DAY


async def test_a_label_names_the_chat(room: Room) -> None:
    await room.ask(PAIR)
    await room.ask("EXTEND job7 for 3H")
    assert await end_of(room) == NOON + 3 * HOUR


async def test_a_closed_chat_gets_no_new_end(room: Room) -> None:
    await room.say(f"{PAIR}\nEND 1")
    assert (await room.ask("EXTEND 1 2D")).startswith("Chat 1 job7 is closed, since 0s ago.")
    assert await end_of(room) == NOON + 2 * HOUR


async def test_without_a_time_the_end_stays(room: Room) -> None:
    await room.ask(PAIR)
    assert await room.ask("EXTEND 1") == "For how long? Nothing was changed. EXTEND 12 2D, e.g. EXTEND 12 2D"
    assert await end_of(room) == NOON + 2 * HOUR
