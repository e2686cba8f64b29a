"""Somebody is erased while the service texts: the other is told, and nothing more is said to whom it was."""

from __future__ import annotations

import asyncio

import pytest

from bot.erasing import Erasing
from bot.vonage.sending import Outcome, Refused
from storage.holdings import Holdings
from storage.model import Receipt
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, CAROL, receipt
from tests.world import World

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
ENDED = "*0002 Private SMS: this chat has ended. Further texts here will not reach the other person."


async def erase(here: World, number: Number) -> Holdings:
    erasing = Erasing(here.house, here.outgoing)
    return await here.writer.do(lambda tx: erasing.erase(tx, number, here.now))


async def erased(here: World, number: Number) -> list[str]:
    before = len(here.phones.sent)
    await erase(here, number)
    await here.quiet()
    return here.arrived(before)


async def rows_about(here: World, number: Number) -> int:
    index = here.engine.vault.index(number)
    found = await here.engine.reader.rows("SELECT id FROM outbound WHERE recipient = $1 OR sender = $1", index)
    return len(found)


async def test_their_chat_ends_and_only_the_other_is_told(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "hello")
    assert await erased(here, ALICE) == [ENDED]
    assert await rows_about(here, ALICE) == 0
    assert (await here.text(BOB, "are you there?"))[0].startswith("*0002 Private SMS: no open chat")


async def test_somebody_of_whom_there_is_nothing_leaves_no_trace_by_being_erased(here: World) -> None:
    assert (await erase(here, CAROL)).nothing
    assert await here.engine.reader.rows("SELECT * FROM audit") == []
    assert await here.engine.reader.rows("SELECT * FROM retention") == []


async def test_the_audit_log_tells_that_it_was_done_and_not_to_whom(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await erase(here, ALICE)
    [entry] = await here.engine.reader.rows("SELECT who, what, whom, chat FROM audit WHERE kind = 'security'")
    assert entry == ("command line", "a person was erased", None, None)


@pytest.mark.parametrize("outcome", [None, Refused("status 3")])
async def test_a_text_of_theirs_that_is_just_being_sent_ends_without_a_word_to_them(
    here: World, outcome: Outcome | None
) -> None:
    await here.text(ADMIN, PAIR)
    here.phones.open.clear()
    here.phones.next.extend([outcome] if outcome else [])
    await here.text(ALICE, "hello")
    assert here.arrived()[-1] == "*0002 hello"
    await erase(here, ALICE)
    here.phones.open.set()
    await asyncio.sleep(0)
    await here.quiet()
    await here._a_few_turns()
    assert [told for told in here.arrived() if told.startswith("*0001")][1:] == []
    assert here.arrived()[-1] == ENDED
    assert await rows_about(here, ALICE) == 0
    assert (await here.engine.reader.rows("SELECT count(*) FROM sent_part"))[0] == (len(here.phones.sent) - 2,)


async def test_a_receipt_for_what_they_wrote_says_nothing_to_them(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "hello")
    sent = here.phones.sent[-1]
    await erase(here, ALICE)
    await here.quiet()
    late: Receipt = receipt(sent.message_id, "failed", ref=sent.client_ref)
    assert await here.note(late) == []


async def test_they_may_come_back_as_anybody_may(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await erased(here, ALICE)
    assert (await here.text(ADMIN, PAIR))[:1] == [
        "*0001 Private SMS: you are connected. Just reply here; your number stays hidden. STOP to opt out."
    ]
    assert await here.text(ALICE, "me again") == ["*0002 me again"]
