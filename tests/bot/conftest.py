"""A world of its own for each test: two lines, an admin, and everybody's phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.owner import read
from tests.people import ADMIN, LINE
from tests.postgres import KEY, Databases
from tests.process import Service
from tests.world import World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path / "test.db") as here:
        yield here


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Service]:
    """The real process, which nobody texts and whose texts nobody takes."""
    service = Service(tmp_path)
    service.settings["VONAGE_REST_URL"] = "http://127.0.0.1:9"
    await service.start()
    yield service
    await service.end()


@pytest.fixture
async def sharing(tmp_path: Path, databases: Databases) -> AsyncIterator[Service]:
    """The same on PostgreSQL; it does not run yet."""
    service = Service(tmp_path)
    url = await databases.make()
    service.settings |= {"VONAGE_REST_URL": "http://127.0.0.1:9", "DATABASE_URL": url, "DATA_KEY": KEY}
    yield service
    if service.running is not None:
        await service.end()
    await databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> Databases | None:
    """None: a file does."""
    return None if request.param == "sqlite" else request.getfixturevalue("databases")


@pytest.fixture
async def either(server: Databases | None, tmp_path: Path) -> AsyncIterator[Settings]:
    """Of a database of the test's own, which nobody has started yet, on each engine."""
    ours = {"VONAGE_NUMBER": LINE.e164(), "ADMIN_NUMBERS": ADMIN.e164()}
    if server is None:
        yield read(DATABASE_URL=f"sqlite:///{tmp_path / 'sms.db'}", **ours)
        return
    url = await server.make()
    yield read(DATABASE_URL=url, DATA_KEY=KEY, **ours)
    await server.give_back(url)
