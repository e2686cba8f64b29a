"""The phones page in a real browser: the demo's whole conversation, and what the page promises to whoever uses it."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.screen import (
    ADMIN,
    ALICE,
    BOB,
    DESKTOP,
    FAINT,
    IN_BROWSER,
    LINES,
    PHONE,
    TOUCH,
    UNREACHABLE,
    OpenPage,
    change,
    deliver,
    entries,
    field,
    heard,
    panel,
    phone,
    says,
)
from tests.emulation import Emulated, Service

pytestmark = IN_BROWSER


@pytest_asyncio.fixture(loop_scope="session")
async def demo_url() -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ("-m", "bot", "demo", "--port", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)
    assert process.stdout
    await asyncio.wait_for(process.stdout.readuntil(b"nothing is kept.\n"), 30)
    yield f"http://127.0.0.1:{port + 1}"
    with suppress(ProcessLookupError):
        process.terminate()
    await process.communicate()


async def test_an_admin_pairs_two_people_they_text_and_the_admin_ends_it(demo_url: str, open_page: OpenPage) -> None:
    page = await open_page(demo_url)
    await page.keyboard.press("Enter")  # nothing but Enter: the first screen is ready for it
    await says(page, "Admin", "Chat 1")
    await says(page, "Alice", "you are connected")
    await says(page, "Bob", "you are connected")
    await phone(page, "Alice").locator(".suggestion").click()
    await says(page, "Bob", "Hi, it's Alice. Are you on your way?")
    await field(page, "Bob").press_sequentially("Two minutes – I’m nearly there 🚲")
    await page.keyboard.press("Enter")
    await says(page, "Alice", "Two minutes – I’m nearly there 🚲")
    await field(page, "Admin").fill("end 1")
    await page.keyboard.press("Enter")
    await says(page, "Alice", "this chat has ended")
    await says(page, "Bob", "this chat has ended")
    shown = (
        await phone(page, "Alice").locator(".texts").inner_text()
        + await phone(page, "Bob").locator(".texts").inner_text()
    )
    assert not re.search("90010[012]", shown)


async def test_the_first_screen_asks_for_one_thing(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    await expect(page.locator(".suggestion:visible")).to_have_count(1)
    await expect(field(page, "Admin")).to_be_focused()
    await expect(page.get_by_text("No text leaves this machine.")).to_be_visible()
    await page.keyboard.press("Enter")
    assert (await heard(service))[0]["text"] == f"PAIR {ALICE} {BOB}"
    await expect(phone(page, "Admin").locator(".suggestion")).to_contain_text("LIST")


async def test_a_person_is_given_something_to_answer_once_there_is_something(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url)
    await expect(phone(page, "Alice").locator(".suggestion")).to_be_hidden()
    await deliver(emulated, ALICE, "you are connected")
    await expect(phone(page, "Alice").locator(".suggestion")).to_contain_text("Hi, it's Alice.")


async def test_what_people_write_is_text_and_nothing_else(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url)
    text = "<img src=x onerror=alert(1)>\n  &amp; two lines"
    await deliver(emulated, BOB, text)
    await says(page, "<i>Bob</i>", text)
    await expect(phone(page, "<i>Bob</i>").locator(".words")).to_have_text(text, use_inner_text=True)


async def test_a_page_opened_later_shows_what_was_said_before(emulated: Emulated, open_page: OpenPage) -> None:
    for n in range(30):
        await deliver(emulated, ALICE, f"text {n}")
    page = await open_page(emulated.url)
    await says(page, "Alice", "text 28", "text 29")
    await expect(phone(page, "Alice").locator(".words").last).to_be_in_viewport()


async def test_ticks_and_reasons_tell_what_became_of_a_text(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    service.answers.extend([204, 401])
    page = await open_page(emulated.url)
    for text in ("taken", "refused"):
        await field(page, "Alice").fill(text)
        await page.keyboard.press("Enter")
        await heard(service)
    ticks = phone(page, "Alice").locator(".tick")
    await expect(ticks.nth(0)).to_have_attribute("aria-label", "the service has it")
    await expect(ticks.nth(1)).to_have_attribute("aria-label", "not delivered")
    await expect(phone(page, "Alice").locator(".note").nth(1)).to_have_text("the service answered 401")


async def test_shift_and_enter_is_a_new_line(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    await field(page, "Alice").press_sequentially("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    assert (await heard(service))[0]["text"] == "one\ntwo"


async def test_each_virtual_number_has_a_thread_of_its_own(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    page = await open_page(emulated.url)
    await field(page, "Alice").fill("draft")
    await deliver(emulated, ALICE, "from the first")
    await deliver(emulated, ALICE, "from the second", LINES[1])
    await says(page, "Alice", "from the first")
    await phone(page, "Alice").get_by_role("button", name="+44 7700 900009").click()
    await says(page, "Alice", "from the second")
    await page.keyboard.press("Enter")
    assert (await heard(service))[0]["to"] == LINES[1][1:]


async def test_one_click_adds_a_phone_that_can_text(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    await page.get_by_role("button", name="Add a phone").click()
    await expect(field(page, "Carol")).to_be_focused()
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    assert (await heard(service))[0]["msisdn"] == "447700900101"


async def test_a_lost_emulator_is_not_hidden(emulated: Emulated, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(emulated.url)
    await expect(page.locator("#link")).to_have_text("live")
    await page.route("**/*", lambda route: route.abort())
    await field(page, "Alice").fill("hello?")
    await page.keyboard.press("Enter")
    await expect(phone(page, "Alice").locator(".trouble")).to_have_text("Not sent: the emulator does not answer")
    await expect(field(page, "Alice")).to_have_value("hello?")


async def test_on_a_phones_screen_one_phone_fills_it_and_badges_tell_of_the_others(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url, **TOUCH)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await expect(phone(page, "Admin")).to_be_in_viewport(ratio=0.99)
    await deliver(emulated, ALICE, "news")
    tab = page.get_by_role("navigation", name="Phones", exact=True).get_by_role("button", name="Alice")
    await expect(tab.locator(".badge")).to_have_text("1")
    await tab.click()
    await expect(phone(page, "Alice")).to_be_in_viewport(ratio=0.99)
    await expect(tab.locator(".badge")).to_have_count(0)
    await expect(tab).to_have_attribute("aria-current", "true")


PANELS = ("wire", "faults", "settings")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_all_that_is_written_can_be_read(
    emulated: Emulated, open_page: OpenPage, service: Service, scheme: str, viewport: dict[str, int]
) -> None:
    service.answers.extend([204, 401])
    page = await open_page(emulated.url, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    for text in ("taken", "refused ’"):
        await emulated.send(ADMIN, LINES[0], text)
    await deliver(emulated, ADMIN, "hello", LINES[1])
    await change(emulated, "POST", "faults", kind="status-6", probability=0.5)
    await field(page, "Admin").fill("dear ’")
    await expect(phone(page, "Admin").locator(".note").last).to_contain_text("401")
    assert await page.evaluate(FAINT) == []
    for place in PANELS:
        await page.evaluate("place => (location.hash = `#/${place}`)", place)
        await expect(panel(page, place)).to_be_visible()
        if place == "wire":
            await entries(page).first.locator("summary").click()
        assert await page.evaluate(FAINT) == [], place


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_each_control_has_a_name_and_can_be_reached_by_tab(
    emulated: Emulated, open_page: OpenPage, viewport: dict[str, int]
) -> None:
    await deliver(emulated, ADMIN, "hello")
    await change(emulated, "POST", "faults", kind="status-6")
    page = await open_page(emulated.url, viewport=viewport)
    assert await page.evaluate(UNREACHABLE) == []
    for place in PANELS:
        await page.evaluate("place => (location.hash = `#/${place}`)", place)
        await expect(panel(page, place)).to_be_visible()
        assert await page.evaluate(UNREACHABLE) == [], place


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_sticks_out_to_the_side(
    emulated: Emulated, open_page: OpenPage, viewport: dict[str, int]
) -> None:
    await deliver(emulated, ADMIN, "x" * 200)
    for kind in ("status-6", "webhook-no-concat", "receipt-buffered-first"):
        await change(emulated, "POST", "faults", kind=kind, number=ALICE, times=3, probability=0.5)
    page = await open_page(emulated.url, viewport=viewport)
    for place in PANELS:
        await page.evaluate("place => (location.hash = `#/${place}`)", place)
        await expect(panel(page, place)).to_be_visible()
        if place == "wire":
            for entry in await entries(page).all():
                await entry.locator("summary").click()
        width, room = await panel(page, place).evaluate("it => [it.scrollWidth, it.clientWidth]")
        assert width <= room, place
        assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


async def test_with_the_drawer_open_all_three_phones_are_still_in_sight(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url, "#/wire")
    await expect(panel(page, "wire")).to_be_visible()
    for each in await page.locator(".phone").all():
        await expect(each).to_be_in_viewport(ratio=0.95)


@asynccontextmanager
async def lines_to(url: str) -> AsyncIterator[tuple[str, set[asyncio.StreamWriter]]]:
    """An address that leads there, and the connections through it, to be cut."""
    open_lines: set[asyncio.StreamWriter] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = url.removeprefix("http://").split(":")
        there, back = await asyncio.open_connection(host, int(port))
        open_lines.update((writer, back))
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", open_lines
        for line in open_lines:
            line.close()


async def test_a_lost_line_is_found_again_and_loses_neither_draft_nor_thread(
    emulated: Emulated, browser: Browser
) -> None:
    await deliver(emulated, ALICE, "from the second", LINES[1])
    await deliver(emulated, ALICE, "from the first")
    async with lines_to(emulated.url) as (url, open_lines):
        page = await browser.new_page()
        await page.goto(f"{url}/#/phone/{ALICE}/{LINES[1]}")
        await field(page, "Alice").fill("half a")
        for line in open_lines:
            line.transport.abort()
        await expect(page.locator("#link")).to_have_attribute("data-state", "lost")
        await deliver(emulated, ALICE, "said meanwhile")
        await expect(page.locator("#link")).to_have_text("live")
        await expect(phone(page, "Alice").locator(".words")).to_have_text(["from the second"])
        await expect(field(page, "Alice")).to_have_value("half a")
        await page.close()
