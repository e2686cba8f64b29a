"""Faults, magic numbers, settings and starting over on the page: what is set there counts, and what counts is shown."""

from __future__ import annotations

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.screen import (
    ADMIN,
    ALICE,
    BOB,
    IN_BROWSER,
    LINES,
    OpenPage,
    ask,
    change,
    deliver,
    field,
    heard,
    panel,
    phone,
    tool,
)
from tests.emulation import Emulated, Service

pytestmark = IN_BROWSER


def fault(page: Page, kind: str) -> Locator:
    row = panel(page, "faults").locator(".fault-row", has=page.locator(f"code:text-is('{kind}')"))
    return row.get_by_role("switch")


def strip(page: Page) -> Locator:
    return page.get_by_role("region", name="Faults that are on")


async def active(emulated: Emulated) -> list[tuple[str, str | None, float, int | None]]:
    told = (await ask(emulated, "faults"))["active"]
    return [(rule["kind"], rule["number"], rule["probability"], rule["times"]) for rule in told]


async def test_every_fault_has_a_switch(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/faults")
    kinds = [kind["kind"] for kind in (await ask(emulated, "faults"))["kinds"]]
    await expect(panel(page, "faults").locator(".fault-row .kind")).to_have_text(kinds)


async def test_a_switch_turns_a_fault_on_and_off(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/faults")
    await fault(page, "status-6").check()
    await expect(strip(page)).to_contain_text("status-6 · everybody")
    assert await active(emulated) == [("status-6", None, 1.0, None)]
    await deliver(emulated, BOB, "refused", expected="6")
    await fault(page, "status-6").uncheck()
    await expect(strip(page)).to_be_hidden()
    await deliver(emulated, BOB, "taken")


async def test_it_is_for_one_number_so_often_and_by_chance_as_chosen(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/faults")
    await panel(page, "faults").get_by_role("combobox", name="For").select_option("Alice")
    await panel(page, "faults").get_by_label("Chance").fill("25")
    await panel(page, "faults").get_by_role("spinbutton", name="Times").fill("3")
    await fault(page, "receipt-lost").check()
    await expect(strip(page)).to_contain_text("receipt-lost · Alice · 25 %, 3 times")
    assert await active(emulated) == [("receipt-lost", ALICE, 0.25, 3)]


async def test_the_switches_are_those_of_whom_one_chose(emulated: Emulated, open_page: OpenPage) -> None:
    await change(emulated, "POST", "faults", kind="hang", number=ALICE)
    page = await open_page(emulated.url, "#/faults")
    await expect(fault(page, "hang")).not_to_be_checked()
    await panel(page, "faults").get_by_role("combobox", name="For").select_option("Alice")
    await expect(fault(page, "hang")).to_be_checked()


async def test_faults_that_are_on_are_in_sight_and_one_click_ends_them(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url)
    await expect(strip(page)).to_be_hidden()
    await change(emulated, "POST", "faults", kind="status-6")
    await change(emulated, "POST", "faults", kind="webhook-duplicate", number=ALICE)
    await expect(strip(page).locator(".rules button")).to_have_count(2)
    await strip(page).get_by_role("button", name="Turn off webhook-duplicate · Alice").click()
    await expect(strip(page).locator(".rules button")).to_have_count(1)
    await strip(page).get_by_role("button", name="Turn all off").click()
    await expect(strip(page)).to_be_hidden()
    assert await active(emulated) == []


async def test_a_fault_that_has_struck_often_enough_goes(emulated: Emulated, open_page: OpenPage) -> None:
    await change(emulated, "POST", "faults", kind="status-6", times=2)
    page = await open_page(emulated.url)
    await expect(strip(page)).to_contain_text("2 times")
    await deliver(emulated, BOB, "refused", expected="6")
    await expect(strip(page)).to_contain_text("once")
    await deliver(emulated, BOB, "refused", expected="6")
    await expect(strip(page)).to_be_hidden()


async def test_what_cannot_be_is_refused_in_words(emulated: Emulated, browser: Browser) -> None:
    page = await browser.new_page()  # the browser notes a refusal as an error
    await page.goto(f"{emulated.url}/#/faults")
    await panel(page, "faults").get_by_label("Chance").fill("250")
    await fault(page, "status-6").click()
    await expect(page.locator("#notice")).to_have_text("`probability` is a number between 0 and 1")
    await expect(fault(page, "status-6")).not_to_be_checked()
    await page.close()


async def test_the_seed_is_set(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/faults")
    seed = panel(page, "faults").get_by_label("Seed")
    await expect(seed).to_have_value("1")
    await seed.fill("7")
    await seed.press("Enter")
    await fault(page, "hang").check()  # answered after the seed
    await expect(strip(page)).to_be_visible()
    assert (await ask(emulated, "faults"))["seed"] == 7


async def test_the_faults_are_searched_as_one_types(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/faults")
    await page.get_by_label("Search the faults").fill("opted out err-code")
    await expect(panel(page, "faults").locator(".fault-row:visible .kind")).to_have_text(["receipt-opted-out"])
    await expect(panel(page, "faults").locator(".magic .row:visible")).to_have_count(1)
    await expect(panel(page, "faults").locator("legend:visible")).to_have_text(["Receipts"])
    await expect(panel(page, "faults").locator(".magic .about:visible")).to_have_text(["Receipts"])
    await page.get_by_label("Search the faults").fill("no such fault")
    await expect(panel(page, "faults").get_by_role("status")).to_have_text("No fault is called that.")
    await expect(panel(page, "faults").get_by_role("heading", name="Magic numbers")).to_be_hidden()


async def test_each_magic_number_is_in_the_table_and_a_click_gives_it_a_phone(
    emulated: Emulated, open_page: OpenPage
) -> None:
    page = await open_page(emulated.url, "#/faults")
    magic = await ask(emulated, "magic")
    rows = panel(page, "faults").locator(".magic .row")
    assert await rows.locator(".kind").all_inner_texts() == [each["kind"] for each in magic]
    barred = next(each for each in magic if each["kind"] == "status-6")
    await rows.get_by_role("button", name=barred["number"][-6:]).click()
    await expect(field(page, "+44 7700 900960")).to_be_focused()
    await deliver(emulated, barred["number"], "never arrives", expected="6")


async def test_a_setting_counts_at_once(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url, "#/settings")
    await panel(page, "settings").get_by_label("Sent as").select_option("POST-JSON")
    await panel(page, "settings").get_by_label("Requests a second").fill("5")
    await panel(page, "settings").get_by_label("Opt-Out Assist").check()
    await expect(panel(page, "settings").get_by_label("Opt-Out Assist")).to_be_checked()
    told = await ask(emulated, "settings")
    assert (told["webhooks"], told["rate"], told["opt_out_assist"]) == ("POST-JSON", 5, True)
    await emulated.send(ALICE, LINES[0], "hi")
    await heard(service)
    assert service.got[0].content_type.startswith("application/json")


async def test_test_numbers_are_a_list(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/settings")
    numbers = panel(page, "settings").get_by_label("Test numbers", exact=True)
    await numbers.fill(f"{ALICE[1:]}, {BOB}")
    async with page.expect_response("**/settings"):
        await numbers.press("Tab")
    await expect(numbers).to_have_value(f"{ALICE}, {BOB}")
    assert (await ask(emulated, "settings"))["test_numbers"] == [ALICE, BOB]


async def test_an_empty_field_is_no_limit(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/settings")
    rate = panel(page, "settings").get_by_label("Requests a second")
    await expect(rate).to_have_value("30")
    async with page.expect_response("**/settings"):
        await rate.fill("")
        await rate.press("Tab")
    assert (await ask(emulated, "settings"))["rate"] is None


async def test_webhooks_are_signed_once_there_is_a_secret(
    emulated: Emulated, open_page: OpenPage, service: Service
) -> None:
    page = await open_page(emulated.url, "#/settings")
    await panel(page, "settings").get_by_label("Method").select_option("sha256")
    await panel(page, "settings").get_by_label("Secret").fill("a made-up secret")
    await panel(page, "settings").get_by_label("Secret").press("Enter")
    await expect(panel(page, "settings").get_by_role("switch", name="Signed")).to_be_checked()
    await expect(panel(page, "settings").get_by_label("Secret")).to_have_value("")
    await emulated.send(ALICE, LINES[0], "hi")
    assert len((await heard(service))[0]["sig"]) == 64


async def test_settings_changed_elsewhere_are_shown(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/settings")
    await change(emulated, "PATCH", "settings", trial=True, retries="A")
    await expect(panel(page, "settings").get_by_role("switch", name="Trial")).to_be_checked()
    await expect(panel(page, "settings").get_by_label("When not taken")).to_have_value("A")


async def test_starting_over_leaves_nothing_but_the_first_screen(emulated: Emulated, open_page: OpenPage) -> None:
    await deliver(emulated, BOB, "hello")
    await deliver(emulated, "+447700900777", "its phone appears")
    await change(emulated, "POST", "faults", kind="status-6")
    page = await open_page(emulated.url, "#/settings")
    await field(page, "Admin").fill("half a")
    await panel(page, "settings").get_by_role("button", name="Start over").click()
    await page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    await expect(page.locator("#notice")).to_have_text("Everything is as it was at the start")
    await expect(page.locator(".phone")).to_have_count(3)
    await expect(page.locator(".text")).to_have_count(0)
    await expect(field(page, "Admin")).to_have_value("")
    await expect(strip(page)).to_be_hidden()
    await tool(page, "Wire log").click()
    await expect(panel(page, "wire")).to_contain_text("Nothing yet.")


async def test_one_may_think_better_of_it(emulated: Emulated, open_page: OpenPage) -> None:
    await deliver(emulated, BOB, "hello")
    page = await open_page(emulated.url, "#/settings")
    for leave in ("Escape", "Enter"):  # Enter presses the first button, which keeps it all
        await panel(page, "settings").get_by_role("button", name="Start over").click()
        await page.keyboard.press(leave)
        await expect(page.get_by_role("dialog")).to_be_hidden()
    assert await emulated.received(BOB) == ["hello"]


async def test_ticks_tell_what_the_service_was_told(emulated: Emulated, open_page: OpenPage, service: Service) -> None:
    page = await open_page(emulated.url)
    tick = phone(page, "Alice").locator(".tick").last
    await deliver(emulated, ALICE, "usual")
    await expect(tick).to_have_attribute("aria-label", "receipt: delivered")
    await change(emulated, "POST", "faults", kind="receipt-lost", times=1)
    await deliver(emulated, ALICE, "no receipt")
    await says_tick(page, 2, "no receipt yet")
    await change(emulated, "POST", "faults", kind="receipt-buffered-first", times=1)
    await deliver(emulated, ALICE, "buffered")
    await says_tick(page, 3, "receipt: buffered")
    await expect(phone(page, "Alice").locator(".receipt").last).to_have_text("receipt: buffered")
    service.answers.append(400)
    await deliver(emulated, ALICE, "refused")
    await says_tick(page, 4, "the service did not take the receipt")


async def says_tick(page: Page, count: int, meaning: str) -> None:
    ticks = phone(page, "Alice").locator(".tick")
    await expect(ticks).to_have_count(count)
    await expect(ticks.last).to_have_attribute("aria-label", meaning)


async def test_a_long_text_is_delivered_when_all_its_parts_are(emulated: Emulated, open_page: OpenPage) -> None:
    await change(emulated, "PATCH", "settings", time_factor=10)
    page = await open_page(emulated.url)
    await change(emulated, "POST", "faults", kind="receipt-buffered-first")
    await deliver(emulated, ALICE, "x" * 200)
    await says_tick(page, 1, "receipt: buffered")
    await says_tick(page, 1, "receipt: delivered")


async def test_a_page_opened_later_shows_the_same_ticks(emulated: Emulated, open_page: OpenPage) -> None:
    await deliver(emulated, ALICE, "usual")
    await emulated.received(ADMIN, 0)
    page = await open_page(emulated.url)
    await says_tick(page, 1, "receipt: delivered")


async def test_a_link_opens_a_phone_and_its_thread(emulated: Emulated, open_page: OpenPage) -> None:
    await deliver(emulated, BOB, "from the second", LINES[1])
    await deliver(emulated, BOB, "from the first")
    page = await open_page(emulated.url, f"#/phone/{BOB}/{LINES[1]}")
    await expect(field(page, "<i>Bob</i>")).to_be_focused()
    await expect(phone(page, "<i>Bob</i>").locator(".words")).to_have_text(["from the second"])
    link = phone(page, "<i>Bob</i>").get_by_role("link")
    await expect(link).to_have_attribute("href", f"#/phone/{BOB}/{LINES[1]}")


async def test_a_link_to_a_phone_that_is_not_there_says_so(emulated: Emulated, open_page: OpenPage) -> None:
    page = await open_page(emulated.url, "#/phone/+447700900555")
    await expect(page.locator("#notice")).to_have_text("There is no phone +447700900555")
