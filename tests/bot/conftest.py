"""A world of its own for each test: two lines, an admin, and everybody's phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
