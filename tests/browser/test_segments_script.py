"""What a text costs, as the page reckons it while somebody writes: the same as the service, and with the reason."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.emulator.account import PRICE
from commands.gsm import BASIC, EXTENDED, is_gsm, segments
from tests.browser.screen import ALICE, IN_BROWSER, OpenPage, field, heard, phone
from tests.emulation import Emulated, Service

pytestmark = IN_BROWSER

LENGTHS = ["a", "x" * 160, "x" * 161, "x" * 306, "x" * 307, "€" * 80, "x" * 152 + "€" * 5, "ç", "’" * 70, "😀" * 36]
# What people's telephones put into a text, most of it unasked.
TYPED = ("‘", "’", "“", "–", "—", "…", "\u00a0", "\t", "`", "ç", "🚲", "👩‍👩‍👧", "🇬🇧", "é\u0301", "\u200b", "文")
COUNT = """async ([everything, texts]) => {
  const { counter } = await import("./static/segments.js");
  const count = counter(everything);
  return texts.map((text) => count(text));
}"""
EVERYTHING = {
    "alphabet": {"basic": "".join(sorted(BASIC)), "extended": "".join(sorted(EXTENDED))},
    "room": {"gsm": (160, 153), "ucs2": (70, 67)},
    "price": str(PRICE),
}


@pytest_asyncio.fixture(loop_scope="session")
async def page(emulated: Emulated, open_page: OpenPage) -> AsyncIterator[Page]:
    yield await open_page(emulated.url)


def made_up_texts(seed: int) -> list[str]:
    chance = random.Random(seed)
    plain, dear = [*sorted(BASIC), *"abc     "], [*sorted(EXTENDED), *TYPED]
    shares = [chance.choice((0, 0, 0.01, 0.1, 0.5)) for _ in range(400)]
    return [
        "".join(chance.choice(dear if chance.random() < share else plain) for _ in range(chance.randrange(400)))
        for share in shares
    ]


async def counted(page: Page, texts: list[str]) -> list[dict[str, Any]]:
    return list(await page.evaluate(COUNT, [EVERYTHING, texts]))


async def test_any_text_is_counted_as_the_service_counts_it(page: Page) -> None:
    texts = LENGTHS + made_up_texts(seed=1)
    theirs = [(each["encoding"], each["units"], each["count"]) for each in await counted(page, texts)]
    ours = [(size.encoding.value, size.units, size.count) for size in map(segments, texts)]
    assert theirs == ours


async def test_whatever_is_not_in_the_alphabet_is_named_and_nothing_else(page: Page) -> None:
    texts = made_up_texts(seed=2)
    for text, size in zip(texts, await counted(page, texts), strict=True):
        assert all(each in text and not is_gsm(each) for each in size["foreign"])
        assert {each for each in text if not is_gsm(each)} <= set("".join(size["foreign"]))


async def test_what_it_would_cost_without_is_what_the_service_would_count(page: Page) -> None:
    texts = made_up_texts(seed=3)
    for text, size in zip(texts, await counted(page, texts), strict=True):
        without = "".join(filter(is_gsm, size["plainer"]))
        assert size["without"]["count"] == segments(without).count, text


async def test_written_plain_only_what_looks_the_same_is_changed(page: Page) -> None:
    (size,) = await counted(page, ["“I’ll be … – Zoë’s\u00a0café, ça va 🚲”"])
    assert size["plainer"] == "\"I'll be ... - Zoë's café, ça va 🚲\""


@pytest.mark.parametrize("text", LENGTHS)
async def test_the_length_is_shown_while_one_writes(page: Page, text: str) -> None:
    size = segments(text)
    count = "1 text" if size.count == 1 else f"{size.count} texts"
    await field(page, "Alice").fill(text)
    said = await phone(page, "Alice").locator(".size").inner_text()
    assert (said.partition("/")[0], said.partition(" · ")[2]) == (str(size.units), f"{count} · {size.encoding}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("it's", ""),
        ("€" * 81, ""),
        ("it’s", "curly apostrophe ’ leaves room for 70 instead of 160"),
        ("it’s 😀", "curly apostrophe ’ and 😀 leave room for 70 instead of 160"),
        ("it’s " + "x" * 80, "curly apostrophe ’ makes this 2 texts instead of 1: €0.0824, not €0.0412"),
        ("👩‍👩‍👧" + "x" * 70, "👩‍👩‍👧 makes this 2 texts instead of 1: €0.0824, not €0.0412"),
        ("one\u00a0word", "no-break space leaves room for 70 instead of 160"),
        ("a\u2060b", "U+2060 leaves room for 70 instead of 160"),
        ("“😀” – ç文", "curly quote “, 😀, curly quote ” and 3 more leave room for 70 instead of 160"),
    ],
)
async def test_it_says_which_characters_make_a_text_dearer(page: Page, text: str, why: str) -> None:
    await field(page, "Alice").fill(text)
    await expect(phone(page, "Alice").locator(".why")).to_have_text(why)
    await expect(phone(page, "Alice").locator(".dear")).to_be_visible(visible=bool(why))


async def test_one_click_writes_it_plain(page: Page, service: Service) -> None:
    await field(page, "Alice").fill("it’s " + "x" * 80)
    await phone(page, "Alice").get_by_role("button", name="Write it plain").click()
    await expect(phone(page, "Alice").locator(".size")).to_have_text("85/160 · 1 text · GSM-7")
    await page.keyboard.press("Enter")
    assert (await heard(service))[0]["text"] == "it's " + "x" * 80


async def test_an_emoji_cannot_be_written_plain(page: Page) -> None:
    await field(page, "Alice").fill("😀")
    await expect(phone(page, "Alice").get_by_role("button", name="Write it plain")).to_be_hidden()


async def test_what_arrived_is_billed_as_the_page_said(page: Page, emulated: Emulated) -> None:
    text = "it’s " + "x" * 80
    await field(page, "Alice").fill(text)
    await page.keyboard.press("Enter")
    await expect(phone(page, "Alice").locator(".parts")).to_have_text("2 parts")
    (kept,) = await emulated.messages(ALICE)
    assert kept["segments"] == 2
