import pytest

from commands import gsm
from commands.desk import News
from commands.leakguard import Rules
from storage import chats
from storage.model import Guard
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ALICE, BOB


@pytest.fixture
async def paired(room: Room) -> Room:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()} AS job7")
    room.heard()
    return room


async def guard_of(room: Room) -> Guard | None:
    chat = await chats.find(room.engine.reader, 1)
    assert chat is not None
    return chat.guard


@pytest.mark.parametrize(
    ("said", "own", "told"),
    [("off", Guard.OFF, "passed on"), ("WARN", Guard.WARN, "warned of"), ("Mask.", Guard.MASK, "hidden")],
)
async def test_a_chat_gets_a_guard_of_its_own(paired: Room, said: str, own: Guard, told: str) -> None:
    assert await paired.ask(f"guard 1 {said}") == (
        f"Chat 1 job7 changed: other people's numbers are now {told}, links and e-mail {told}."
        " The two's own numbers are always hidden."
    )
    assert await guard_of(paired) is own
    assert paired.heard() == []


async def test_default_goes_back_to_what_the_settings_say(paired: Room) -> None:
    paired.change(rules=Rules(Guard.WARN, Guard.MASK))
    await paired.ask("GUARD 1 OFF")
    assert "numbers are now warned of, links and e-mail hidden." in await paired.ask("GUARD 1 DEFAULT")
    assert await guard_of(paired) is None


async def test_alone_it_tells_how_it_is_and_changes_nothing(paired: Room) -> None:
    paired.change(news=News.ALL)
    shown = await paired.ask("GUARD 1")
    assert shown == (
        "Chat 1 job7: other people's numbers are hidden, links and e-mail passed on."
        " The two's own numbers are always hidden. HELP GUARD tells more."
    )
    assert gsm.segments(shown).count == 1
    assert await guard_of(paired) is None
    assert paired.heard() == []


async def test_the_other_admins_hear_of_a_change(paired: Room) -> None:
    paired.change(news=News.ALL)
    await paired.ask("GUARD 1 OFF")
    assert paired.heard() == [(SECOND_ADMIN, "Admin *0100 changed what is hidden in Chat 1 job7.")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("GUARD", "Which chat?"),
        ("GUARD 1 HIDE", "HIDE is not OFF, WARN, MASK or DEFAULT."),
        ("GUARD job7 OFF", "job7 is no chat."),
        ("GUARD 1 OFF NOW", "I don't understand NOW."),
    ],
)
async def test_what_does_not_fit_changes_nothing(paired: Room, text: str, fault: str) -> None:
    assert (await paired.ask(text)).startswith(f"{fault} Nothing was changed.")
    assert await guard_of(paired) is None


async def test_it_outlives_an_end_and_a_reopen(paired: Room) -> None:
    await paired.say("GUARD 1 WARN\nEND 1\nREOPEN 1")
    assert await guard_of(paired) is Guard.WARN


async def test_there_is_no_guard_of_a_chat_that_never_was(paired: Room) -> None:
    assert (await paired.ask("GUARD 7 OFF")).startswith("There is no Chat 7.")
