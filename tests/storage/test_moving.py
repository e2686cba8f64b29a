"""A whole installation moved to PostgreSQL and back: all of it, or nothing."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from storage import chats, errands, leases, outbox
from storage.copying import CannotCopy
from storage.engine import Engine, Unusable
from storage.keys import KeySetting, new
from storage.lock import FileLock
from storage.model import Claim, Seat
from storage.moving import to_postgres, to_sqlite
from storage.postgres import Postgres
from storage.sqlite import SQLite
from tests.crowd import KEYS, ROUND
from tests.everything import ROWS, fill
from tests.people import ALICE, BOB, LINE, NOON, relay
from tests.postgres import Databases


def quiet(table: str, count: int) -> None:
    pass


@pytest.fixture
async def target(databases: Databases) -> str:
    return await databases.make(empty=True)


@pytest.fixture
async def outside(target: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(target)
    yield connection
    await connection.close()


@pytest.fixture
async def everything(tmp_path: Path) -> Path:
    engine = await SQLite.open(tmp_path / "sms.db", KEYS)
    async with engine.transaction() as tx:
        await fill(tx)
    await engine.close()
    return tmp_path / "sms.db"


def dumped(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


async def test_there_and_back_it_is_the_same_database(everything: Path, target: str, tmp_path: Path) -> None:
    before, counts = digest(everything), dict[str, int]()
    assert await to_postgres(everything, target, KEYS, counts.__setitem__) == sum(counts.values())
    assert {name: counts[name] for name in ROWS} == {name: len(rows) for name, rows in ROWS.items()}
    assert digest(everything) == before
    assert await to_sqlite(target, tmp_path / "back.db", KEYS, quiet) == sum(counts.values())
    assert dumped(tmp_path / "back.db") == dumped(everything)


async def go_on(engine: Engine) -> tuple[list[Claim], int, int]:
    """What leaves next, and the ids of a new text and a new chat."""
    async with engine.transaction() as tx:
        claimed = await outbox.claim(tx, owner="me", line=LINE, limit=999, now=NOON + 31 * ROUND)
        seats = {"a": Seat(ALICE, LINE), "b": Seat(BOB, LINE)}
        chat = await chats.open_chat(tx, **seats, label=None, opened_by="api", now=NOON, expires_at=None)
        await outbox.enqueue(tx, [(relay(ALICE, BOB, "on we go", chat=chat.id), "new")], NOON)
        [(text,)] = await tx.rows("SELECT id FROM outbound WHERE client_ref = 'new'")
    await engine.close()
    return claimed.texts, chat.id, text


async def test_a_crowd_goes_on_where_it_was(crowded: Path, target: str) -> None:
    await to_postgres(crowded, target, KEYS, quiet)
    moved = await go_on(await Postgres.open(target, KEYS))
    assert len(moved[0]) > 10
    assert moved == await go_on(await SQLite.open(crowded, KEYS))


async def test_ids_are_never_given_out_twice_even_if_the_last_rows_are_gone(everything: Path, target: str) -> None:
    engine = await SQLite.open(everything, KEYS)
    async with engine.transaction() as tx:
        await tx.run("DELETE FROM sent_part")
        await tx.run("DELETE FROM outbound")
    await engine.close()
    await to_postgres(everything, target, KEYS, quiet)
    postgres = await Postgres.open(target, KEYS)
    async with postgres.transaction() as tx:
        await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=7), "new")], NOON)
        assert await tx.rows("SELECT id FROM outbound") == [(13,)]
    await postgres.close()


PLANTED = """
    CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what} END $$;
    CREATE TRIGGER planted BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION planted();
"""
COUNT_ALL = "SELECT (SELECT count(*) FROM chat) + (SELECT count(*) FROM audit) + (SELECT count(*) FROM seen)"


@pytest.mark.parametrize(
    ("table", "what", "told"),
    [
        (
            "chat",
            "IF NEW.id = 7 THEN NEW.active_at = 0; END IF; RETURN NEW;",
            "active_at of chat id=7 came out",
        ),
        ("seen", "IF NEW.message_id = 'B' THEN RETURN NULL; END IF; RETURN NEW;", "message_id=B, or one beside it"),
        ("audit", "NEW.whom = ''; RETURN NEW;", "whom of audit id=8 came out different"),
    ],
)
async def test_a_difference_in_one_row_is_told_and_nothing_is_kept(
    everything: Path, target: str, outside: asyncpg.Connection, table: str, what: str, told: str
) -> None:
    await (await Postgres.open(target, KEYS)).close()
    await outside.execute(PLANTED.format(table=table, what=what))
    with pytest.raises(CannotCopy) as caught:
        await to_postgres(everything, target, KEYS, quiet)
    assert told in str(caught.value)
    assert await outside.fetchval(COUNT_ALL) == 0
    assert await outside.fetchval("SELECT nextval(pg_get_serial_sequence('chat', 'id'))") == 1


async def test_a_target_that_was_started_and_is_empty_will_do_and_one_with_rows_will_not(
    everything: Path, target: str
) -> None:
    await (await Postgres.open(target, KEYS)).close()
    await to_postgres(everything, target, KEYS, quiet)
    with pytest.raises(CannotCopy, match="in use"):
        await to_postgres(everything, target, KEYS, quiet)


async def test_a_target_with_other_keys_and_a_source_with_others_are_refused(everything: Path, target: str) -> None:
    other = KeySetting(new())
    with pytest.raises(Unusable, match="not those of this database"):
        await to_postgres(everything, target, other, quiet)
    await (await Postgres.open(target, other)).close()
    with pytest.raises(Unusable, match="not those of this database"):
        await to_postgres(everything, target, KEYS, quiet)


async def test_a_source_in_use_is_refused_and_one_that_is_copied_cannot_be_started(
    everything: Path, target: str
) -> None:
    lock = FileLock.take(Path(f"{everything}.lock"))
    with pytest.raises(Unusable, match="another process"):
        await to_postgres(everything, target, KEYS, quiet)
    lock.release()
    tried = []

    def start(table: str, count: int) -> None:
        with pytest.raises(Unusable, match="another process"):
            FileLock.take(Path(f"{everything}.lock"))
        tried.append(table)

    await to_postgres(everything, target, KEYS, start)
    assert tried


async def test_neither_way_goes_while_a_service_uses_the_postgresql(
    everything: Path, target: str, tmp_path: Path
) -> None:
    engine = await Postgres.open(target, KEYS)
    await leases.renew(engine.aside, "a run", lines=[LINE], sent=0)
    with pytest.raises(Unusable, match="a service is using the PostgreSQL"):
        await to_postgres(everything, target, KEYS, quiet)
    with pytest.raises(Unusable, match="a service is using the PostgreSQL"):
        await to_sqlite(target, tmp_path / "back.db", KEYS, quiet)
    await leases.leave(engine.aside, "a run", [])
    await to_postgres(everything, target, KEYS, quiet)
    await engine.close()


async def test_a_source_that_is_not_whole_is_not_copied(everything: Path, target: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="there is no database"):
        await to_postgres(tmp_path / "none.db", target, KEYS, quiet)
    assert not (tmp_path / "none.db.lock").exists()
    with closing(sqlite3.connect(everything)) as database:
        database.execute("DROP INDEX seen_age")
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(Unusable, match="schema 1"):
        await to_postgres(everything, target, KEYS, quiet)


async def test_a_damaged_source_is_not_copied(crowded: Path, target: str) -> None:
    with crowded.open("r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096 * 4)
    with pytest.raises(Unusable, match=r"damaged|malformed"):
        await to_postgres(crowded, target, KEYS, quiet)


async def test_whoever_is_still_to_be_erased_is_erased_first(everything: Path, target: str) -> None:
    errands.beside(everything).touch()
    with pytest.raises(Unusable, match="is not done yet"):
        await to_postgres(everything, target, KEYS, quiet)
    errands.beside(everything).unlink()
    await to_postgres(everything, target, KEYS, quiet)


async def test_the_way_back_needs_a_new_file_and_leaves_an_empty_one_where_it_fails(
    everything: Path, target: str, tmp_path: Path
) -> None:
    await to_postgres(everything, target, KEYS, quiet)
    shutil.copy(everything, tmp_path / "other.db")
    with pytest.raises(CannotCopy, match="in use"):
        await to_sqlite(target, tmp_path / "other.db", KEYS, quiet)
    assert dumped(tmp_path / "other.db") == dumped(everything)

    def fail(table: str, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await to_sqlite(target, tmp_path / "back.db", KEYS, fail)
    assert await to_sqlite(target, tmp_path / "back.db", KEYS, quiet)
    assert dumped(tmp_path / "back.db") == dumped(everything)
