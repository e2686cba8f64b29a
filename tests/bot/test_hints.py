"""Word from the process that takes a text to the one that sends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bot.hints import Hints
from storage.number import Number
from storage.postgres import CHANNEL, Postgres
from tests.people import LINE, OTHER_LINE
from tests.postgres import KEYS


class Process:
    def __init__(self, engine: Postgres, *lines: Number) -> None:
        self.woken = asyncio.Event()
        self.hints = Hints(engine.aside, set(lines).__contains__, self.woken.set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.hints.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def heard(postgres: Postgres, count: int = 1) -> None:
    """Until so many listen."""
    listen = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"  # it is said and committed
    )
    while len(await postgres.reader.rows(listen)) < count:
        await asyncio.sleep(0.01)


async def test_whose_line_it_is_is_woken_once_the_text_is_there(postgres: Postgres) -> None:
    takes, sends = Process(postgres, OTHER_LINE), Process(postgres, LINE)
    async with takes.running(), sends.running():
        await heard(postgres, 2)
        takes.hints.note([LINE, OTHER_LINE])
        assert not takes.hints._committed.is_set()
        takes.hints.committed()
        await asyncio.wait_for(sends.woken.wait(), 40)
        assert not takes.woken.is_set()


async def test_nobody_is_told_of_ones_own_lines(postgres: Postgres) -> None:
    alone = Process(postgres, LINE)
    alone.hints.note([LINE])
    alone.hints.committed()
    assert not alone.hints._committed.is_set()


async def test_a_listener_that_is_cut_off_listens_again(postgres: Postgres) -> None:
    sends, outside = Process(postgres, LINE), await asyncpg.connect(postgres.dsn)
    async with sends.running():
        await heard(postgres)
        await outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        async with asyncio.timeout(20):
            while not sends.woken.is_set():
                await outside.execute("SELECT pg_notify($1, $2)", CHANNEL, LINE.e164())
                await asyncio.sleep(0.05)
    await outside.close()


async def test_behind_a_pooler_nothing_is_heard_and_nothing_is_tried(postgres: Postgres) -> None:
    pooled = await Postgres.open(postgres.dsn, KEYS, pooled=True)
    listening = asyncio.create_task(pooled.aside.listen(lambda said: None))
    await asyncio.wait([listening], timeout=0.2)
    assert not listening.done()
    listen = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    assert await postgres.reader.rows(listen) == []
    listening.cancel()
    await pooled.close()
