import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from bot.vonage.sending import NotTaken
from storage import chats, people
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE, inbound
from tests.unsealed import kept
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
PAUSED = (
    "Private SMS: this chat is paused, as too much went through it at once. "
    "Your text was kept but not passed on. Please try again later."
)
ALARM = (
    "*0100 Chat 1 is paused, as in a loop: same text 5 times from A (*0001). "
    "Texts are kept, not passed on. RESUME 1 or END 1."
)


@pytest.fixture
async def chat(here: World) -> World:
    await here.text(ADMIN, PAIR)
    return here


async def loop(chat: World) -> list[str]:
    arrived: list[str] = []
    for _ in range(5):
        arrived += await chat.text(ALICE, "I am driving")
    return arrived


async def test_the_fifth_time_a_text_is_not_passed_on_and_the_admins_are_told(chat: World) -> None:
    assert await loop(chat) == [*["*0002 I am driving"] * 4, f"*0001 {PAUSED}", ALARM]


async def test_thirty_texts_in_thirty_seconds_pause_the_chat(chat: World) -> None:
    arrived = []
    for each in range(32):
        chat.now += 500
        arrived += await chat.text(ALICE, f"{each}")
    assert [text for text in arrived if text.startswith("*0002")] == [f"*0002 {each}" for each in range(29)]
    assert any("30 texts in 30 s from A" in text for text in arrived)


async def test_while_it_is_paused_texts_are_kept_and_each_writer_is_told_once(chat: World) -> None:
    await loop(chat)
    assert await chat.text(ALICE, "more") == [], "she knows"
    assert await chat.text(BOB, "what?") == [f"*0002 {PAUSED}"]
    assert await chat.take(inbound(BOB, "really?"), inbound(BOB, "hello?")) == []
    held = [text for _, text, why in await kept(chat.engine.reader) if why == "the chat is paused"]
    assert held == ["I am driving", "more", "what?", "really?", "hello?"]
    assert await chat.engine.reader.rows("SELECT DISTINCT chat FROM kept") == [(1,)]


async def test_two_texts_of_one_batch_are_told_of_the_pause_once(chat: World) -> None:
    await loop(chat)
    assert await chat.take(inbound(BOB, "what?"), inbound(BOB, "hello?")) == [f"*0002 {PAUSED}"]


async def test_an_admin_lets_it_go_on(chat: World) -> None:
    await loop(chat)
    [told] = await chat.text(ADMIN, "RESUME 1")
    assert told == "*0100 Chat 1 goes on. Texts kept meanwhile and not passed on: 1. END 1 closes it."
    assert await chat.text(ALICE, "I am driving") == ["*0002 I am driving"]
    await loop(chat)
    assert await chat.text(ALICE, "again") == [], "it can be paused again"


async def test_an_admin_ends_it(chat: World) -> None:
    await loop(chat)
    assert len(await chat.text(ADMIN, "END 1")) == 3


async def test_a_restart_does_not_let_it_go_on(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        await loop(here)
    async with world(tmp_path / "a.db") as here:
        assert await here.text(ALICE, "more") == []
        assert "PAUSED" in (await here.text(ADMIN, "SHOW 1"))[0]


async def test_what_already_waits_in_that_chat_is_put_aside_for_the_admins(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(BOB, "first")  # comes back, and has to wait
    await loop(chat)
    assert not [text for text in await chat.wait(60_000) if text == "*0001 first"]
    [failed] = await chat.text(ADMIN, "FAILED")
    assert failed.startswith("*0100 1 failed: ")
    number = failed.split("failed: ")[1].split()[0]
    assert "is paused, so that text was not sent again" in (await chat.text(ADMIN, f"RESEND {number}"))[0]
    await chat.text(ADMIN, "RESUME 1")
    assert "*0001 first" in await chat.text(ADMIN, f"RESEND {number}")


async def test_whose_text_waits_since_the_chat_was_on_another_line_is_told_too(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    chat.phones.open.clear()
    await chat.text(BOB, "first")  # on its way while the chat ends and is opened again
    for command in (
        "END 1",
        f"PAIR {BOB.e164()} {DAVE.e164()}",
        f"PAIR {BOB.e164()} {CAROL.e164()}",
        "END 2",
        "REOPEN 1",
    ):
        await chat.text(ADMIN, command)
    again = await chats.find(chat.engine.reader, 1)
    assert again is not None
    assert again.b.line == OTHER_LINE
    chat.phones.open.set()
    await chat.quiet()
    assert f"*0002 {PAUSED}" in await loop(chat)


async def test_what_was_under_way_and_comes_back_is_not_sent_again(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    chat.phones.open.clear()
    await chat.text(BOB, "under way")
    async with chat.engine.transaction() as tx:
        await chats.pause(tx, 1, reason="a test", now=chat.now)
    chat.phones.open.set()
    await asyncio.sleep(0.02)
    assert await chat.wait(60_000) == [f"*0002 {PAUSED}"]
    assert (await chat.states())[-2:] == ["dead", "accepted"]


async def test_who_has_opted_out_is_not_told(chat: World) -> None:
    await chat.text(ALICE, "STOP")
    arrived = await loop(chat)
    assert arrived == [*["*0002 I am driving"] * 4, ALARM]


async def test_help_and_stop_are_answered_in_a_paused_chat(chat: World) -> None:
    await loop(chat)
    assert len(await chat.text(ALICE, "HELP")) == 1
    assert len(await chat.text(ALICE, "STOP")) == 1
    assert await people.opted_out(chat.engine.reader, [ALICE]) == {ALICE}


async def test_a_paused_chat_is_not_paused_again(chat: World) -> None:
    await loop(chat)
    for _ in range(6):
        assert [text[:5] for text in await chat.text(ALICE, "HELP")] == ["*0001"], "and the admins hear nothing new"


async def test_a_machine_that_answers_our_own_answers_is_noticed(chat: World) -> None:
    await chat.text(BOB, "STOP")
    arrived = await loop(chat)
    assert len([text for text in arrived if "is not receiving texts" in text]) == 4
    assert await chat.text(ALICE, "I am driving") == []


async def test_it_is_written_into_the_audit_log(chat: World) -> None:
    await loop(chat)
    [entry] = await chat.engine.reader.rows(
        "SELECT kind, what, whom, chat, outcome FROM audit WHERE who = 'loop breaker'"
    )
    assert entry == ("security", "loop: same text 5 times", "*0001", 1, "paused")


THEIR_LINES = (Number("+447700900500"), Number("+447700900509"))


@pytest.fixture
async def twins(tmp_path: Path) -> AsyncIterator[tuple[World, World]]:
    """Two of these services, whose lines are participants of each other's chats, both ways round."""
    async with world(tmp_path / "a.db") as a, world(tmp_path / "b.db", lines=THEIR_LINES) as b:
        for here, others in ((a, THEIR_LINES), (b, (LINE, OTHER_LINE))):
            await here.text(ADMIN, f"PAIR {others[1].e164()} {ALICE.e164()}", line=here.house.lines[0])
            await here.text(ADMIN, f"PAIR {others[0].e164()} {others[1].e164()}", line=here.house.lines[0])
        yield a, b


async def carry(a: World, b: World, most: int) -> int:
    """Bring what each sends to the other's lines until nothing goes any more; how many texts went."""
    done, carried = {id(a): 0, id(b): 0}, 0
    for _ in range(most):
        before = carried
        for here, there in ((a, b), (b, a)):
            new = here.phones.sent[done[id(here)] :]
            done[id(here)] += len(new)
            for sent in (each for each in new if each.recipient in there.house.lines):
                there.now += 100
                carried += 1
                await there.text(sent.line, sent.text, line=sent.recipient)
        if carried == before:
            return carried
    return carried


async def test_two_of_this_very_service_stop_texting_each_other_within_forty_texts(twins: tuple[World, World]) -> None:
    a, b = twins
    await a.text(THEIR_LINES[0], "ping")
    assert await carry(a, b, 200) < 40
    assert await a.engine.reader.rows("SELECT id FROM chat WHERE paused_at IS NOT NULL") or (
        await b.engine.reader.rows("SELECT id FROM chat WHERE paused_at IS NOT NULL")
    )
    assert any("is paused, as in a loop" in text for text in a.arrived() + b.arrived())


async def test_two_machines_that_never_repeat_themselves_stop_by_their_pace(chat: World) -> None:
    words, went = count(1), 0
    texts = [(ALICE, f"{next(words)}")]
    while texts and went < 200:
        sender, words_said = texts.pop()
        chat.now += 100
        for arrived in await chat.text(sender, words_said):
            if arrived.startswith(("*0001", "*0002")) and "paused" not in arrived:
                went += 1
                texts.append((ALICE if arrived.startswith("*0001") else BOB, f"{next(words)}"))
    assert 29 <= went < 60
