"""The two ends of a copy: what there is to copy, in which order, and which ids are not given out again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage.copying import Table
from storage.ends import ONLY_POSTGRES, PostgresEnd, SQLiteEnd
from storage.engine import Transaction
from storage.postgres import Postgres
from storage.sqlite import SQLite
from storage.visit import WRITE_ALONE, Visit, visiting
from tests.everything import ROWS, fill
from tests.postgres import KEYS, Databases


@pytest.fixture
async def visit(postgres: Postgres) -> AsyncIterator[Visit]:
    async with visiting(postgres.dsn, KEYS, WRITE_ALONE) as visit:
        yield visit


async def tables(sqlite: SQLite) -> list[Table]:
    async with sqlite.transaction() as tx:
        return await SQLiteEnd(tx).tables()


async def test_each_table_is_there_in_both_with_the_same_columns(sqlite: SQLite, visit: Visit) -> None:
    rows = await visit.rows(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = current_schema() GROUP BY table_name"
    )
    there = {table: set(columns) for table, columns in rows}
    assert set(there) >= ONLY_POSTGRES
    assert {each.name: set(each.columns) for each in await tables(sqlite)} == {
        table: columns for table, columns in there.items() if table not in ONLY_POSTGRES
    }, "a table that no copy is to bring along belongs into ONLY_POSTGRES"


async def test_each_table_comes_behind_those_it_refers_to(sqlite: SQLite) -> None:
    order = [each.name for each in await tables(sqlite)]
    for refers, to in (("participant", "chat"), ("sent_part", "outbound"), ("gathered_part", "gathering")):
        assert order.index(refers) > order.index(to)


async def test_the_key_comes_first(sqlite: SQLite) -> None:
    [told] = [each for each in await tables(sqlite) if each.name == "told"]
    assert told == Table("told", ("number", "what", "at"), ("number", "what"), frozenset({"number", "what"}))


async def test_the_tests_have_a_row_of_each_table(sqlite: SQLite) -> None:
    assert {each.name for each in await tables(sqlite)} == {*ROWS, "vault_key"}


@pytest.fixture
async def foreign(databases: Databases) -> AsyncIterator[Postgres]:
    """A database whose texts are sorted as a language has it, and not by their bytes."""
    try:
        url = await databases.make(empty=True, more="LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
    except asyncpg.PostgresError as error:
        pytest.skip(f"WITHOUT ICU: {error}")
    engine = await Postgres.open(url, KEYS)
    yield engine
    await engine.close()


async def test_rows_come_in_the_same_order_however_the_server_sorts(sqlite: SQLite, foreign: Postgres) -> None:
    async with sqlite.transaction() as tx, visiting(foreign.dsn, KEYS, WRITE_ALONE) as visit:
        await fill(tx)
        await fill(visit)
        one, other = SQLiteEnd(tx), PostgresEnd(visit)
        for table in await one.tables():
            if table.name != "vault_key":
                assert [page async for page in one.pages(table)] == [page async for page in other.pages(table)]


async def emptied(tx: Transaction) -> dict[str, int]:
    """Where the last text is gone; returns what was given out."""
    await fill(tx)
    await tx.run("DELETE FROM sent_part")
    await tx.run("DELETE FROM outbound WHERE id = 12")
    return {"audit": 8, "chat": 7, "outbound": 12, "undoable": 6}


async def test_sqlite_knows_what_was_given_out_and_goes_on_behind_it(sqlite: SQLite) -> None:
    async with sqlite.transaction() as tx:
        end = SQLiteEnd(tx)
        expected = await emptied(tx)
        found = await end.given_out()
        assert {name: found[name] for name in expected} == expected
        assert (found["kept"], found["gathering"], found["code_event"]) == (9, 4, 5)
        await end.go_on({"outbound": 50, "chat": 7})
        await tx.run(
            "INSERT INTO outbound (line, recipient, recipient_sealed, kind, client_ref, state, created_at, changed_at)"
            " VALUES ('l', 'x', x'', 'notice', 'new', 'queued', 1, 1)"
        )
        assert await tx.rows("SELECT id FROM outbound WHERE client_ref = 'new'") == [(51,)]


async def test_postgresql_knows_what_was_given_out_and_goes_on_behind_it(visit: Visit) -> None:
    end = PostgresEnd(visit)
    assert set((await end.given_out()).values()) == {0}
    await emptied(visit)
    await end.go_on({"outbound": 50})
    assert (await end.given_out())["outbound"] == 50
    assert (await end.given_out())["kept"] == 9, "by the rows there are, whatever its sequence says"
    await visit.run(
        "INSERT INTO outbound (line, recipient, recipient_sealed, kind, client_ref, state, created_at, changed_at)"
        " VALUES ('l', 'x', '', 'notice', 'new', 'queued', 1, 1)"
    )
    assert await visit.rows("SELECT id FROM outbound WHERE client_ref = 'new'") == [(51,)]
    assert (await end.given_out())["outbound"] == 51
