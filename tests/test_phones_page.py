"""The phones page in a real browser: the demo's whole conversation, and what the page promises to whoever uses it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.emulator.profile import Phone, Profile
from commands.gsm import segments
from tests.emulation import Emulated, Service, StartEmulator

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",  # as root there is none
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMES = ("chromium", "chromium-browser", "google-chrome")
LINES = ("+447700900000", "+447700900009")
ADMIN, ALICE, BOB = "+447700900100", "+447700900001", "+447700900002"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}


class OpenPage(Protocol):
    async def __call__(self, url: str, **context: Any) -> Page: ...


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMES)), None)
    if path is None:
        must = os.environ.get("REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true"
        (pytest.fail if must else pytest.skip)(f"NO BROWSER, SO THE PAGE IS NOT TESTED: none of {', '.join(CHROMES)}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens a page; at the end nothing may have gone wrong on it, and nothing been fetched from elsewhere."""
    faults: list[str] = []
    fetched: list[tuple[str, str]] = []

    async def open_it(url: str, **context: Any) -> Page:
        page = await (await browser.new_context(**{"viewport": DESKTOP} | context)).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: fetched.append((url, request.url)))
        await page.goto(url)
        await expect(page.locator(".phone").first).to_be_visible()
        return page

    yield open_it
    assert faults == []
    assert [address for url, address in fetched if not address.startswith(url)] == []


@pytest.fixture
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
        )
    )


async def deliver(emulated: Emulated, to: str, text: str, line: str = LINES[0]) -> None:
    told = {"api_key": "k", "api_secret": "s", "from": line[1:], "to": to[1:], "text": text, "type": "unicode"}
    async with emulated.http.post(f"{emulated.url}/sms/json", data=told) as response:
        assert (await response.json())["messages"][0]["status"] == "0"


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def field(page: Page, name: str) -> Locator:
    return page.get_by_label(f"Text from {name}", exact=True)


async def says(page: Page, name: str, *texts: str) -> None:
    """These are the last texts on that phone."""
    for place, text in enumerate(reversed(texts), start=1):
        await expect(phone(page, name).locator(".words").nth(-place)).to_contain_text(text)


@pytest.fixture
async def demo_url() -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ("-m", "bot", "demo", "--port", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)
    assert process.stdout
    await asyncio.wait_for(process.stdout.readuntil(b"nothing is kept.\n"), 30)
    yield f"http://127.0.0.1:{port + 1}/"
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
    assert (await service.hears(1))[0].parameters["text"] == f"PAIR {ALICE} {BOB}"
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
        await service.hears(1)
    ticks = phone(page, "Alice").locator(".tick")
    await expect(ticks.nth(0)).to_have_attribute("aria-label", "the service has it")
    await expect(ticks.nth(1)).to_have_attribute("aria-label", "not delivered")
    await expect(phone(page, "Alice").locator(".note").nth(1)).to_have_text("the service answered 401")


LENGTHS = ["a", "x" * 160, "x" * 161, "x" * 306, "x" * 307, "€" * 80, "x" * 152 + "€" * 5, "ç", "’" * 70, "😀" * 36]


async def test_the_page_counts_segments_as_the_service_does(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url)
    for text in LENGTHS:
        size = segments(text)
        count = "1 text" if size.count == 1 else f"{size.count} texts"
        await field(page, "Alice").fill(text)
        said = phone(page, "Alice").locator(".size")
        await expect(said).to_contain_text(re.compile(rf"^{size.units}/\d+ · {count} · {size.encoding}"))


async def test_it_says_which_characters_make_a_text_dearer(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url)
    await field(page, "Alice").fill("it’s 😀")
    await expect(phone(page, "Alice").locator(".size")).to_contain_text("’ 😀 leaves room for 70 instead of 160")


async def test_shift_and_enter_is_a_new_line(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    await field(page, "Alice").press_sequentially("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    assert (await service.hears(1))[0].parameters["text"] == "one\ntwo"


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
    assert (await service.hears(1))[0].parameters["to"] == LINES[1][1:]


async def test_one_click_adds_a_phone_that_can_text(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    await page.get_by_role("button", name="Add a phone").click()
    await expect(field(page, "Carol")).to_be_focused()
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    assert (await service.hears(1))[0].parameters["msisdn"] == "447700900101"


async def test_a_lost_emulator_is_not_hidden(emulated: Emulated, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(emulated.url)
    await expect(page.get_by_role("status")).to_have_text("live")
    await page.route("**/*", lambda route: route.abort())
    await field(page, "Alice").fill("hello?")
    await page.keyboard.press("Enter")
    await expect(phone(page, "Alice").locator(".size")).to_have_text("Not sent: the emulator does not answer")
    await expect(field(page, "Alice")).to_have_value("hello?")


async def test_on_a_phones_screen_one_phone_fills_it_and_badges_tell_of_the_others(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url, viewport=PHONE, has_touch=True, is_mobile=True)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await expect(phone(page, "Admin")).to_be_in_viewport(ratio=0.99)
    await deliver(emulated, ALICE, "news")
    tab = page.get_by_role("navigation").get_by_role("button", name="Alice")
    await expect(tab.locator(".badge")).to_have_text("1")
    await tab.click()
    await expect(phone(page, "Alice")).to_be_in_viewport(ratio=0.99)
    await expect(tab.locator(".badge")).to_have_count(0)
    await expect(tab).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_all_that_is_written_can_be_read(
    emulated: Emulated, open_page: OpenPage, service: Service, scheme: str, viewport: dict[str, int]
) -> None:
    service.answers.extend([204, 401])
    page = await open_page(emulated.url, color_scheme=scheme, viewport=viewport)
    for text in ("taken", "refused ’"):
        await emulated.send(ADMIN, LINES[0], text)
    await deliver(emulated, ADMIN, "hello", LINES[1])
    await field(page, "Admin").fill("dear ’")
    await expect(phone(page, "Admin").locator(".note").last).to_contain_text("401")
    await page.wait_for_timeout(300)  # texts fade in
    assert await page.evaluate(FAINT) == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_each_control_has_a_name_and_can_be_reached_by_tab(
    emulated: Emulated, open_page: OpenPage, viewport: dict[str, int]
) -> None:
    page = await open_page(emulated.url, viewport=viewport)
    controls = page.locator("button:visible:enabled, textarea:visible, select:visible, input:visible, ol:visible")
    for control in await controls.all():
        assert await control.evaluate("it => (it.ariaLabel || it.textContent || '').trim()")
        assert await control.evaluate("it => it.tabIndex") == 0


# Texts whose contrast with what is behind them is under 4.5, the WCAG's AA. Colours are read off a canvas,
# because computed ones come in many notations.
FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (colour, below) => {
    canvas.fillStyle = `rgb(${below})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const behind = (element) => {
    if (!element) return over("Canvas", [255, 255, 255]);
    return over(getComputedStyle(element).backgroundColor, behind(element.parentElement));
  };
  const light = (rgb) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const written = [...document.body.querySelectorAll("*")].filter((it) => it.checkVisibility() && hasWords(it));
  return written.flatMap((element) => {
    const ground = behind(element);
    const ink = over(getComputedStyle(element).color, ground);
    const [darker, lighter] = [light(ground), light(ink)].sort((a, b) => a - b);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    return contrast < 4.5 ? [`${element.className || element.localName}: ${contrast.toFixed(2)}`] : [];
  });
}"""
