"""A real database for every test: the contract of storage, on each engine there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine import Engine, Transaction
from storage.sqlite import SQLite


@pytest.fixture(params=["sqlite"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    engine = await SQLite.open(tmp_path / "test.db")
    yield engine
    await engine.close()


@pytest.fixture
async def tx(engine: Engine) -> AsyncIterator[Transaction]:
    async with engine.transaction() as tx:
        yield tx
