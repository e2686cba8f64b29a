"""A look at the database from outside: what it finds, and that it changes nothing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.sqlite import SQLite, known_migrations
from storage.survey import checkpoints_are_safe, survey


async def made(path: Path) -> None:
    await (await SQLite.open(path)).close()


def test_where_nothing_is_nothing_is_made(tmp_path: Path) -> None:
    found = survey(tmp_path / "sms.db")
    assert (found.exists, found.writable, found.in_use, found.damage) == (False, True, False, None)
    assert list(tmp_path.iterdir()) == []


async def test_a_whole_database_is_said_to_be_whole(tmp_path: Path) -> None:
    await made(tmp_path / "sms.db")
    found = survey(tmp_path / "sms.db")
    assert (found.exists, found.in_use, found.damage) == (True, False, None)
    assert found.schema == found.known == len(known_migrations())
    assert found.free_bytes > 0


async def test_a_database_in_use_is_said_to_be_and_left_alone(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "sms.db")
    try:
        assert survey(tmp_path / "sms.db").in_use
        async with engine.transaction() as transaction:
            await transaction.run("PRAGMA user_version")
    finally:
        await engine.close()
    assert not survey(tmp_path / "sms.db").in_use


async def test_looking_does_not_migrate(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sms.db")) as database:
        database.execute("PRAGMA user_version = 0")
        database.execute("CREATE TABLE other (id)")
    assert survey(tmp_path / "sms.db").schema == 0
    with closing(sqlite3.connect(tmp_path / "sms.db")) as database:
        assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("other",)]


async def test_what_is_no_database_is_damage(tmp_path: Path) -> None:
    (tmp_path / "sms.db").write_bytes(b"not a database, not even nearly " * 64)
    found = survey(tmp_path / "sms.db")
    assert found.schema is None
    assert found.damage == "file is not a database"


async def test_a_torn_page_is_damage(tmp_path: Path) -> None:
    await made(tmp_path / "sms.db")
    with (tmp_path / "sms.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    assert survey(tmp_path / "sms.db").damage


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    assert not survey(tmp_path / "no" / "sms.db").writable


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert not survey(tmp_path / "sms.db").writable


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_the_versions_with_the_wal_fault_are_known(version: tuple[int, ...], safe: bool) -> None:
    assert checkpoints_are_safe(version) is safe
