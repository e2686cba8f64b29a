"""One browser for all tests of it: starting it takes longer than most of them. Each test has pages of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.types import ASGIApp

from bot.emulator.profile import Phone, Profile
from tests.browser.screen import ADMIN, ALICE, BOB, DESKTOP, LINES, OpenPage
from tests.conftest import Serve
from tests.emulation import Emulated, Service, StartEmulator, serving

FLAGS = [
    "--no-sandbox",  # as root there is none
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# The shell is the browser without its own windows: a page takes a third of the time in it.
CHROMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMES)), None)
    if path is None:
        must = os.environ.get("REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true"
        (pytest.fail if must else pytest.skip)(f"NO BROWSER, SO THE PAGE IS NOT TESTED: none of {', '.join(CHROMES)}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens a page; at the end nothing may have gone wrong on it, and nothing been fetched from elsewhere."""
    faults: list[str] = []
    fetched: list[tuple[str, str]] = []
    async with AsyncExitStack() as contexts:

        async def open_it(url: str, place: str = "", **options: Any) -> Page:
            context = await browser.new_context(**{"viewport": DESKTOP} | options)
            contexts.push_async_callback(context.close)
            page = await context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            page.on("request", lambda request: fetched.append((url, request.url)))
            await page.goto(f"{url}/{place}")
            await expect(page.locator(".phone").first).to_be_attached()
            return page

        yield open_it
    assert faults == []
    assert [address for url, address in fetched if not address.startswith(url)] == []


@pytest_asyncio.fixture(loop_scope="session")
async def emulated(emulator: StartEmulator, service: Service) -> Emulated:
    return await emulator(
        Profile(
            lines=LINES,
            phones=(
                Phone(ADMIN, "Admin", (f"PAIR {ALICE} {BOB}", "LIST")),
                Phone(ALICE, "Alice", ("Hi, it's Alice.",)),
                Phone(BOB, "<i>Bob</i>"),
            ),
            inbound_url=f"{service.url}/inbound",
            receipt_url=f"{service.url}/receipt",
        )
    )


# The fixtures of the other tests, in the browser's event loop: what belongs to one loop cannot be awaited in another.


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="session")
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as running:

        async def start(app: ASGIApp) -> str:
            return await running.enter_async_context(serving(app))

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def service(serve: Serve) -> Service:
    service = Service()
    service.url = await serve(service)
    return service
