"""The real process in hard times: a full disk, an order to stop in the middle of it all, texts that failed."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.test_conversations import ADMIN, ALICE, BOB, CAROL, LINE, Town, begin

__all__ = ["begin"]  # a fixture

TEXT = f"msisdn={CAROL[1:]}&to={LINE[1:]}&messageId=0B1&text=hello&type=text&message-timestamp=2026-11-25+09:00:00"

Begin = Callable[..., Awaitable[Town]]


def limit_files(town: Town, most: int) -> None:
    """As a full disk: no file of the service's can grow beyond `most` bytes; -1 is without limit."""
    assert town.service.running is not None
    resource.prlimit(town.service.running.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


async def ready(town: Town) -> tuple[int, Any]:
    return await town.api("GET", "/readyz")


async def fault(town: Town, kind: str, number: str, times: int = 1) -> None:
    asked = {"kind": kind, "number": number, "times": times}
    async with town.vonage.http.post(f"{town.vonage.url}/faults", json=asked) as answer:
        assert answer.status == 201


async def test_a_full_disk_refuses_texts_visibly_and_loses_none(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    limit_files(town, 4096)
    await town.text(ALICE, "while the disk is full")
    for _ in range(500):
        status, told = await ready(town)
        if status == 503:
            break
        await asyncio.sleep(0.01)
    assert told["reasons"][0].startswith("texts cannot be stored")
    sent = (await town.vonage.messages(ALICE))[-1]
    assert sent["state"] == "sending"
    assert "503" in sent["note"]
    limit_files(town, -1)
    await town.reads(BOB, "while the disk is full")
    assert (await ready(town))[0] == 200, "without a restart"


async def test_room_on_the_disk_is_noticed_though_no_text_comes(begin: Begin) -> None:
    town = await begin()
    limit_files(town, 4096)
    async with town.vonage.http.get(f"{town.service.webhook('inbound-sms')}?{TEXT}") as answer:
        assert answer.status == 503
    assert (await ready(town))[0] == 503
    await asyncio.sleep(1.5)  # what writes nothing must not pass for a sign that it is over
    assert (await ready(town))[0] == 503
    limit_files(town, -1)
    for _ in range(300):
        status, _ = await ready(town)
        if status == 200:
            break
        await asyncio.sleep(0.02)
    assert status == 200


async def there_is_one(town: Town, state: str) -> None:
    """Once a text is in that state."""
    for _ in range(500):
        if (await town.api("GET", f"/messages?state={state}"))[1]["messages"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"nothing is {state}")


async def test_told_to_stop_it_lets_what_is_under_way_end(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await fault(town, "slow", BOB)  # taken, and answered three seconds later
    await town.text(ALICE, "one")
    await town.reads(BOB, "one")
    await town.text(ALICE, "two")
    await there_is_one(town, "queued")  # or Vonage would bring it later, and promises no order
    assert await town.service.end(signal.SIGTERM) == 0
    await town.text(ALICE, "three, while nobody is there")
    await town.service.start()
    await town.reads(BOB, "two", "three, while nobody is there")
    assert "texts in doubt" not in town.service.log


async def test_told_twice_it_stops_at_once_and_loses_nothing(begin: Begin) -> None:
    town = await begin(DOUBT_AFTER="1s")
    await town.pair()
    await fault(town, "hang", BOB)
    await town.text(ALICE, "one")
    await there_is_one(town, "sending")
    assert town.service.running is not None
    town.service.running.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.5)
    async with asyncio.timeout(5):  # the send would be waited for longer than that
        assert await town.service.end(signal.SIGTERM) == 1
    await town.service.start()
    assert "texts in doubt since the last run count=1" in town.service.log
    await town.reads(BOB, "one")


async def test_a_text_that_failed_is_looked_at_and_sent_again_by_text(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    await fault(town, "status-6", BOB)
    await town.text(ALICE, "hello")
    await town.reads(ALICE, "Private SMS: your last text was NOT delivered. You can send it again.")
    await town.text(ADMIN, "STATUS")
    await town.reads(ADMIN, "Open chats: 1. Waiting: 0. In doubt: 0. Failed: 1.")
    [failed] = (await town.api("GET", "/messages?state=dead"))[1]["messages"]
    await town.text(ADMIN, "FAILED")
    listed = f"1 failed: {failed['id']} *0002. FAILED {failed['id']} tells more."
    await town.reads(ADMIN, f"{listed} RESEND and DISMISS go by that number too.")
    await town.text(ADMIN, f"RESEND {failed['id']}")
    await town.reads(BOB, "hello")


async def test_while_vonage_is_away_texts_wait_and_then_all_of_them_arrive_in_order(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    texts = [f"{number}" for number in range(8)]
    await fault(town, "http-401", BOB, times=1)
    for text in texts:
        await town.vonage.send(ALICE, LINE, text)
    for _ in range(500):
        status, told = await ready(town)
        if status == 503:
            break
        await asyncio.sleep(0.01)
    assert told["reasons"] == ["no text leaves, all wait: HTTP 401"]
    await town.service.end(signal.SIGKILL)  # after a restart it looks at once whether the trouble is over
    await town.service.start()
    await town.reads(BOB, *texts)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
async def test_whatever_ends_it_the_database_is_free_again(begin: Begin, sent: signal.Signals) -> None:
    town = await begin()
    await town.service.end(sent)
    await town.service.start()
    assert (await ready(town))[0] == 200
