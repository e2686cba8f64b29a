import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.circuit import LONGEST_PAUSE
from bot.deadlines import LEASE
from bot.delivery import Round
from bot.ownership import Sole
from bot.vonage.sending import AccountTrouble, Doubt, NotTaken, Refused
from storage import admins, people
from storage.engine import Transaction, Unavailable
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, inbound, receipt
from tests.world import World, world

NOT_DELIVERED = "*0001 Private SMS: your last text was NOT delivered. You can send it again."


@pytest.fixture
async def chat(here: World) -> World:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    return here


async def test_what_was_not_taken_is_sent_again_after_a_pause(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    assert await chat.text(ALICE, "hello") == ["*0002 hello"]
    assert await chat.wait(999) == []
    assert await chat.wait(1) == ["*0002 hello"]
    assert (await chat.states())[-1] == "accepted"


async def test_what_is_refused_for_good_is_said_to_its_sender_once(chat: World) -> None:
    chat.phones.next.append(Refused("status 6"))
    assert await chat.text(ALICE, "hello") == ["*0002 hello", NOT_DELIVERED]
    assert await chat.wait(600_000) == []


async def test_what_cannot_be_sent_in_eight_tries_is_given_up_and_said(chat: World) -> None:
    chat.phones.next.extend([NotTaken("HTTP 429")] * 8)
    tried = [*await chat.text(ALICE, "hello")]
    for _ in range(8):
        tried += await chat.wait(60_000)
    assert tried == ["*0002 hello"] * 8 + [NOT_DELIVERED]


async def test_a_doubt_is_never_resent_at_once_and_then_once_only(chat: World) -> None:
    chat.phones.next.extend([Doubt("time-out"), Doubt("time-out")])
    assert await chat.text(ALICE, "hello") == ["*0002 hello"]
    assert await chat.wait(119_999) == []
    assert await chat.wait(1) == ["*0002 hello"]
    assert await chat.wait(120_000) == [NOT_DELIVERED]
    assert await chat.wait(120_000) == []


async def test_a_receipt_settles_a_doubt_without_a_copy(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "hello")
    await chat.note(receipt("p1", "delivered", ref=chat.phones.sent[-1].client_ref))
    assert await chat.wait(600_000) == []
    assert (await chat.states())[-1] == "delivered"


async def test_a_receipt_that_comes_while_no_answer_does_spares_the_copy(chat: World) -> None:
    chat.phones.open.clear()
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "hello")
    await chat.note(receipt("p1", "delivered", ref=chat.phones.sent[-1].client_ref))
    chat.phones.open.set()
    await chat.quiet()
    assert await chat.wait(600_000) == []
    assert (await chat.states())[-1] == "delivered"


@pytest.mark.parametrize("answer", [Refused("status 6"), NotTaken("HTTP 429")])
async def test_a_receipt_for_the_first_copy_counts_though_the_second_is_refused(
    chat: World, answer: Refused | NotTaken
) -> None:
    chat.phones.next.extend([Doubt("time-out"), answer])
    await chat.text(ALICE, "hello")
    chat.phones.open.clear()
    await chat.wait(120_000)
    assert await chat.note(receipt("p1", "delivered", ref=chat.phones.sent[-1].client_ref)) == []
    chat.phones.open.set()
    await chat.quiet()
    assert await chat.wait(600_000) == [], "nobody is told that it failed, and it is not sent a third time"
    assert (await chat.states())[-1] == "delivered"


async def test_order_holds_behind_a_text_that_has_to_wait(chat: World) -> None:
    chat.phones.next.append(NotTaken("HTTP 429"))
    assert await chat.text(ALICE, "one") == ["*0002 one"]
    assert await chat.text(ALICE, "two") == []
    assert await chat.text(BOB, "meanwhile") == ["*0001 meanwhile"]
    assert await chat.wait(1000) == ["*0002 one", "*0002 two"]


async def test_one_conversation_is_sent_one_text_at_a_time(chat: World) -> None:
    chat.phones.open.clear()
    before = len(chat.phones.sent)
    for index in range(3):
        await chat.text(ALICE, str(index))
    assert chat.arrived(before) == ["*0002 0"]
    chat.phones.open.set()
    await chat.quiet()
    assert chat.arrived(before) == ["*0002 0", "*0002 1", "*0002 2"]


async def test_conversations_are_sent_side_by_side(chat: World) -> None:
    await chat.text(ADMIN, f"PAIR {CAROL.e164()} {DAVE.e164()}")
    chat.phones.open.clear()
    before = len(chat.phones.sent)
    for sender in (ALICE, BOB, CAROL, DAVE):
        await chat.text(sender, "hi")
    assert len(chat.phones.sent) - before == 4


async def test_the_accounts_trouble_pauses_all_and_costs_no_text_anything(chat: World) -> None:
    chat.phones.next.append(AccountTrouble("status 9"))
    assert await chat.text(ALICE, "one") == ["*0002 one"]
    assert chat.delivery.trouble == "status 9"
    assert await chat.text(BOB, "two") == []
    chat.phones.next.append(AccountTrouble("status 9"))
    assert len(await chat.wait(LONGEST_PAUSE)) == 1, "one probe, not all that waits"
    *waited, news = sorted(await chat.wait(LONGEST_PAUSE))
    assert waited == ["*0001 two", "*0002 one"]
    assert news == (
        "*0100 Vonage took no texts for 1m (status 9). Now it does again: what waited is going out, nothing is lost."
    )
    assert chat.delivery.trouble is None
    assert await chat.wait(600_000) == [], "the admins are told once"


async def test_an_admin_who_was_added_by_text_hears_of_trouble_too(chat: World) -> None:
    async with chat.engine.transaction() as tx:
        await admins.add(tx, CAROL, by=ADMIN, now=chat.now)
    chat.phones.next += [AccountTrouble("status 9")] * 2
    await chat.text(ALICE, "one")
    await chat.wait(LONGEST_PAUSE)
    told = await chat.wait(LONGEST_PAUSE)
    assert sorted(text[:5] for text in told if "Vonage took no texts" in text) == ["*0003", "*0100"]


async def test_a_pause_too_short_to_be_noticed_is_told_nobody(chat: World) -> None:
    chat.phones.next.append(AccountTrouble("status 9"))
    await chat.text(ALICE, "one")
    assert await chat.wait(LONGEST_PAUSE) == ["*0002 one"]


async def test_an_outage_of_an_hour_costs_no_text_its_tries(chat: World) -> None:
    await chat.text(ADMIN, f"PAIR {CAROL.e164()} {DAVE.e164()}")
    chat.phones.outage = True
    before = len(chat.phones.sent)
    for number in range(3):
        for sender in (ALICE, BOB, CAROL, DAVE):
            await chat.text(sender, str(number))
    for _ in range(60):
        await chat.wait(60_000)
    assert chat.delivery.trouble == "Vonage cannot be reached"
    assert set((await chat.states())[before:]) == {"queued"}
    chat.phones.outage, before = False, len(chat.phones.sent)
    await chat.wait(LONGEST_PAUSE)
    await chat.quiet()  # the probe's answer ended the outage in the middle of that
    arrived = chat.arrived(before)
    for reader in ("*0001", "*0002", "*0003", "*0004"):
        assert [text for text in arrived if text.startswith(reader)] == [f"{reader} {each}" for each in range(3)]


async def test_a_wait_that_vonage_names_holds_for_the_whole_line(chat: World) -> None:
    chat.phones.next.append(NotTaken("status 1", 700))
    await chat.text(ALICE, "one")
    chat.held = True
    assert await chat.text(BOB, "two") == []
    chat.held = False
    assert await chat.wait(700) == ["*0001 two"]


async def test_an_answer_that_could_not_be_recorded_is_a_doubt_once_its_lease_is_over(chat: World) -> None:
    chat.phones.open.clear()
    await chat.text(ALICE, "one")
    await chat.wait(LEASE)
    assert (await chat.states())[-1] == "uncertain"
    chat.phones.open.set()  # a late answer of that very try is better than a doubt
    while (await chat.states())[-1] != "accepted":
        await asyncio.sleep(0.01)


async def test_a_bug_in_sending_leaves_a_doubt_and_not_a_text_under_way_for_ever(chat: World) -> None:
    chat.phones.next.append(KeyError("a bug"))
    await chat.text(ALICE, "hello")
    assert (await chat.states())[-1] == "uncertain"
    assert await chat.wait(120_000) == ["*0002 hello"]


async def test_a_recipient_whom_vonage_knows_to_have_opted_out_has(chat: World) -> None:
    chat.phones.next.append(Refused("status 101", opted_out=True))
    await chat.text(ALICE, "hello")
    assert await people.opted_out(chat.engine.reader, [BOB]) == {BOB}


async def test_the_one_confirmation_of_an_opt_out_is_never_repeated(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    assert len(await chat.text(BOB, "STOP")) == 1
    assert await chat.wait(120_000) == []
    assert (await chat.states())[-1] == "dead"


async def test_whoever_opted_out_is_not_told_of_a_text_that_did_not_arrive(chat: World) -> None:
    chat.phones.next.append(Doubt("time-out"))
    await chat.text(ALICE, "hello")
    await chat.text(ALICE, "STOP")
    chat.phones.next.append(Refused("status 6"))
    assert NOT_DELIVERED not in await chat.wait(120_000)


async def test_stopping_waits_for_what_is_under_way(chat: World) -> None:
    chat.phones.open.clear()
    await chat.text(ALICE, "hello")
    chat.delivery.stop()
    await asyncio.sleep(0.01)
    assert (await chat.states())[-1] == "sending"
    chat.phones.open.set()
    await chat.quiet()
    assert (await chat.states())[-1] == "accepted"


async def test_no_more_leaves_than_the_line_may_carry(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", rate=1) as here:
        assert len(await here.take(*[inbound(who, "hi") for who in (ALICE, BOB, CAROL)])) == 1
        assert len(await here.wait(999)) == 0
        assert len(await here.wait(2)) == 1
        assert len(await here.wait(1000)) == 1


async def test_one_that_cannot_be_settled_does_not_hold_up_the_others(chat: World) -> None:
    async with chat.engine.transaction() as tx:
        await tx.run(
            "CREATE TRIGGER poison BEFORE UPDATE ON outbound WHEN NEW.state = 'dead'"
            " BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    chat.phones.next.append(Refused("status 6"))
    await chat.handover.take(inbound(ALICE, "poison"))
    while 'faults_total{place="delivery"} 2.0' not in chat.metrics.exposition().decode():
        await asyncio.sleep(0.01)
    await chat.handover.take(inbound(BOB, "well"))
    while chat.arrived()[-1] != "*0001 well":
        await asyncio.sleep(0.01)


async def test_a_text_that_is_damaged_in_the_database_is_told_and_holds_up_no_other(chat: World) -> None:
    chat.phones.open.clear()
    await chat.text(ALICE, "under way")
    await chat.text(ALICE, "damaged")
    await chat.text(ALICE, "next")
    async with chat.engine.transaction() as tx:
        await tx.run("UPDATE outbound SET text = x'00' WHERE id = (SELECT max(id) - 1 FROM outbound)")
    chat.phones.open.set()
    await chat.wait(0)
    assert chat.arrived()[-2:] == [
        "*0002 next",
        "*0001 Private SMS: your last text was NOT delivered. You can send it again.",
    ]
    assert (await chat.states())[-3:] == ["dead", "accepted", "accepted"]


async def test_trouble_is_not_over_because_a_connection_failed(chat: World) -> None:
    chat.phones.next.extend([AccountTrouble("status 9"), NotTaken("connect failed")])
    await chat.text(ALICE, "one")
    await chat.wait(LONGEST_PAUSE)
    assert chat.delivery.trouble == "status 9"


async def test_while_a_probe_is_under_way_delivery_rests(chat: World) -> None:
    chat.phones.next.append(AccountTrouble("status 9"))
    await chat.text(ALICE, "one")
    chat.phones.open.clear()
    await chat.wait(LONGEST_PAUSE)
    turns = 0

    async def counted(*turn: Any) -> Round:
        nonlocal turns
        turns += 1
        return await original(*turn)

    original = chat.delivery._round
    chat.delivery._round = counted  # type: ignore[assignment, method-assign]
    await asyncio.sleep(0.1)
    assert turns <= 2


class Elsewhere(Sole):
    """Other processes may have our lines: for the next `away` sends, they have."""

    def __init__(self, lines: Sequence[Number], away: int) -> None:
        super().__init__(lines)
        self.away = away

    def holds(self, line: Number) -> bool:
        self.away -= 1
        return self.away < 0


async def test_what_was_claimed_on_a_line_that_is_anothers_by_now_goes_back_unsent_and_at_no_price(
    chat: World,
) -> None:
    chat.delivery._lines = Elsewhere(chat.house.lines, away=2)
    assert await chat.text(ALICE, "hello") == ["*0002 hello"]
    rows = await chat.engine.reader.rows("SELECT attempt, tries, may_repeat FROM outbound ORDER BY id DESC LIMIT 1")
    assert rows == [(3, 1, 0)]


async def test_claims_whose_commit_was_in_doubt_are_taken_back_and_sent_once(
    chat: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = chat.engine.transaction

    @asynccontextmanager
    async def answer_lost(*, alone: bool = True) -> AsyncIterator[Transaction]:
        async with committed(alone=alone) as tx:
            yield tx
            claimed = await tx.rows("SELECT 1 FROM outbound WHERE state = 'sending'")
        if claimed:
            monkeypatch.setattr(chat.engine, "transaction", committed)
            raise Unavailable("the connection is gone")

    monkeypatch.setattr(chat.engine, "transaction", answer_lost)
    assert await chat.text(ALICE, "hello") == ["*0002 hello"]
    rows = await chat.engine.reader.rows("SELECT attempt, tries, may_repeat FROM outbound ORDER BY id DESC LIMIT 1")
    assert rows == [(2, 1, 0)]
