import asyncio
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.receipts import Receipts
from bot.service import Beside, Service
from bot.undelivered import Undelivered
from bot.writer import Writer
from storage import leases, outbox
from storage.engine import Unusable
from storage.postgres import Postgres
from storage.sqlite import SQLite
from tests.commands.room import HOUSE
from tests.people import ALICE, LINE, NOON, notice
from tests.postgres import KEYS


class Task:
    """Stands in for delivery and the deadlines: runs until it is stopped, or falls."""

    def __init__(self, name: str, record: list[str], falls: bool = False) -> None:
        self.name, self.record, self.falls = name, record, falls
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        self.record.append(f"{self.name} runs")
        if self.falls:
            raise KeyError("a bug")
        await self.stopped.wait()
        self.record.append(f"{self.name} ends")

    def stop(self) -> None:
        self.stopped.set()

    async def leave(self) -> None:
        self.record.append("leases given back")

    async def close(self) -> None:
        self.record.append("transport closed")


def service(path: Path, record: list[str], *, falls: bool = False) -> Service:
    engine = SQLite(path)
    delivery, deadlines = Task("delivery", record), Task("deadlines", record, falls)
    undelivered = Undelivered(HOUSE, Outgoing(lambda: "ref"))
    receipts = Receipts(undelivered=undelivered, metrics=Metrics(), clock=lambda: NOON)
    return Service(
        engine=engine, writer=Writer(engine), delivery=delivery, deadlines=deadlines, receipts=receipts,
        transport=delivery, clock=lambda: NOON,
    )  # fmt: skip


async def test_it_stops_in_order_and_the_database_is_free_again(tmp_path: Path) -> None:
    record: list[str] = []
    for _ in range(2):
        async with service(tmp_path / "a.db", record).running():
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert record == ["delivery runs", "deadlines runs", "delivery ends", "transport closed"] * 2


class Reads(Task):
    """Lets go of the database some moments after it was told to."""

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            await asyncio.sleep(0.05)
            self.record.append(f"{self.name} let go")


async def test_the_database_is_closed_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    record: list[str] = []
    running = service(tmp_path / "a.db", record)
    running._deadlines = Reads("deadlines", record)
    async with running.running():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert record[-3:] == ["deadlines let go", "delivery ends", "transport closed"]


async def test_what_an_earlier_run_was_sending_is_in_doubt_before_anything_is_sent(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        await outbox.enqueue(tx, [(notice(ALICE), "ref")], NOON)
        await outbox.claim(tx, owner="an earlier run", line=LINE, limit=1, now=NOON)
    await engine.close()
    async with service(tmp_path / "a.db", []).running():
        pass
    engine = await SQLite.open(tmp_path / "a.db")
    assert await engine.reader.rows("SELECT state FROM outbound") == [("uncertain",)]
    await engine.close()


async def test_a_task_that_falls_is_missed(tmp_path: Path) -> None:
    running = service(tmp_path / "a.db", [], falls=True)
    async with running.running():
        await asyncio.sleep(0.01)
        assert running.fallen() == ["deadlines"]
    assert running.fallen() == []


async def test_a_database_in_use_stops_the_start_and_leaves_nothing_open(tmp_path: Path) -> None:
    holder = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(Unusable, match="another process"):
        async with service(tmp_path / "a.db", []).running():
            raise AssertionError("it must not run")
    await holder.close()


async def test_after_a_restore_it_does_not_hold_what_others_are_sending(postgres: Postgres) -> None:
    await leases.renew(postgres.aside, "another process", lines=[LINE], sent=0)
    engine, record = Postgres(postgres.dsn, KEYS), list[str]()
    task = Task("", record)
    undelivered = Undelivered(HOUSE, Outgoing(lambda: "ref"))
    running = Service(
        engine=engine, writer=Writer(engine), delivery=task, deadlines=task, beside=Beside(task, task),
        receipts=Receipts(undelivered=undelivered, metrics=Metrics(), clock=lambda: NOON), transport=task,
        clock=lambda: NOON, after_restore=True,
    )  # fmt: skip
    with pytest.raises(Unusable, match="stop them first"):
        async with running.running():
            pass
    assert record == ["leases given back", "transport closed"]


async def test_beside_others_it_leaves_their_sends_alone_and_gives_its_lines_back_after_its_own(
    postgres: Postgres,
) -> None:
    async with postgres.transaction() as tx:
        await outbox.enqueue(tx, [(notice(ALICE), "ref")], NOON)
        await outbox.claim(tx, owner="another process", line=LINE, limit=1, now=NOON)
    record: list[str] = []
    engine = Postgres(postgres.dsn, KEYS)
    delivery = Task("delivery", record)
    undelivered = Undelivered(HOUSE, Outgoing(lambda: "ref"))
    leases, hints = Task("leases", record), Task("hints", record)
    running = Service(
        engine=engine, writer=Writer(engine), delivery=delivery, deadlines=Task("deadlines", record),
        beside=Beside(leases, hints), receipts=Receipts(undelivered=undelivered, metrics=Metrics(), clock=lambda: NOON),
        transport=delivery, clock=lambda: NOON,
    )  # fmt: skip
    async with running.running():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert record[-3:] == ["delivery ends", "leases given back", "transport closed"]
    assert await postgres.reader.rows("SELECT state FROM outbound") == [("sending",)]
