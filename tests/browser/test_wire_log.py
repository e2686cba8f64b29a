"""The wire log on the page: what was said between the service and Vonage, live, searchable, and ready for curl."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from asyncio.subprocess import PIPE

from playwright.async_api import Page, expect

from tests.browser.screen import (
    ADMIN,
    ALICE,
    BOB,
    IN_BROWSER,
    LINES,
    TOUCH,
    OpenPage,
    ask,
    change,
    deliver,
    entries,
    field,
    heard,
    panel,
    phone,
    tool,
)
from tests.emulation import Emulated, Service

pytestmark = IN_BROWSER


async def test_the_drawer_is_closed_at_first_and_a_click_opens_and_closes_it(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url)
    drawer = page.get_by_role("complementary", name="Behind the phones")
    await expect(drawer).to_be_hidden()
    await tool(page, "Wire log").click()
    await expect(panel(page, "wire")).to_be_visible()
    await expect(panel(page, "wire")).to_contain_text("Nothing yet.")
    await tool(page, "Wire log").click()
    await expect(drawer).to_be_hidden()


async def test_each_exchange_is_a_line_as_it_happens_the_newest_first(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    page = await open_page(emulated.url, "#/wire")
    await emulated.send(ALICE, LINES[0], "on my way")
    await expect(entries(page)).to_have_count(1)
    await deliver(emulated, BOB, "on my way")
    await expect(entries(page)).to_have_count(3)
    lines = [" ".join(line.split()) for line in await entries(page).locator("summary").all_inner_texts()]
    assert [re.sub(r" [\d:]{8}", "", line) for line in lines] == [
        "← receipt <i>Bob</i> 204 delivered",
        "→ text sent <i>Bob</i> 0 on my way",
        "← text Alice 204 on my way",
    ]


async def test_what_went_wrong_is_marked(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    service.answers.append(401)
    await change(emulated, "POST", "faults", kind="status-6", number=BOB)
    page = await open_page(emulated.url, "#/wire")
    await emulated.send(ALICE, LINES[0], "refused")
    await expect(entries(page)).to_have_count(1)
    await deliver(emulated, BOB, "refused too", expected="6")
    await expect(entries(page).locator(".outcome")).to_have_text(["status 6", "401"])
    await expect(entries(page).first.locator(".fault")).to_have_text("status-6")
    await expect(page.locator(".exchange[data-bad=true]")).to_have_count(2)


async def test_what_nobody_here_answers_is_a_line_too(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/wire")
    async with emulated.http.post(f"{emulated.url}/v1/messages", json={"to": ALICE}) as response:
        assert response.status == 404
    await expect(entries(page)).to_contain_text(["unknown request 404"])
    await expect(entries(page)).to_contain_text(["/v1/messages"])
    await expect(entries(page)).to_have_attribute("data-bad", "true")


async def test_what_a_fault_did_leaves_times_in_line(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/wire")
    await change(emulated, "POST", "faults", kind="webhook-bad-signature", number=BOB)
    await emulated.send(ALICE, LINES[0], "as it should be")
    await emulated.send(BOB, LINES[0], "with a long name beside it")
    await expect(entries(page)).to_have_count(2)
    places = await entries(page).locator("time").evaluate_all("all => all.map((it) => it.getBoundingClientRect().left)")
    assert places[0] == places[1]


async def test_opened_it_shows_parameters_headers_and_answer(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    await deliver(emulated, BOB, "<b>&amp;\nline two")
    page = await open_page(emulated.url, "#/wire")
    await entries(page).last.locator("summary").click()
    inside = entries(page).last.locator(".inside")
    await expect(inside.locator(".request")).to_have_text(f"POST {emulated.url}/sms/json")
    await expect(inside.get_by_role("row", name="text").get_by_role("cell")).to_have_text("<b>&amp;\nline two")
    await expect(inside.get_by_role("row", name="content-type")).to_contain_text("application/x-www-form-urlencoded")
    answer = json.loads(await inside.get_by_label("Answer").inner_text())
    assert answer["messages"][0]["status"] == "0"


async def test_copied_as_curl_it_does_the_same_again(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    await deliver(emulated, BOB, "it’s $5 & `more`")
    page = await open_page(emulated.url, "#/wire", permissions=["clipboard-read", "clipboard-write"])
    await entries(page).last.locator("summary").click()
    await entries(page).last.get_by_role("button", name="Copy as curl").click()
    await expect(page.locator("#notice")).to_have_text("The curl command copied")
    command = await page.evaluate("navigator.clipboard.readText()")
    assert shlex.split(command)[0] == "curl"
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", f"VONAGE_API_SECRET=s; {command}", stdout=PIPE, stderr=PIPE
    )
    said, _ = await shell.communicate()
    assert json.loads(said)["messages"][0]["status"] == "0"
    assert await emulated.received(BOB, 2) == ["it’s $5 & `more`"] * 2


async def test_without_a_clipboard_the_command_is_marked_to_be_copied_by_hand(
    emulated: Emulated, open_page: OpenPage
) -> None:
    await deliver(emulated, BOB, "hello")
    page = await open_page(emulated.url, "#/wire")
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as over plain http
    await entries(page).last.locator("summary").click()
    await entries(page).last.get_by_role("button", name="Copy as curl").click()
    assert (await page.evaluate("getSelection().toString()")).startswith("curl ")


async def test_a_link_opens_the_entry_it_was_copied_from(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    await deliver(emulated, BOB, "the first")
    await deliver(emulated, BOB, "the second")
    (first, *_) = [each["id"] for each in await emulated.wire() if each["parameters"].get("text") == "the first"]
    page = await open_page(emulated.url, f"#/wire/{first}")
    opened = page.locator(".exchange:has(details[open])")
    await expect(opened).to_have_count(1)
    await expect(opened).to_contain_text("the first")
    await expect(opened.locator("summary")).to_be_focused()
    await expect(opened.locator(".link-here")).to_have_attribute("href", f"#/wire/{first}")


async def test_an_opened_entry_is_in_the_address_so_that_a_reload_shows_it_again(
    emulated: Emulated, open_page: OpenPage
) -> None:
    await deliver(emulated, BOB, "hello")
    page = await open_page(emulated.url, "#/wire")
    await entries(page).last.locator("summary").click()
    await expect(page).to_have_url(re.compile(r"#/wire/\d+$"))
    await page.reload()
    await expect(entries(page).last.locator(".inside")).to_contain_text("hello")


async def test_a_link_to_what_is_gone_says_so(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/wire/4711")
    await expect(page.locator("#notice")).to_have_text("Entry 4711 is not kept any more")


async def found(page: Page, words: str) -> list[str]:
    await page.get_by_label("Search the wire log").fill(words)
    return await entries(page).locator(".says").all_inner_texts()


async def test_the_log_is_searched_as_one_types(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    await emulated.send(ALICE, LINES[0], "Where are you?")
    await heard(service)
    await deliver(emulated, BOB, "Where are you?")
    page = await open_page(emulated.url, "#/wire")
    await expect(entries(page)).to_have_count(3)
    assert await found(page, "WHERE you") == ["Where are you?"] * 2
    assert await found(page, BOB[1:]) == ["delivered", "Where are you?"]
    assert await found(page, f"where {ALICE[1:]}") == ["Where are you?"]
    assert await found(page, "delivery? never") == []
    await expect(panel(page, "wire").locator(".found")).to_have_text("0 of 3")
    await deliver(emulated, BOB, "delivery? Never!")
    await expect(entries(page)).to_have_count(1)


async def test_one_kind_of_entry_can_be_picked(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    await deliver(emulated, BOB, "taken")
    await change(emulated, "POST", "faults", kind="http-500")
    async with emulated.http.post(f"{emulated.url}/sms/json", data=dict(api_key="k", api_secret="s")):
        pass
    page = await open_page(emulated.url, "#/wire")
    await expect(entries(page)).to_have_count(3)
    for choice, count in (("receipts", 1), ("texts sent", 2), ("gone wrong", 1), ("all", 3)):
        await panel(page, "wire").get_by_label("Which entries").select_option(choice)
        await expect(entries(page)).to_have_count(count)


async def test_a_burst_is_shown_whole(emulated: Emulated, open_page: OpenPage) -> None:
    await change(emulated, "PATCH", "settings", rate=None)
    page = await open_page(emulated.url, "#/wire")
    await asyncio.gather(*(deliver(emulated, BOB, f"text {n}") for n in range(60)))
    await expect(entries(page)).to_have_count(120)
    assert len(await ask(emulated, "wire")) == 120


async def test_the_keyboard_is_enough(emulated: Emulated, open_page: OpenPage) -> None:
    for text in ("one", "two"):
        await deliver(emulated, BOB, text)
    page = await open_page(emulated.url)
    await tool(page, "Wire log").focus()
    await page.keyboard.press("Enter")
    await expect(panel(page, "wire")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search the wire log")).to_be_focused()
    await page.keyboard.type("two")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(entries(page).first.locator(".inside")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(panel(page, "wire")).to_be_hidden()
    await expect(tool(page, "Wire log")).to_be_focused()


async def test_up_and_down_go_from_line_to_line(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/wire")
    for count in (2, 4):
        await deliver(emulated, ADMIN, "hello")
        await expect(entries(page)).to_have_count(count)  # a receipt between two texts
    await panel(page, "wire").get_by_label("Which entries").select_option("texts sent")
    await entries(page).first.locator("summary").focus()
    await page.keyboard.press("ArrowDown")
    await expect(entries(page).nth(1).locator("summary")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(entries(page).first.locator("summary")).to_be_focused()


async def test_on_a_phones_screen_it_covers_all_and_back_closes_it(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, **TOUCH)
    await tool(page, "Wire log").click()
    await expect(panel(page, "wire")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == TOUCH["viewport"]["width"]
    assert await page.locator("#stage").evaluate("it => it.inert")
    await page.get_by_role("navigation", name="Panels").get_by_role("link", name="Faults").click()
    await expect(panel(page, "faults")).to_be_visible()
    await page.go_back()
    await expect(panel(page, "wire")).to_be_visible()
    await page.get_by_role("link", name="Close").click()
    await expect(phone(page, "Admin")).to_be_in_viewport(ratio=0.99)
    await expect(field(page, "Admin")).to_be_editable()
