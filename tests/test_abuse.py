"""What protects the owner's money, with the real process: a person's day, a loop of two machines, the caps of a day."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

from tests.test_conversations import ADMIN, ALICE, BOB, CAROL, LINE, STRANGER, Town, begin

__all__ = ["begin"]  # a fixture

Begin = Callable[..., Awaitable[Town]]
OVER = (
    "Private SMS: that was more than you can text on one day. "
    "This text was kept but not passed on. Please go on tomorrow."
)
DRIVING = "I am driving and cannot answer now."


async def ready(town: Town) -> tuple[int, list[str]]:
    status, told = await town.api("GET", "/readyz")
    return status, told["reasons"]


async def test_a_persons_day_ends_and_a_restart_does_not_begin_it_anew(begin: Begin) -> None:
    town = await begin(SENDER_DAILY="3")
    await town.pair()
    for word in ("one", "two", "three"):
        await town.text(ALICE, word)
        await town.reads(BOB, word)
    await town.text(ALICE, "four")
    await town.reads(ALICE, OVER)
    await town.service.end(signal.SIGKILL)
    await town.service.start()
    await town.text(ALICE, "five")
    await town.text(BOB, "still here")
    await town.reads(ALICE, "still here")
    await town.reads(BOB)
    await town.text(ADMIN, "SHOW 1")
    [*_, shown] = await town.vonage.received(ADMIN, 2)
    assert "A *0001 wrote 3" in shown
    assert "Held: 2." in shown


async def answer_every_text(town: Town, phone: str) -> None:
    """As a telephone does whose owner is driving."""
    seen = 0
    while True:
        received = await town.vonage.received(phone, seen + 1, wait=1)
        for _ in received[seen:]:
            await town.text(phone, DRIVING)
        seen = max(seen, len(received))


async def test_two_telephones_that_answer_by_themselves_are_stopped_and_an_admin_lets_them_go_on(begin: Begin) -> None:
    town = await begin({"rate": None}, ACCOUNT_RATE="0", LINE_RATE="0")
    machines = [asyncio.create_task(answer_every_text(town, phone)) for phone in (ALICE, BOB)]
    await town.text(ADMIN, f"PAIR {ALICE} {BOB}")
    told = await town.vonage.received(ADMIN, 2, wait=20)
    for machine in machines:
        machine.cancel()
    await asyncio.gather(*machines, return_exceptions=True)
    assert told[1].startswith("Chat 1 is paused, as in a loop: same text 5 times from ")
    went = [*await town.vonage.received(ALICE), *await town.vonage.received(BOB)]
    assert 4 <= went.count(DRIVING) <= 8
    await asyncio.sleep(0.5)
    assert len(await town.vonage.received(ALICE) + await town.vonage.received(BOB)) - len(went) <= 2, "it is over"
    assert (await town.api("GET", "/chats/1"))[1]["paused"] is True
    await town.text(ADMIN, "RESUME 1")
    assert (await town.vonage.received(ADMIN, 3))[2].startswith("Chat 1 goes on.")
    await town.text(ALICE, "now I can talk")
    for _ in range(200):
        if "now I can talk" in await town.vonage.received(BOB):
            break
        await asyncio.sleep(0.02)
    assert "now I can talk" in await town.vonage.received(BOB)


async def test_at_the_cap_of_the_day_texts_wait_admins_are_answered_and_a_higher_cap_lets_them_go(begin: Begin) -> None:
    town = await begin({"rate": None}, DAILY_SPEND="0.30", ACCOUNT_RATE="0", LINE_RATE="0")
    await town.pair()
    for number in range(9):
        await town.text(ALICE, f"{number}")
    told = await town.vonage.received(ADMIN, 3, wait=10)
    assert told[1].startswith("80 percent of today's cap is used: 6 texts, 0.25 so far.")
    assert told[2].startswith("Today's cap is reached: ")
    status, reasons = await ready(town)
    assert (status, reasons) == (503, ["no text leaves, all wait: the cap of the day is reached"])
    passed = (await town.vonage.received(BOB))[1:]
    assert len(passed) in (4, 5), "eight texts of 0.0412 are 0.33, and what the admins were told is among them"
    await town.text(ADMIN, "STATUS")
    assert (await town.vonage.received(ADMIN, 4))[3].startswith("NO TEXT LEAVES: the cap of the day is reached.")
    await town.text(CAROL, "stop")
    assert (await town.vonage.received(CAROL, 1))[0].startswith("Private SMS: you have opted out")
    await town.service.end(signal.SIGKILL)
    await town.service.start()
    assert (await ready(town))[0] == 503, "it knows what it has spent"
    await town.service.end()
    town.service.settings["DAILY_SPEND"] = "5"
    await town.service.start()
    assert (await town.vonage.received(BOB, 10, wait=10))[1:] == [f"{number}" for number in range(9)]
    assert (await ready(town))[0] == 200


async def test_strangers_beyond_the_limit_of_an_hour_or_from_elsewhere_cost_nothing(begin: Begin) -> None:
    town = await begin(STRANGER_LIMIT="1")
    await town.text("+12015550123", "hello from elsewhere")
    await town.text(CAROL, "hello")
    await town.reads(CAROL, STRANGER)
    await town.text("+447700900005", "hello too")
    await town.text(ADMIN, "WHOAMI")
    await town.vonage.received(ADMIN, 1)
    assert await town.vonage.received("+447700900005") == await town.vonage.received("+12015550123") == []


async def test_a_number_that_is_not_allowed_is_refused_by_text_and_by_the_api(begin: Begin) -> None:
    town = await begin(ALLOWED_COUNTRIES="GB")
    await town.text(ADMIN, f"PAIR {ALICE} +12015550123")
    await town.reads(
        ADMIN,
        "*0123 is in US, not one of the countries I may text (ALLOWED_COUNTRIES). "
        "Nothing was created. Add the country there first.",
    )
    status, told = await town.api("POST", "/chat", data={"userANumber": ALICE, "userBNumber": "+12015550123"})
    assert (status, told["error"]["code"]) == (400, "country_not_allowed")
    status, told = await town.api("POST", "/chat", data={"userANumber": ALICE, "userBNumber": LINE})
    assert (status, told["error"]["code"]) == (400, "own_number")
