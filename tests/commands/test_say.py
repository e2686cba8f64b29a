import pytest

from tests.commands.room import Room
from tests.people import ALICE, BOB


@pytest.fixture
async def paired(room: Room) -> Room:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7")
    room.heard()
    return room


async def test_say_reaches_both_in_the_admins_own_words(paired: Room) -> None:
    words = "Der Fahrer kommt um 8 – “wirklich”!\nBitte warten."
    assert await paired.ask(f"SAY 1 {words}") == "Sent to both in Chat 1 job7: *0001 and *0002."
    assert paired.heard() == [(ALICE, f"Private SMS: {words}"), (BOB, f"Private SMS: {words}")]


async def test_tell_reaches_one(paired: Room) -> None:
    assert await paired.ask("TELL 1B look outside") == "Sent to *0002 in Chat 1 job7."
    assert paired.heard() == [(BOB, "Private SMS: look outside")]
    assert await paired.ask("TELL 1a wait") == "Sent to *0001 in Chat 1 job7."
    assert paired.heard() == [(ALICE, "Private SMS: wait")]


async def test_who_has_opted_out_hears_nothing_and_the_admin_knows(paired: Room) -> None:
    await paired.opts_out(ALICE)
    assert await paired.ask("SAY 1 hi") == "Sent to *0002 in Chat 1 job7. *0001 has opted out and did not get it."
    assert (await paired.ask("TELL 1A hi")).startswith("*0001 has opted out, so I cannot text them. Nothing was sent.")
    assert paired.heard() == [(BOB, "Private SMS: hi")]


async def test_with_both_opted_out_nothing_is_sent(paired: Room) -> None:
    await paired.opts_out(ALICE)
    await paired.opts_out(BOB)
    assert (await paired.ask("SAY 1 hi")).startswith("Both people in Chat 1 job7 have opted out, so nothing was sent.")
    assert paired.heard() == []


@pytest.mark.parametrize("text", ["SAY 1 hi", "TELL 1A hi"])
async def test_a_closed_chat_hears_nothing(paired: Room, text: str) -> None:
    await paired.ask("END 1")
    paired.heard()
    assert await paired.ask(text) == "Chat 1 job7 is closed, so nothing was sent. REOPEN 1 opens it again."
    assert paired.heard() == []


async def test_what_is_said_to_both_carries_the_number_of_neither(paired: Room) -> None:
    said = await paired.ask("SAY 1 ring 07700 900002, or ٠٧٧٠٠٩٠٠٠٠١, or the office: 07700 900456")
    assert said == (
        "Sent to both in Chat 1 job7: *0001 and *0002."
        " A number of theirs in it was hidden, as neither may learn the other's."
    )
    words = "Private SMS: ring ***** ******, or ***********, or the office: 07700 900456"
    assert paired.heard() == [(ALICE, words), (BOB, words)]


async def test_what_is_told_to_one_carries_not_the_others_number(paired: Room) -> None:
    said = await paired.ask("TELL 1A you are 07700 900001, and the other is 07700 900002")
    assert said.startswith("Sent to *0001 in Chat 1 job7. A number of theirs in it was hidden")
    assert paired.heard() == [(ALICE, "Private SMS: you are 07700 900001, and the other is ***** ******")]
