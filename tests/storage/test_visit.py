"""A PostgreSQL database visited beside a service: what it may do, and what keeps it out."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from storage import admins
from storage.engine import InDoubt, StorageError, Unusable
from storage.keys import KeyFile, KeySetting, new
from storage.postgres import Postgres
from storage.visit import READ_ALONE, WRITE_ALONE, visiting
from tests.people import ADMIN, ALICE, NOON
from tests.postgres import KEYS, Databases


async def test_what_is_there_is_read_beside_a_service_and_cannot_be_changed(postgres: Postgres) -> None:
    async with postgres.transaction() as tx:
        await admins.add(tx, ALICE, by=ADMIN, now=NOON)
    async with visiting(postgres.dsn, KEYS) as here:
        assert await admins.added(here) == [ALICE]
        with pytest.raises(StorageError, match="read-only"):
            await here.run("DELETE FROM admin")


async def test_what_it_reads_is_of_one_moment(postgres: Postgres) -> None:
    async with visiting(postgres.dsn, KEYS) as here:
        assert await admins.added(here) == []
        async with postgres.transaction() as tx:
            await admins.add(tx, ALICE, by=ADMIN, now=NOON)
        assert await admins.added(here) == []


@pytest.mark.parametrize("how", [WRITE_ALONE, READ_ALONE])
async def test_who_visits_alone_keeps_every_writer_away(postgres: Postgres, how: tuple[str, str]) -> None:
    outside = await asyncpg.connect(postgres.dsn)
    async with visiting(postgres.dsn, KEYS, how):
        for lock in ("pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared"):
            assert not await outside.fetchval(f"SELECT {lock}(7101964001)")
    async with postgres.transaction():
        pass
    await outside.close()


async def test_what_is_brought_is_there_at_the_end_and_after_an_error_it_is_not(postgres: Postgres) -> None:
    async def bring(fails: bool) -> None:
        async with visiting(postgres.dsn, KEYS, WRITE_ALONE) as here:
            await here.bring("seen", ("message_id", "received_at"), [("a", 1), ("b", 2)])
            if fails:
                raise KeyError

    with pytest.raises(KeyError):
        await bring(fails=True)
    assert await postgres.reader.rows("SELECT * FROM seen") == []
    await bring(fails=False)
    assert await postgres.reader.rows("SELECT * FROM seen ORDER BY 1") == [("a", 1), ("b", 2)]
    with pytest.raises(StorageError):
        await bring(fails=False)


async def test_a_connection_that_is_lost_at_the_commit_leaves_it_open_what_became_of_it(postgres: Postgres) -> None:
    outside = await asyncpg.connect(postgres.dsn)
    with pytest.raises(InDoubt):
        async with visiting(postgres.dsn, KEYS, WRITE_ALONE) as here:
            [(pid,)] = await here.rows("SELECT pg_backend_pid()")
            await outside.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await outside.close()


async def test_a_database_without_our_tables_is_told_and_left_without(databases: Databases) -> None:
    url = await databases.make(empty=True)
    with pytest.raises(Unusable, match="at its first start"):
        async with visiting(url, KEYS):
            pass
    outside = await asyncpg.connect(url)
    assert await outside.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await outside.close()


async def test_another_schema_and_other_keys_are_refused(databases: Databases, postgres: Postgres) -> None:
    with pytest.raises(Unusable, match="not those of this database"):
        async with visiting(postgres.dsn, KeySetting(new())):
            pass
    url = await databases.make(empty=True)
    await (await Postgres.open(url, KEYS)).close()
    outside = await asyncpg.connect(url)
    await outside.execute("UPDATE schema_version SET version = 99")
    await outside.close()
    with pytest.raises(Unusable, match="schema 99"):
        async with visiting(url, KEYS):
            pass


async def test_keys_that_are_missing_and_a_server_that_is_not_there_are_told(postgres: Postgres) -> None:
    with pytest.raises(Unusable, match="is missing"):
        async with visiting(postgres.dsn, KeyFile(Path("/nowhere/sms.db.key"))):
            pass
    with pytest.raises(Unusable, match="cannot be reached"):
        async with visiting("postgresql://u:canary@localhost:1/x", KEYS):
            pass
