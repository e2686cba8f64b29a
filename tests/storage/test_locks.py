"""Transactions of several processes at once, on a real PostgreSQL: who waits for whom, and who does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest

from storage import chats, inbox, locks, outbox, receipts
from storage.engine import NotAlone
from storage.model import Chat, Inbound, Outbound, Part, Seat
from storage.outbox import Sent
from storage.postgres import Postgres
from tests.people import ALICE, BOB, CAROL, LINE, NOON, inbound, notice, receipt, relay
from tests.postgres import KEYS

T = TypeVar("T")
SOON = 0.3  # seconds: long enough for whoever does not wait


@pytest.fixture
async def other(postgres: Postgres) -> AsyncIterator[Postgres]:
    """A second process's view of the same database."""
    engine = await Postgres.open(postgres.dsn, KEYS)
    yield engine
    await engine.close()


async def waits(work: Awaitable[T]) -> asyncio.Future[T]:
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait([task], timeout=SOON)
    assert not done
    return task


async def enqueue(engine: Postgres, ref: str, to: Outbound) -> None:
    async with engine.transaction(alone=False) as tx:
        await outbox.enqueue(tx, [(to, ref)], NOON)


async def opened(engine: Postgres) -> Chat:
    async with engine.transaction() as tx:
        return await chats.open_chat(
            tx, a=Seat(ALICE, LINE), b=Seat(BOB, LINE), label=None, opened_by="api", now=NOON, expires_at=None
        )


async def test_who_is_alone_waits_for_the_others_and_they_for_it(postgres: Postgres, other: Postgres) -> None:
    async def alone() -> None:
        async with other.transaction():
            pass

    async with postgres.transaction(alone=False):
        waiting = await waits(alone())
    await waiting
    async with postgres.transaction():
        waiting = await waits(enqueue(other, "r1", notice(BOB)))
    await waiting


async def test_others_write_at_the_same_time_in_other_conversations(postgres: Postgres, other: Postgres) -> None:
    async with postgres.transaction(alone=False) as tx:
        await outbox.enqueue(tx, [(notice(ALICE), "r1")], NOON)
        await asyncio.wait_for(enqueue(other, "r2", notice(BOB)), 5)


async def test_in_one_conversation_the_ids_are_in_the_order_of_the_commits(postgres: Postgres, other: Postgres) -> None:
    async with postgres.transaction(alone=False) as tx:
        await outbox.enqueue(tx, [(notice(BOB), "first")], NOON)
        waiting = await waits(enqueue(other, "second", notice(BOB)))
    await waiting
    rows = await postgres.reader.rows("SELECT client_ref, ready_at IS NULL FROM outbound ORDER BY id")
    assert rows == [("first", False), ("second", True)]


async def test_what_follows_finds_its_turn_though_it_came_while_the_first_was_settled(
    postgres: Postgres, other: Postgres
) -> None:
    await enqueue(postgres, "first", notice(BOB))
    async with postgres.transaction(alone=False) as tx:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
    async with postgres.transaction(alone=False) as tx:
        await outbox.hold(tx, [claim])
        await outbox.accept(tx, [Sent(claim, ("id1",))], NOON)
        waiting = await waits(enqueue(other, "second", notice(BOB)))
    await waiting
    assert await postgres.reader.rows("SELECT client_ref FROM outbound WHERE ready_at IS NOT NULL") == [("second",)]


async def test_a_receipt_waits_for_the_answer_that_is_being_written(postgres: Postgres, other: Postgres) -> None:
    await enqueue(postgres, "ref1", notice(BOB))
    async with postgres.transaction(alone=False) as tx:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts

    async def note() -> int:
        async with other.transaction(alone=False) as tx:
            return (await receipts.note(tx, [receipt("id1", "delivered", ref="ref1")], NOON)).orphans

    async with postgres.transaction(alone=False) as tx:
        await outbox.hold(tx, [claim])
        await outbox.accept(tx, [Sent(claim, ("id1",))], NOON)
        waiting = await waits(note())
    assert await waiting == 0
    assert await postgres.reader.rows("SELECT state FROM outbound") == [("delivered",)]


async def test_the_receipts_of_two_parts_at_once_conclude_their_text(postgres: Postgres, other: Postgres) -> None:
    await enqueue(postgres, "ref1", notice(BOB))
    async with postgres.transaction(alone=False) as tx:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
        await outbox.accept(tx, [Sent(claim, ("id1", "id2"))], NOON)

    async def note(engine: Postgres, message_id: str) -> None:
        async with engine.transaction(alone=False) as tx:
            await receipts.note(tx, [receipt(message_id, "delivered", ref="ref1")], NOON)

    await asyncio.gather(note(postgres, "id1"), note(other, "id2"))
    assert await postgres.reader.rows("SELECT state FROM outbound") == [("delivered",)]


async def test_a_receipt_that_says_nothing_of_its_text_is_noted_alone(postgres: Postgres) -> None:
    with pytest.raises(NotAlone):
        async with postgres.transaction(alone=False) as tx:
            await receipts.note(tx, [receipt("id1", "delivered", ref=None)], NOON)


async def test_a_repeat_at_another_process_waits_and_is_dropped(postgres: Postgres, other: Postgres) -> None:
    async def remember() -> set[str]:
        async with other.transaction(alone=False) as tx:
            return await inbox.remember(tx, ["m1", "m2"], NOON)

    async with postgres.transaction(alone=False) as tx:
        assert await inbox.remember(tx, ["m1"], NOON) == {"m1"}
        waiting = await waits(remember())
    assert await waiting == {"m2"}


async def test_two_parts_at_two_processes_are_one_text(postgres: Postgres, other: Postgres) -> None:
    texts = [inbound(ALICE, f"part {each}", part=Part("7", 2, each)) for each in (1, 2)]

    async def gather(engine: Postgres, text: Inbound) -> str | None:
        async with engine.transaction(alone=False) as tx:
            await locks.gatherings(tx, [(Seat(ALICE, LINE), "7")])
            whole = await inbox.gather(tx, text)
            return None if whole is None else whole.text

    assert {*await asyncio.gather(gather(postgres, texts[0]), gather(other, texts[1]))} == {None, "part 1part 2"}


async def test_a_persons_texts_are_decided_one_after_the_other(postgres: Postgres, other: Postgres) -> None:
    await opened(postgres)

    async def hold(seat: Seat) -> None:
        async with other.transaction(alone=False) as tx:
            await locks.people(tx, [seat])

    async with postgres.transaction(alone=False) as tx:
        await locks.people(tx, [Seat(ALICE, LINE)])
        waiting = await waits(hold(Seat(ALICE, LINE)))
        await asyncio.wait_for(hold(Seat(BOB, LINE)), 5)
    await waiting


async def test_two_who_text_each_other_at_once_wait_in_no_circle(postgres: Postgres, other: Postgres) -> None:
    chat = await opened(postgres)

    async def text(engine: Postgres, count: int) -> None:
        one, two = (ALICE, BOB) if engine is postgres else (BOB, ALICE)
        for each in range(count):
            async with engine.transaction(alone=False) as tx:
                await locks.people(tx, [Seat(one, LINE)])
                await outbox.enqueue(tx, [(relay(one, two, "hi", chat=chat.id), f"{one.digits()}{each}")], NOON)
                await chats.texted(tx, [(chat.id, chat.a.side if one == ALICE else chat.b.side)], NOON)

    await asyncio.gather(text(postgres, 40), text(other, 40))
    assert await postgres.reader.rows("SELECT texts FROM participant ORDER BY side") == [(40,), (40,)]


async def test_who_is_in_touch_with_whom_is_changed_alone(postgres: Postgres) -> None:
    chat = await opened(postgres)
    with pytest.raises(NotAlone):
        async with postgres.transaction(alone=False) as tx:
            await chats.close(tx, chat, reason="a test", now=NOON)


async def test_conversations_of_which_nothing_is_left_are_forgotten(postgres: Postgres) -> None:
    await enqueue(postgres, "r1", notice(BOB))
    await enqueue(postgres, "r2", notice(CAROL))
    async with postgres.transaction() as tx:
        await tx.run("DELETE FROM outbound WHERE client_ref = 'r1'")
        assert await locks.forget_idle(tx) == 1
        assert await tx.rows("SELECT number FROM conversation") == [(tx.vault.index(CAROL),)]
