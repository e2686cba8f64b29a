"""A look at a real server: what is seen of it, of the database and of the user, and that nothing is changed."""

from __future__ import annotations

import asyncpg
import pytest

from storage import leases
from storage.engine import StorageError, Unavailable
from storage.keys import KeySetting, new
from storage.postgres import Postgres, known_migrations
from storage.server import survey
from tests.people import LINE
from tests.postgres import KEYS, Databases, running

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
ALTER = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $$"


async def altered(url: str, how: str) -> None:
    outside = await asyncpg.connect(url)
    await outside.execute(ALTER.format(how))
    await outside.close()


async def test_an_empty_database_is_seen_as_one_and_left_empty(databases: Databases) -> None:
    url = await databases.make(empty=True)
    found = await survey(url, KEYS)
    assert (found.schema, found.known, found.may_make_tables) == (0, len(known_migrations()), True)
    assert (found.encoding, found.is_new_enough, found.wrong_keys, found.processes) == ("UTF8", True, None, 0)
    outside = await asyncpg.connect(url)
    assert await outside.fetchval(TABLES) == 0
    await outside.close()


async def test_a_database_of_ours_is_seen_with_who_serves_and_whether_the_keys_fit(postgres: Postgres) -> None:
    await leases.renew(postgres.aside, "a run", lines=[LINE], sent=0)
    found = await survey(postgres.dsn, KEYS)
    assert (found.schema, found.wrong_keys, found.processes) == (found.known, None, 1)
    other = await survey(postgres.dsn, KeySetting(new()))
    assert other.wrong_keys is not None
    assert "not those of this database" in other.wrong_keys


async def test_how_durable_the_server_is_and_how_it_is_reached_is_seen(postgres: Postgres) -> None:
    found = await survey(postgres.dsn, KEYS)
    assert (found.writes_safely, found.writes_whole_pages, found.waits_for_standby) == (False,) * 3, (
        "as the tests run it"
    )
    assert (found.by_tls, found.is_pooled) == (False, False)


async def test_a_server_as_it_comes_is_seen_to_be_safe() -> None:
    with running({"listen_addresses": "", "max_connections": "20"}) as own:
        found = await survey(own.address, KEYS)
    assert found.writes_safely
    assert found.writes_whole_pages
    assert found.most_connections == 17


async def test_a_limit_of_the_database_counts_as_the_servers_does(databases: Databases) -> None:
    url = await databases.make(empty=True)
    assert (await survey(url, KEYS)).most_connections > 9
    await altered(url, "CONNECTION LIMIT 9")
    assert (await survey(url, KEYS)).most_connections == 9


async def test_a_newer_schema_is_seen_without_a_fault(databases: Databases) -> None:
    url = await databases.make(empty=True)
    engine = await Postgres.open(url, KEYS)
    async with engine.transaction() as tx:
        await tx.run("UPDATE schema_version SET version = 99")
    await engine.close()
    assert (await survey(url, KEYS)).schema == 99


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:canary@localhost:1/x", "failed|refused"),
        ("postgresql://u:canary@localhost/x?sslmode=odd", "sslmode"),
    ],
)
async def test_why_it_cannot_be_asked_is_told_without_the_password(url: str, told: str) -> None:
    with pytest.raises(StorageError, match=told) as caught:
        await survey(url, KEYS)
    assert "canary" not in str(caught.value)


async def test_a_database_that_is_not_there_is_told(databases: Databases) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        await survey(databases.server.url("nowhere"), KEYS)


async def test_a_server_that_takes_no_writes_is_told_as_one(databases: Databases) -> None:
    url = await databases.make(empty=True)
    await altered(url, "SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="only standbys answer"):
        await survey(url, KEYS)
