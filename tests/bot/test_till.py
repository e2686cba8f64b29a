import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.spending import Caps
from bot.vonage.sending import Refused
from commands.durations import DAY
from storage import spending
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, CAROL, inbound
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
STOPPED = "the cap of the day is reached"
NEAR = (
    "*0100 80 percent of today's cap is used: 8 texts, 0.00 so far. "
    "At 100 percent texts wait until midnight UTC; answers to admins go on."
)
REACHED = (
    "*0100 Today's cap is reached: 10 texts, 0.00. Texts wait until midnight UTC, nothing is lost; "
    "answers to admins go on."
)


@pytest.fixture
async def ten(tmp_path: Path) -> AsyncIterator[World]:
    """Ten texts a day, of which three are gone, and Alice and Bob in a chat."""
    async with world(tmp_path / "ten.db", caps=Caps(texts=10)) as here:
        await here.text(ADMIN, PAIR)
        yield here


async def say(here: World, count: int) -> list[str]:
    arrived = []
    for each in range(count):
        arrived += await here.text(ALICE, f"{each}")
    return arrived


async def test_the_admins_are_told_once_when_it_comes_near_and_once_when_it_is_there(ten: World) -> None:
    assert await say(ten, 5) == [*[f"*0002 {each}" for each in range(5)], NEAR]
    assert await say(ten, 3) == ["*0002 0", REACHED]
    assert await say(ten, 3) == []
    assert ten.delivery.trouble == STOPPED


async def test_what_waits_leaves_on_the_next_day_and_has_spent_no_try(ten: World) -> None:
    await say(ten, 9)
    assert await ten.engine.reader.rows("SELECT tries FROM outbound WHERE state = 'queued'") == [(0,), (0,), (0,)]
    assert await ten.wait(DAY - ten.now % DAY - 1) == []
    assert await ten.wait(1) == ["*0002 6", "*0002 7", "*0002 8"]
    assert ten.delivery.trouble is None


async def test_an_admin_is_answered_though_nothing_else_leaves(ten: World) -> None:
    await say(ten, 9)
    [status] = await ten.text(ADMIN, "STATUS")
    assert status.startswith(f"*0100 NO TEXT LEAVES: {STOPPED}. Open chats: 1. Waiting: 3.")
    [closed] = await ten.text(ADMIN, "END 1")
    assert closed.startswith("*0100 Chat 1 closed: *0001 + *0002.")


async def test_an_opt_out_is_confirmed_though_nothing_else_leaves(ten: World) -> None:
    await say(ten, 9)
    [told] = await ten.text(BOB, "STOP")
    assert told.startswith("*0002 Private SMS: you have opted out")
    assert await ten.text(CAROL, "hello") == []


async def test_a_relay_to_an_admin_waits_too_but_not_before_an_answer(ten: World) -> None:
    await ten.text(ADMIN, f"PAIR {ADMIN.e164()} {CAROL.e164()}")
    await say(ten, 9)
    assert await ten.text(CAROL, "hello") == []
    assert [text[:11] for text in await ten.text(ADMIN, "STATUS")] == ["*0100 hello", "*0100 NO TE"]


async def test_what_is_on_its_way_at_once_does_not_leap_over_the_cap(ten: World) -> None:
    people = [ALICE, BOB]
    texts = [inbound(people[each % 2], f"{each}", at=ten.now) for each in range(20)]
    relayed = [text for text in await ten.take(*texts) if not text.startswith("*0100")]
    assert 6 <= len(relayed) <= 7, "one of the ten may be what the admins are told"


async def test_many_conversations_at_once_do_not_leap_over_the_cap_either(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", caps=Caps(texts=5), strangers=50) as here:
        strangers = [inbound(Number(f"+4477009007{each:02}"), "hello", at=here.now) for each in range(20)]
        assert len(await here.take(*strangers)) == 5 + 1


async def test_money_is_counted_as_vonage_names_it_and_its_cap_holds(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", caps=Caps(money=Decimal("0.30"))) as here:
        here.phones.price = "0.04120000"
        await here.text(ADMIN, PAIR)
        arrived = await say(here, 9)
        assert [text for text in arrived if text.startswith("*0002")] == [f"*0002 {each}" for each in range(4)]
        assert any("cap is reached: 8 texts, 0.33." in text for text in arrived), (
            "the notice at 80 percent was paid too"
        )


async def test_what_was_not_taken_costs_nothing(ten: World) -> None:
    ten.phones.next.append(Refused("status 6"))
    await say(ten, 1)
    assert (await spending.today(ten.engine.reader, ten.now)).texts == 4, "three, and that Alice was told"


async def test_a_restart_knows_what_was_spent_and_a_higher_cap_lets_texts_go(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", caps=Caps(texts=10)) as here:
        await here.text(ADMIN, PAIR)
        await say(here, 9)
    async with world(tmp_path / "a.db", caps=Caps(texts=10)) as here:
        assert await here.wait(1) == []
        assert here.delivery.trouble == STOPPED
    async with world(tmp_path / "a.db", caps=Caps(texts=100)) as here:
        assert await here.wait(1) == ["*0002 6", "*0002 7", "*0002 8"]
        assert here.delivery.trouble is None
    async with world(tmp_path / "a.db", caps=Caps(texts=17)) as here:
        assert [text[:36] for text in await here.wait(1)] == ["*0100 80 percent of today's cap is us"[:36]]


async def test_without_caps_it_is_counted_and_nobody_is_told(here: World) -> None:
    here.phones.price = "0.04120000"
    await here.text(ADMIN, PAIR)
    spent = await spending.today(here.engine.reader, here.now)
    assert (spent.texts, spent.money, spent.told) == (3, 12_360_000, 0)


async def test_the_marks_are_written_into_the_audit_log(ten: World) -> None:
    await say(ten, 9)
    rows = await ten.engine.reader.rows("SELECT what, outcome FROM audit WHERE who = 'limits' ORDER BY id")
    assert rows == [("cap of the day", "80 percent"), ("cap of the day", "100 percent")]


async def test_while_it_is_reached_delivery_rests(ten: World) -> None:
    await say(ten, 9)
    turns, original = 0, ten.delivery._round

    async def counted(*turn: object) -> object:
        nonlocal turns
        turns += 1
        return await original(*turn)  # type: ignore[arg-type]

    ten.delivery._round = counted  # type: ignore[assignment, method-assign]
    await ten.wait(1)
    before = turns
    await asyncio.sleep(0.1)
    assert turns - before <= 1
