import sqlite3
from pathlib import Path

import pytest

from storage.engine import StorageError, Taken, Unavailable, Unusable
from storage.sqlite import SQLite, known_migrations


async def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await SQLite.open(tmp_path / "a.db")
    async with first.transaction() as tx:
        await tx.run("INSERT INTO told VALUES ('a', 'b', 1)")
    await first.close()
    second = await SQLite.open(tmp_path / "a.db")
    assert await second.reader.rows("SELECT number FROM told") == [("a",)]
    await second.close()


async def test_an_exception_undoes_the_whole_transaction(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(StorageError):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO told VALUES ('a', 'b', 1)")
            await tx.run("INSERT INTO told VALUES (NULL, 'b', 1)")
    assert await engine.reader.rows("SELECT * FROM told") == []
    await engine.close()


async def test_the_writer_is_durable_and_the_reader_cannot_write(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        settings = [(await tx.row(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "secure_delete")]
    assert settings == [("wal",), (2,), (1,)]
    with pytest.raises(Unavailable, match="readonly"):
        await engine.reader.rows("DELETE FROM told")
    assert await engine.reader.row("PRAGMA wal_autocheckpoint") == (0,)
    await engine.close()


async def test_nothing_to_write_does_not_reach_the_database(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        await tx.many("no SQL at all", [])
    await engine.close()


async def test_errors_of_sqlite_stay_inside(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(Taken):
        async with engine.transaction() as tx:
            await tx.many("INSERT INTO told VALUES ($1, 'b', 1)", [("a",), ("a",)])
    with pytest.raises(StorageError, match="CHECK"):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO chat (open, opened_by, opened_at, active_at) VALUES (7, 'x', 1, 1)")
    await engine.close()


async def test_a_full_disk_refuses_and_works_again_with_space(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        [pages] = await tx.row("PRAGMA page_count") or ()
        await tx.run(f"PRAGMA max_page_count = {pages}")
    big = "x" * 100_000
    with pytest.raises(Unavailable, match="full"):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO told VALUES ($1, 'b', 1)", big)
    async with engine.transaction() as tx:
        await tx.run("PRAGMA max_page_count = 100000")
        await tx.run("INSERT INTO told VALUES ($1, 'b', 1)", big)
    await engine.close()


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await (await SQLite.open(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(Unusable, match="newer version"):
        await SQLite.open(path)
    assert sqlite_value(path, "PRAGMA user_version") == 99


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"dear diary" * 1000)
    with pytest.raises(Unusable, match="cannot open"):
        await SQLite.open(path)
    assert path.read_bytes() == b"dear diary" * 1000


async def test_a_second_process_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    first = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(Unusable, match="another process"):
        await SQLite.open(tmp_path / "a.db")
    await first.close()
    await (await SQLite.open(tmp_path / "a.db")).close()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot write beside the database"):
        await SQLite.open(tmp_path / "nowhere" / "a.db")


async def test_a_fresh_database_has_the_newest_schema(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    assert sqlite_value(tmp_path / "a.db", "PRAGMA user_version") == len(known_migrations())


def sqlite_value(path: Path, sql: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()
