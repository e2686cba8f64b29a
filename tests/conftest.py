"""Fixtures for every level: an HTTP client, apps on free ports, the emulator, and a service that records."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import mkdtemp
from typing import Any

import aiohttp
import pytest
from starlette.types import ASGIApp

import bot
import commands
import storage
from bot.emulator.app import create_emulator
from bot.emulator.profile import Profile
from storage.postgres import Postgres
from tests.emulation import Emulated, Service, StartEmulator, serving
from tests.postgres import ANYWHERE, KEYS, Databases, NoPostgres, Shared, server
from tests.sharing import dealt

__all__ = ["Emulated", "StartEmulator"]  # for annotations

Serve = Callable[[ASGIApp], Awaitable[str]]
POSTGRES = "folder of the postgres"
PLACE = pytest.StashKey[str]()


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


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Iterator[Databases]:
    """A PostgreSQL for the whole run, if there can be one; in CI there has to be."""
    shared = getattr(pytestconfig, "workerinput", {}).get(POSTGRES)
    with ExitStack() as running:
        try:
            if shared and ANYWHERE not in os.environ:
                own = Databases(Shared(Path(shared)).server(), Shared(Path(shared)).alone)
            else:
                own = Databases(running.enter_context(server()))
        except NoPostgres as error:
            if "CI" in os.environ or os.environ.get("REQUIRE_POSTGRES"):
                raise
            pytest.skip(f"WITHOUT POSTGRESQL: {error}")
        yield own
        with ThreadPoolExecutor() as aside:
            aside.submit(asyncio.run, own.drop_all()).result()


@pytest.fixture
async def postgres(databases: Databases) -> AsyncIterator[Postgres]:
    """A database of the test's own, migrated and empty."""
    url = await databases.make()
    engine = await Postgres.open(url, KEYS)
    yield engine
    await engine.close()
    await databases.give_back(url)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """What workers import, and do not measure: it would take half a minute of all of them together."""
    for package in (bot, commands, storage):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    cov = session.config.pluginmanager.getplugin("_cov")
    if not hasattr(session.config, "workerinput") or cov is None or cov.cov_controller is None:
        return (yield)
    cov.cov_controller.pause()
    collected = yield
    cov.cov_controller.resume()
    return collected


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers are told of one place for a PostgreSQL."""
    folder = node.config.stash.setdefault(PLACE, "") or mkdtemp(prefix="pg", dir="/tmp")
    node.config.stash[PLACE] = node.workerinput[POSTGRES] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    if folder := config.stash.get(PLACE, ""):
        Shared(Path(folder)).end()


def pytest_configure(config: pytest.Config) -> None:
    """In a worker pytest-cov measures before it knows that it is in one, and then anew; nobody reads the first.

    `no_cover` would end the second only, and the first go on at the same price.
    """
    cov = config.pluginmanager.getplugin("_cov")
    if hasattr(config, "workerinput") and cov is not None and cov.cov_controller is not None:
        cov.cov_controller.pause()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is allowed more time than the rest begins first, and one worker begins with what takes a browser."""
    long: list[pytest.Item] = []
    browser: list[pytest.Item] = []
    short: list[pytest.Item] = []
    for item in items:
        kind = long if item.get_closest_marker("timeout") else browser if item.get_closest_marker("browser") else short
        kind.append(item)
    items[:] = dealt(long, browser, short, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have found out, and a person should see: their property `told`."""
    passed = terminalreporter.stats.get("passed", [])
    told = [said for report in passed for name, said in report.user_properties if name == "told"]
    for said in sorted(told):
        terminalreporter.write_line(str(said))
