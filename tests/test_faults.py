"""Every fault in turn: the real process, an emulator that misbehaves, and whether the service kept its promise.

The promise: what it acknowledged is relayed in order, with at most one extra copy, which is marked; or whoever wrote
it is told; or it is visibly held.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.emulator.faults import KINDS, About
from bot.emulator.profile import Profile
from tests.conftest import Emulated, StartEmulator
from tests.people import LINE as OUR_LINE
from tests.people import OTHER_LINE
from tests.process import API_TOKEN, Service
from tests.unsealed import opened

LINE = OUR_LINE.e164()
SIGNED = "a-signature-secret"
NOT_DELIVERED = "Private SMS: your last text was NOT delivered. You can send it again."
NOT_RECEIVING = "Private SMS: the other person is not receiving texts now. Your text was not delivered."
PARTS = ("a" * 152 + ".", "and the rest of it")
TEXTS = ("one", "two", "".join(PARTS), "four")
WAITING = ("queued", "sending", "uncertain")

ACCOUNT = ["status-4", "status-8", "status-9", "status-11", "status-14", "status-32", "http-401"]
BUSY = {"status-1", "status-10", "http-429"}
DOUBTFUL = {"status-5", "status-13", "http-500", "http-502", "hang", "close", "html"}
OPTED_OUT = {"status-101", "receipt-opted-out"}
UNDELIVERED = {"receipt-failed", "receipt-expired", "receipt-rejected"}
REFUSED = {name for name in KINDS if name.startswith("status-")} - BUSY - DOUBTFUL - OPTED_OUT - set(ACCOUNT)
UNBELIEVED = {"webhook-bad-signature", "webhook-stale-stamp"}  # answered 401, so never acknowledged


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people in a chat, and the faults that strike the first of what one of them sends to the other."""

    faults: tuple[str, ...]
    place: int

    @property
    def writer(self) -> str:
        return f"+447700900{2 * self.place + 101}"

    @property
    def reader(self) -> str:
        return f"+447700900{2 * self.place + 102}"

    def of(self, *kinds: set[str]) -> bool:
        return bool(set(self.faults) & set().union(*kinds))


SLOWEST = ("webhook-missing-part", "hang", "hang-taken")  # they begin, so that the others pass meanwhile
FAULTS = [
    *((name,) for name in sorted(KINDS.keys() - set(ACCOUNT), key=lambda name: (name not in SLOWEST, name))),
    *((name, "receipt-lost") for name in ("http-500-taken", "close-taken", "html-taken")),
]
PAIRS = [Pair(faults, place) for place, faults in enumerate(FAULTS)]


@dataclass(frozen=True, slots=True)
class Row:
    """What the service itself knows of a relay."""

    text: str
    state: str
    may_repeat: bool


class Town:
    def __init__(self, service: Service, vonage: Emulated) -> None:
        self.service = service
        self.vonage = vonage

    async def ask(self, method: str, url: str, **how: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with self.vonage.http.request(method, url, headers=headers, **how) as response:
            return response.status, await response.json() if response.content_length else None

    async def pair(self, pair: Pair) -> None:
        asked = {"userANumber": pair.writer, "userBNumber": pair.reader}
        assert (await self.ask("POST", f"{self.service.url}/chat", json=asked))[0] == 201
        for number in (pair.writer, pair.reader):
            assert len(await self.vonage.received(number, 1, wait=20)) == 1  # the introduction

    async def switch_on(self, kind: str, number: str, times: int = 1) -> None:
        asked = {"kind": kind, "number": number, "times": times}
        assert (await self.ask("POST", f"{self.vonage.url}/faults", json=asked))[0] == 201

    async def active(self) -> list[dict[str, Any]]:
        return list((await self.ask("GET", f"{self.vonage.url}/faults"))[1]["active"])

    def relays(self) -> dict[str, list[Row]]:
        """By recipient, in the order they were written."""
        with opened(self.service.folder / "service.db") as database:
            found = database.outbound("kind = 'relay'", "state, may_repeat")
        rows = defaultdict(list)
        for _, recipient, text, state, may_repeat in found:
            rows[recipient].append(Row(text, state, bool(may_repeat)))
        return rows

    async def settled(self, pairs: Sequence[Pair]) -> None:
        """Once every pair's texts have been taken and none of them is waiting any more."""
        for _ in range(180):
            rows = self.relays()
            missing = [pair.faults for pair in pairs if len(rows[pair.reader]) < relays_of(pair)]
            waiting = [row for texts in rows.values() for row in texts if row.state in WAITING]
            if not missing and not waiting:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f"missing: {missing}, waiting: {waiting}")

    async def held(self, recipient: str, text: str) -> None:
        """Once it waits in the queue, where STATUS and the API count it."""
        for _ in range(500):
            if Row(text, "queued", False) in self.relays()[recipient]:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.relays())

    async def in_trouble(self) -> str:
        """What it says of itself, once it is not ready."""
        for _ in range(500):
            status, told = await self.ask("GET", f"{self.service.url}/readyz")
            if status == 503:
                return str(told)
            await asyncio.sleep(0.01)
        raise AssertionError("it is ready all the time")


@pytest.fixture
async def begin(tmp_path: Path, emulator: StartEmulator) -> AsyncIterator[Callable[[], Awaitable[Town]]]:
    service = Service(tmp_path)

    async def begin() -> Town:
        vonage = await emulator(
            Profile(
                key="abcd1234",
                secret="a-secret-for-tests",
                lines=(LINE, OTHER_LINE.e164()),
                inbound_url=service.webhook("inbound-sms"),
                receipt_url=service.webhook("delivery-receipt"),
                signature_secret=SIGNED,
                rate=None,
                time_factor=5,
            )
        )
        service.settings = {
            "VONAGE_REST_URL": vonage.url,
            "VONAGE_API_URL": vonage.url,
            "VONAGE_SIGNATURE_SECRET": SIGNED,
            "DOUBT_AFTER": "2s",
            "ACCOUNT_RATE": "0",
            "LINE_RATE": "0",
        }
        await service.start()
        return Town(service, vonage)

    yield begin
    await service.end(signal.SIGKILL)


async def converse(town: Town, pair: Pair) -> None:
    await town.pair(pair)
    for kind in pair.faults:
        about_writer = KINDS[kind].about is About.WEBHOOK
        await town.switch_on(kind, pair.writer if about_writer else pair.reader, times=2 if kind in BUSY else 1)
    for text in TEXTS:
        await town.vonage.send(pair.writer, LINE, text)


def expected(pair: Pair) -> list[str]:
    """The texts that must reach the reader, each once or, where it may be, twice; in this order."""
    one, two, long, four = TEXTS
    if pair.of(OPTED_OUT):
        return []
    if pair.of(REFUSED, UNDELIVERED, UNBELIEVED):
        return [two, long, four]
    match pair.faults[0]:
        case "partial":
            return [one, two, PARTS[0], four]
        case "webhook-no-concat":
            return [one, two, *PARTS, four]
        case "webhook-missing-part":  # the gap is waited for, and shown
            return [one, two, four, f"{PARTS[0]} […] "]
        case "webhook-slow":  # Vonage brings it last, and promises no order
            return [two, long, four, one]
        case _:
            return list(TEXTS)


def is_told(pair: Pair) -> bool:
    return pair.of(REFUSED, UNDELIVERED, OPTED_OUT, {"partial"})


def relays_of(pair: Pair) -> int:
    """How many texts the service must at least have tried to pass on."""
    lost = pair.of(REFUSED, UNDELIVERED, OPTED_OUT)
    return len(expected(pair)) + (1 if lost else 0)


async def check(town: Town, pair: Pair) -> None:
    read = (await town.vonage.received(pair.reader))[1:]
    told = (await town.vonage.received(pair.writer))[1:]
    rows, copies = town.relays()[pair.reader], Counter(read)
    if "receipt-opted-out" in pair.faults and read == ["two"]:
        read = []  # it was on its way before the receipt for the one before it was there
    assert list(dict.fromkeys(read)) == expected(pair), "the right texts in their order"
    assert max(copies.values(), default=0) <= 2, "at most one extra copy"
    marked = {row.text for row in rows if row.may_repeat}
    assert {text for text, count in copies.items() if count == 2} <= marked, "an extra copy is marked"
    lost = [row for row in rows if row.state in ("dead", "undelivered")]
    assert len(lost) == (1 if is_told(pair) else 0)
    assert told.count(NOT_DELIVERED) == len(lost), "who wrote what did not arrive is told, once"
    if pair.of(OPTED_OUT):
        refused = told.count(NOT_RECEIVING)  # and perhaps once more for what waited behind the text that revealed it
        assert len(TEXTS) - len(rows) <= refused < len(TEXTS), "and who writes to the opted out"
    else:
        assert {row.state for row in rows} <= {"accepted", "delivered", "dead", "undelivered"}
        assert set(told) <= {NOT_DELIVERED}
    if "receipt-lost" in pair.faults[1:]:
        assert copies[TEXTS[0]] == 2, "here nobody could know that it had been taken"


@pytest.mark.no_cover  # other tests cover it
@pytest.mark.timeout(120)
async def test_the_promise_is_kept_whatever_goes_wrong(begin: Callable[[], Awaitable[Town]]) -> None:
    town, few = await begin(), asyncio.Semaphore(8)

    async def play(pair: Pair) -> None:
        async with few:
            await converse(town, pair)

    await asyncio.gather(*map(play, PAIRS))
    await town.settled(PAIRS)
    assert await town.active() == [], "every fault struck"
    broken = {}
    for pair in PAIRS:
        try:
            await check(town, pair)
        except AssertionError as error:
            broken[pair.faults] = str(error)
    assert broken == {}


async def test_trouble_of_the_account_holds_every_text_visibly_until_it_is_over(
    begin: Callable[[], Awaitable[Town]],
) -> None:
    town, pair = await begin(), PAIRS[0]
    await town.pair(pair)
    for count, kind in enumerate(ACCOUNT, start=1):
        await town.switch_on(kind, pair.reader)
        await town.vonage.send(pair.writer, LINE, kind)
        assert kind.replace("http-", "HTTP ").replace("-", " ") in await town.in_trouble()
        await town.held(pair.reader, kind)
        await town.service.end(signal.SIGKILL)  # after a restart it looks at once whether the trouble is over
        await town.service.start()
        assert (await town.vonage.received(pair.reader, count + 1, wait=10))[1:] == ACCOUNT[:count]
    assert len(await town.vonage.received(pair.writer)) == 1
