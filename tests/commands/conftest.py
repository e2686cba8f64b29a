"""A room with a real database in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sqlite import SQLite
from tests.commands.room import Room
from tests.migrated import migrated


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    engine = await SQLite.open(migrated(tmp_path / "test.db"))
    yield Room(engine)
    await engine.close()
