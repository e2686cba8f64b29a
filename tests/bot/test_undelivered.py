import pytest

from bot.vonage.sending import Doubt, NotTaken
from storage import people
from tests.people import ADMIN, ALICE, BOB, NOON, receipt
from tests.world import World

GONE = "*0001 Private SMS: the other person is not receiving texts now. Your text was not delivered."
OVER = "*0001 Private SMS: the chat ended before your last text went out. It was NOT delivered."


@pytest.fixture
async def chat(here: World) -> World:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    return here


async def test_whose_text_waited_for_somebody_who_opted_out_is_told_at_once(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(ALICE, "on its way")
    assert GONE in await chat.text(BOB, "STOP")
    assert "*0002 on its way" not in await chat.wait(60_000)


async def test_whose_text_comes_back_into_an_ended_chat_is_told(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "on its way")
    await chat.text(ADMIN, "END")
    assert OVER in await chat.wait(120_000)


async def test_whose_text_comes_back_to_somebody_who_opted_out_meanwhile_is_told(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "on its way")
    await chat.text(BOB, "STOP")
    assert GONE in await chat.wait(120_000)


async def test_who_wants_no_texts_is_told_nothing(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    await chat.text(ALICE, "on its way")
    async with chat.engine.transaction() as tx:
        await people.opt_out(tx, ALICE, source="text", now=NOON)
    assert [text for text in await chat.text(BOB, "STOP") if text.startswith("*0001")] == []


async def test_a_receipt_for_the_first_try_makes_the_repeat_needless(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "once")
    ref = chat.phones.sent[-1].client_ref
    async with chat.engine.transaction() as tx:
        await tx.run("UPDATE outbound SET state = 'queued', may_repeat = 1, ready_at = $1 WHERE state = 'uncertain'",
                     chat.now + 1000)  # fmt: skip
    await chat.note(receipt("p1", "delivered", ref=ref))
    assert await chat.wait(5000) == []
    assert (await chat.states())[-1] == "delivered"
