"""A database read from outside: beside a service, with the right keys, and without leaving a mark."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import admins
from storage.engine import StorageError, Unusable
from storage.keys import KeyFile, new
from storage.reading import reading
from storage.sqlite import SQLite
from tests.people import ADMIN, ALICE, NOON


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[SQLite]:
    """In use, until it is closed."""
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        await admins.add(tx, ALICE, by=ADMIN, now=NOON)
    yield engine
    await engine.close()


async def test_it_is_read_beside_a_service_and_without_one(filled: SQLite, tmp_path: Path) -> None:
    async with reading(tmp_path / "a.db") as here:
        assert await admins.added(here) == [ALICE]
    await filled.close()
    before = hashlib.sha256((tmp_path / "a.db").read_bytes()).digest()
    async with reading(tmp_path / "a.db") as here:
        assert await admins.added(here) == [ALICE]
        with pytest.raises(StorageError):
            await here.run("DELETE FROM admin")
    assert hashlib.sha256((tmp_path / "a.db").read_bytes()).digest() == before


async def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="there is no database"):
        async with reading(tmp_path / "a.db"):
            pass
    assert os.listdir(tmp_path) == []


async def test_other_keys_and_missing_ones_are_refused(filled: SQLite, tmp_path: Path) -> None:
    KeyFile.beside(tmp_path / "a.db").path.write_text(new())
    with pytest.raises(Unusable, match="not those of this database"):
        async with reading(tmp_path / "a.db"):
            pass
    KeyFile.beside(tmp_path / "a.db").path.unlink()
    with pytest.raises(Unusable, match="is missing"):
        async with reading(tmp_path / "a.db"):
            pass


async def test_another_version_and_no_database_at_all_are_refused(filled: SQLite, tmp_path: Path) -> None:
    async with filled.transaction() as tx:
        await tx.run("PRAGMA user_version = 3")
    await filled.close()
    with pytest.raises(Unusable, match="has schema 3"):
        async with reading(tmp_path / "a.db"):
            pass
    (tmp_path / "a.db").write_bytes(b"no database" * 999)
    with pytest.raises(Unusable):
        async with reading(tmp_path / "a.db"):
            pass
