"""Fixtures for every level: an HTTP client, apps on free ports, the emulator, and a service that records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from starlette.types import ASGIApp

from bot.emulator.app import create_emulator
from bot.emulator.profile import Profile
from tests.emulation import Emulated, Service, StartEmulator, serving

__all__ = ["Emulated", "StartEmulator"]  # for annotations

Serve = Callable[[ASGIApp], Awaitable[str]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts an app on a free port, for as long as the test takes, and says its address."""
    async with AsyncExitStack() as running:

        async def start(app: ASGIApp) -> str:
            return await running.enter_async_context(serving(app))

        yield start


@pytest.fixture
def emulator(serve: Serve, http: aiohttp.ClientSession) -> StartEmulator:
    async def start(profile: Profile = Profile(), **options: Any) -> Emulated:  # noqa: B008 - a frozen value
        return Emulated(await serve(create_emulator(profile, **options)), http)

    return start


@pytest.fixture
async def service(serve: Serve) -> Service:
    """A service for the emulator to text with: it records each webhook, and answers what it is told to."""
    service = Service()
    service.url = await serve(service)
    return service


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have found out, and a person should see: their property `told`."""
    passed = terminalreporter.stats.get("passed", [])
    told = [said for report in passed for name, said in report.user_properties if name == "told"]
    for said in sorted(told):
        terminalreporter.write_line(str(said))
