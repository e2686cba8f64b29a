from commands.durations import HOUR
from storage import chats
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL, LINE, NOON


async def test_pair_opens_a_chat_and_introduces_both(room: Room) -> None:
    assert (
        await room.ask("PAIR +447700900001 +447700900002")
        == "Chat 1 ready: *0001 + *0002. END 1 closes it, UNDO within 2 min."
    )
    connected = "Private SMS: you are connected. Just reply here; your number stays hidden. STOP to opt out."
    assert room.heard() == [(ALICE, connected), (BOB, connected)]


async def test_a_label_is_told_to_everybody(room: Room) -> None:
    assert (await room.ask("PAIR +447700900001 +447700900002 AS Job7")).startswith("Chat 1 Job7 ready:")
    [first, _] = room.heard()
    assert first[1].startswith("Private SMS: you are connected about Job7. Just reply here;")


async def test_a_label_gsm_cannot_spell_is_not_spelled(room: Room) -> None:
    await room.ask("PAIR +447700900001 +447700900002 AS 日本")
    assert all("connected. Just" in text for _, text in room.heard())


async def test_a_fixed_end_is_kept_and_told(room: Room) -> None:
    answer = await room.ask("PAIR +447700900001 +447700900002 FOR 2H")
    assert answer == "Chat 1 ready: *0001 + *0002. It ends in 2h; END 1 closes it sooner, UNDO within 2 min."
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    assert chat.expires_at == NOON + 2 * HOUR


async def test_a_number_that_is_none_opens_nothing(room: Room) -> None:
    assert (await room.ask("PAIR 07700900001 +447700900002")).startswith(
        "*0001 needs + and its country code. Nothing was"
    )
    assert (await room.ask("PAIR +44770090000112345 +447700900002")).startswith("*2345 is not a phone number. Nothing")
    assert room.heard() == []
    assert await chats.count_open(room.engine.reader) == 0


async def test_with_one_number_left_over_a_second_pair_is_refused(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    assert await room.ask(f"PAIR {CAROL.e164()} {ALICE.e164()}") == (
        "*0001 is already in Chat 1 on every number we have. END 1 first, or add a number. Nothing was created."
    )
