from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from storage import inbox
from storage.backup import CannotBackUp, back_up
from storage.keys import KeyFile
from storage.sqlite import SQLite
from tests.people import NOON


async def remember(engine: SQLite, *ids: str) -> None:
    async with engine.transaction() as tx:
        await inbox.remember(tx, ids, NOON)


def ids(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {row[0] for row in database.execute("SELECT message_id FROM seen")}


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("copy*")]


async def test_a_copy_holds_what_was_committed_when_it_was_made(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    await remember(engine, "before")
    size = await asyncio.to_thread(back_up, tmp_path / "a.db", tmp_path / "copy.db")
    await remember(engine, "after")
    assert ids(tmp_path / "copy.db") == {"before"}
    assert size == (tmp_path / "copy.db").stat().st_size
    await engine.close()


async def test_a_copy_of_a_busy_database_is_of_one_moment(tmp_path: Path) -> None:
    engine, stop = await SQLite.open(tmp_path / "a.db"), asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            number += 2  # the two of one transaction are together in a copy, or not in it
            await remember(engine, str(number), str(number + 1))

    busy = asyncio.create_task(write())
    for copy in ("one", "two", "three"):
        await asyncio.to_thread(back_up, tmp_path / "a.db", tmp_path / copy)
        assert len(ids(tmp_path / copy)) % 2 == 0
    stop.set()
    await busy
    await engine.close()


async def test_the_service_can_start_on_a_copy(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    back_up(tmp_path / "a.db", tmp_path / "copy.db")
    assert await asyncio.to_thread(left, tmp_path) == ["copy.db"], "the one file is all of it"
    await (await SQLite.open(tmp_path / "copy.db", KeyFile.beside(tmp_path / "a.db"))).close()


async def test_a_copy_is_nobody_elses_to_read(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    back_up(tmp_path / "a.db", tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


async def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(CannotBackUp, match="exists already"):
        back_up(tmp_path / "a.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("none.db", "copy.db", "there is no database"),
        ("no.db", "copy.db", "not a database"),
        ("a.db", "nowhere/copy.db", "No such file or directory"),
    ],
)
async def test_what_cannot_be_copied_leaves_nothing_behind(tmp_path: Path, source: str, target: str, why: str) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    (tmp_path / "no.db").write_text("this is no database, but a text of some length" * 100)
    with pytest.raises(CannotBackUp, match=why):
        back_up(tmp_path / source, tmp_path / target)
    assert not await asyncio.to_thread(left, tmp_path)


async def test_a_damaged_database_makes_no_backup(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    await remember(engine, *(f"{number:060}" for number in range(2000)))
    await engine.close()
    with (tmp_path / "a.db").open("r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096 * 8)
    with pytest.raises(CannotBackUp, match=r"damaged|malformed"):
        back_up(tmp_path / "a.db", tmp_path / "copy.db")
    assert not await asyncio.to_thread(left, tmp_path)
