"""The PostgreSQL engine: how it starts, and what it makes of a server that is away, busy or strange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage import outbox, pulse
from storage.engine import Conflict, InDoubt, StorageError, Taken, Transaction, Unavailable, Unusable
from storage.keys import KeySetting, new
from storage.postgres import Postgres, known_migrations
from tests.people import BOB, LINE, NOON, notice
from tests.postgres import KEYS, Databases

SECRET = "+447700900001"


@pytest.fixture
async def empty(databases: Databases) -> str:
    return await databases.make(empty=True)


@pytest.fixture
async def outside(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.dsn)
    yield connection
    await connection.close()


async def test_processes_may_start_together_on_an_empty_database(empty: str) -> None:
    engines = [Postgres(empty, KEYS) for _ in range(4)]
    await asyncio.gather(*(each.start() for each in engines))
    assert await engines[0].reader.rows("SELECT version FROM schema_version") == [(len(known_migrations()),)]
    for each in engines:
        await each.close()


async def test_a_newer_schema_is_refused_and_left_as_it_is(empty: str) -> None:
    engine = await Postgres.open(empty, KEYS)
    async with engine.transaction() as tx:
        await tx.run("UPDATE schema_version SET version = 99")
    await engine.close()
    with pytest.raises(Unusable, match=r"schema 99.*newer version"):
        await Postgres.open(empty, KEYS)


async def test_keys_of_another_database_are_refused(postgres: Postgres) -> None:
    with pytest.raises(Unusable, match="not those of this database"):
        await Postgres.open(postgres.dsn, KeySetting(new()))


async def test_a_database_that_cannot_hold_every_character_is_refused(databases: Databases) -> None:
    url = await databases.make(empty=True, encoding="SQL_ASCII")
    with pytest.raises(Unusable, match=r"SQL_ASCII.*UTF8"):
        await Postgres.open(url, KEYS)


@pytest.mark.parametrize("url", ["postgresql://u@localhost:1/x", "postgresql://u@/x?host=/nowhere"])
async def test_a_server_that_is_not_there_is_said_to_be(url: str) -> None:
    with pytest.raises(Unusable, match="cannot open the database"):
        await Postgres.open(url, KEYS)


async def test_a_commit_is_durable_whatever_the_server_does_otherwise(postgres: Postgres) -> None:
    async with postgres.transaction() as tx:
        assert await tx.rows("SELECT current_setting('synchronous_commit')") == [("on",)]


async def test_a_connection_that_is_ended_undoes_what_was_begun_and_the_next_goes_on(
    postgres: Postgres, outside: asyncpg.Connection
) -> None:
    with pytest.raises(Unavailable):
        async with postgres.transaction() as tx:
            await outbox.enqueue(tx, [(notice(BOB), "lost")], NOON)
            [(pid,)] = await tx.rows("SELECT pg_backend_pid()")
            await outside.execute("SELECT pg_terminate_backend($1)", pid)
            while await outside.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
                await asyncio.sleep(0.01)
            await tx.rows("SELECT 1")
    async with postgres.transaction() as tx:
        await outbox.enqueue(tx, [(notice(BOB), "kept")], NOON)
    assert await postgres.reader.rows("SELECT client_ref FROM outbound") == [("kept",)]


async def test_a_connection_that_is_lost_at_the_commit_leaves_a_doubt(postgres: Postgres) -> None:
    with pytest.raises(InDoubt):
        async with postgres.transaction() as tx:
            await pulse.beat(tx, NOON)
            tx._connection.terminate()


async def test_who_stops_in_a_transaction_holds_up_the_others_for_seconds_only(postgres: Postgres) -> None:
    async with postgres.transaction() as tx:
        for name, most in (("idle_in_transaction_session_timeout", 5), ("lock_timeout", 10)):
            [(written,)] = await tx.rows("SELECT current_setting($1)", name)
            assert 0 < int(written.removesuffix("s")) <= most


async def test_a_lock_that_does_not_come_is_no_fault_of_ours(postgres: Postgres, outside: asyncpg.Connection) -> None:
    async with outside.transaction():
        await outside.execute("LOCK TABLE pulse")
        with pytest.raises(Unavailable, match="lock"):
            async with postgres.transaction() as tx:
                await tx.run("SET LOCAL lock_timeout = '50ms'")
                await pulse.beat(tx, NOON)


async def test_two_that_wait_for_each_other_are_told_apart_from_faults(postgres: Postgres) -> None:
    async def touch(first: str, second: str, both: asyncio.Barrier) -> None:
        async with postgres.transaction(alone=False) as tx:
            await tx.run("UPDATE api_token SET used_at = 1 WHERE id = $1", first)
            await both.wait()
            await tx.run("UPDATE api_token SET used_at = 1 WHERE id = $1", second)

    async with postgres.transaction() as tx:
        await tx.many("INSERT INTO api_token (id, name) VALUES ($1, $1)", [("a",), ("b",)])
    both = asyncio.Barrier(2)
    done = await asyncio.gather(touch("a", "b", both), touch("b", "a", both), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [Conflict]


async def test_a_row_that_is_there_is_taken(tx: Transaction) -> None:
    await tx.run("INSERT INTO api_token (id, name) VALUES ('a', 'a')")
    with pytest.raises(Taken):
        await tx.run("INSERT INTO api_token (id, name) VALUES ('a', 'a')")


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("INSERT INTO api_token (id, name, used_at) VALUES ('a', 'a', $1)", SECRET),
        ("INSERT INTO api_token (id, name) VALUES ('a', $1)", 447700900001),
        ("SELECT CAST(CAST($1 AS TEXT) AS BIGINT)", SECRET + "x"),
        ("INSERT INTO vault_key (id, proof) VALUES ($1, NULL)", SECRET),
        ("INSERT INTO spent_day (day, texts, money, told) VALUES (1, 1, 1, $1)", 1 << 70),
    ],
)
async def test_an_error_never_shows_the_values_it_is_about(postgres: Postgres, statement: str, value: object) -> None:
    with pytest.raises(StorageError) as caught:
        async with postgres.transaction() as tx:
            await tx.run(statement, value)
    assert "7700900001" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


async def test_a_reader_cannot_write(postgres: Postgres) -> None:
    with pytest.raises(StorageError, match="read-only"):
        await postgres.reader.rows("DELETE FROM outbound")


async def test_only_a_transaction_that_wrote_shows_that_the_server_takes_what_it_is_given(postgres: Postgres) -> None:
    async with postgres.transaction() as tx:
        await tx.rows("SELECT 1")
        assert not tx.wrote
        await pulse.beat(tx, NOON)
        assert tx.wrote


async def test_nothing_is_left_in_the_pages_of_a_table_that_was_written_anew(
    postgres: Postgres, outside: asyncpg.Connection
) -> None:
    async with postgres.transaction() as tx:
        await outbox.enqueue(tx, [(notice(BOB), f"r{each}") for each in range(2000)], NOON)
    async with postgres.transaction() as tx:
        await tx.run("DELETE FROM outbound")
    before = await outside.fetchval("SELECT pg_relation_size('outbound')")
    await postgres.rewrite()
    assert await postgres.purge()
    assert before > 0
    assert await outside.fetchval("SELECT pg_relation_size('outbound')") == 0


async def test_what_is_found_is_given_to_one_claim_only(postgres: Postgres) -> None:
    async with postgres.transaction() as tx:
        await outbox.enqueue(tx, [(notice(BOB), "r1")], NOON)
    async with postgres.transaction(alone=False) as one, postgres.transaction(alone=False) as two:
        first = await outbox.claim(one, owner="one", line=LINE, limit=9, now=NOON)
        second = await outbox.claim(two, owner="two", line=LINE, limit=9, now=NOON)
    assert (len(first.texts), len(second.texts)) == (1, 0)
