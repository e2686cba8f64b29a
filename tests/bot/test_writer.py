import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.writer import Writer
from storage.engine import Conflict, StorageError, Transaction, Unavailable, must_be_alone
from storage.postgres import Postgres
from storage.sqlite import SQLite


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SQLite]:
    engine = await SQLite.open(tmp_path / "test.db")
    yield engine
    await engine.close()


@pytest.fixture
async def writer(engine: SQLite) -> AsyncIterator[Writer]:
    writer = Writer(engine)
    running = asyncio.create_task(writer.run())
    yield writer
    writer.stop()
    await running


def put(name: str, at: int = 1) -> str:
    return f"INSERT INTO told VALUES ('{name}', 'x', {at})"


async def names(engine: SQLite) -> list[str]:
    return [name for (name,) in await engine.reader.rows("SELECT number FROM told ORDER BY number")]


async def test_what_waits_together_is_handled_together_and_answered_one_by_one(writer: Writer) -> None:
    batches: list[list[int]] = []

    async def double(tx: Transaction, items: list[int]) -> Sequence[int]:
        batches.append(items)
        return [2 * item for item in items]

    submit = writer.batched(double)
    assert await asyncio.gather(*map(submit, range(5))) == [0, 2, 4, 6, 8]
    assert batches == [[0, 1, 2, 3, 4]]


async def test_an_answer_comes_after_the_commit(writer: Writer, engine: SQLite) -> None:
    await writer.do(lambda tx: tx.run(put("a")))
    assert await names(engine) == ["a"]


async def test_one_that_fails_is_undone_alone(writer: Writer, engine: SQLite) -> None:
    async def bad(tx: Transaction) -> None:
        await tx.run(put("bad"))
        raise KeyError("a bug")

    results = await asyncio.gather(
        writer.do(lambda tx: tx.run(put("a"))),
        writer.do(bad),
        writer.do(lambda tx: tx.run(put("b"))),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), KeyError, type(None)]
    assert await names(engine) == ["a", "b"]


async def test_a_bad_item_does_not_stop_its_batch(writer: Writer) -> None:
    async def picky(tx: Transaction, items: list[int]) -> Sequence[int]:
        if 3 in items:
            raise ValueError("a bug")
        return items

    submit = writer.batched(picky)
    results = await asyncio.gather(*map(submit, range(5)), return_exceptions=True)
    assert [result for result in results if not isinstance(result, BaseException)] == [0, 1, 2, 4]
    assert isinstance(results[3], ValueError)


async def test_a_request_that_goes_away_leaves_no_transaction_open(writer: Writer, engine: SQLite) -> None:
    async def slow(tx: Transaction) -> None:
        await tx.run(put("slow"))
        await asyncio.sleep(0.01)

    going = asyncio.create_task(writer.do(slow))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    going.cancel()
    await writer.do(lambda tx: tx.run(put("next")))
    assert await names(engine) == ["next", "slow"]


async def test_a_database_that_cannot_take_it_is_said_and_works_again_by_itself(writer: Writer, engine: SQLite) -> None:
    async def fill(tx: Transaction) -> None:
        [pages] = await tx.row("PRAGMA page_count") or ()
        await tx.run(f"PRAGMA max_page_count = {pages}")

    await writer.do(fill)
    big = "x" * 100_000
    with pytest.raises(Unavailable):
        await writer.do(lambda tx: tx.run(put(big)))
    assert writer.failing is not None
    await writer.do(lambda tx: tx.run("PRAGMA max_page_count = 100000"))
    await writer.do(lambda tx: tx.run(put(big)))
    assert writer.failing is None


async def test_a_stopping_writer_finishes_what_waits_and_refuses_more(engine: SQLite) -> None:
    writer = Writer(engine)
    waiting = [asyncio.create_task(writer.do(lambda tx: tx.run(put("a"))))]
    await asyncio.sleep(0)
    writer.stop()
    with pytest.raises(Unavailable, match="stopping"):
        await writer.do(lambda tx: tx.run(put("b")))
    await writer.run()
    await asyncio.gather(*waiting)
    assert await names(engine) == ["a"]


async def test_a_storage_error_of_ones_own_reaches_the_asker(writer: Writer) -> None:
    with pytest.raises(StorageError):
        await writer.do(lambda tx: tx.run("INSERT INTO told VALUES (NULL, 'x', 1)"))


@pytest.fixture
async def beside(postgres: Postgres) -> AsyncIterator[Writer]:
    """A writer on a database to which others write, too."""
    writer = Writer(postgres)
    running = asyncio.create_task(writer.run())
    yield writer
    writer.stop()
    await running


async def test_what_comes_in_is_written_beside_others_until_something_asks_to_be_alone(beside: Writer) -> None:
    tried: list[bool] = []

    async def take(tx: Transaction, items: list[str]) -> Sequence[None]:
        tried.append(tx.alone)
        if "END" in items:
            must_be_alone(tx)
        return [None] * len(items)

    submit = beside.batched(take)
    await submit("hello")
    await submit("END")
    assert tried == [False, False, True]


async def test_what_others_got_in_the_way_of_is_done_again_and_at_last_alone(
    beside: Writer, postgres: Postgres
) -> None:
    tried: list[bool] = []

    async def work(tx: Transaction) -> None:
        tried.append(tx.alone)
        await tx.run(put(f"try{len(tried)}"))
        if not tx.alone:
            raise Conflict("deadlock detected")

    await beside.do(work, alone=False)
    assert tried == [False, False, False, True]
    assert await postgres.reader.rows("SELECT number FROM told") == [("try4",)]


async def test_a_conflict_that_does_not_end_fails_alone(beside: Writer) -> None:
    async def work(tx: Transaction) -> None:
        raise Conflict("deadlock detected")

    with pytest.raises(Conflict):
        await beside.do(work)
