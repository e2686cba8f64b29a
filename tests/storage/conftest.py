"""A real database for every test: the contract of storage, on each engine there is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import chats, outbox
from storage.engine import Engine, Transaction
from storage.model import Claim, Seat
from storage.sqlite import SQLite
from tests.crowd import gather
from tests.migrated import migrated
from tests.people import ALICE, BOB, LINE, NOON, relay


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = await SQLite.open(migrated(tmp_path / "test.db"))
    yield engine
    await engine.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The contract: each test that asks for this, or for `tx`, runs on every engine there is."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture
async def sqlite_tx(sqlite: Engine) -> AsyncIterator[Transaction]:
    async with sqlite.transaction() as tx:
        yield tx


@pytest.fixture
async def tx(engine: Engine) -> AsyncIterator[Transaction]:
    async with engine.transaction() as tx:
        yield tx


@pytest.fixture
async def claim(tx: Transaction) -> Claim:
    """A relay of Alice's to Bob that is being sent, under the client-ref ref1."""
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=chat.id), "ref1")], NOON)
    [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=NOON)).texts
    return claim


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crowd") / "crowd.db"
    with ThreadPoolExecutor() as aside:  # this thread has, or will have, an event loop of its own
        aside.submit(asyncio.run, gather(path)).result()
    return path


@pytest.fixture
def crowded(tmp_path: Path, crowd: Path) -> Path:
    """A database in which two hundred people have texted each other for a day (tests/crowd.py)."""
    return Path(shutil.copy(crowd, tmp_path / "crowd.db"))
