"""Webhooks on their way to the service: one HTTP request for each, tried again until it is taken."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.emulator.account import Account
from bot.emulator.callbacks import stamped
from bot.emulator.profile import Shape, Stamps
from bot.emulator.wirelog import Direction, Exchange

PATIENCE = aiohttp.ClientTimeout(total=15, connect=3)  # Vonage's own
AGENT = {"user-agent": "Vonage/MessagingHUB/v1.0", "accept": "*/*"}
HEADERS = {
    Shape.GET: AGENT,
    Shape.POST: AGENT | {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"},
    Shape.POST_JSON: AGENT | {"content-type": "application/json"},
}
UNTYPED = ("webhook-no-content-type", "content-type")
ANSWER_KEPT = 500  # characters of an answer, in the wire log


@dataclass(frozen=True, slots=True)
class Webhook:
    about: str  # inbound or receipt
    url: str
    parameters: dict[str, str]  # still without stamps and signature
    turn: str | None = None  # those of one turn are first tried one after the other; repetitions keep no order
    after: float = 0.0  # seconds, before it sets out
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int | None  # None: no answer at all
    body: str

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def worth_repeating(self) -> bool:
        """Vonage gives up at once on what a repetition would not cure."""
        return self.status is None or self.status == 429 or self.status >= 500

    def __str__(self) -> str:
        return f"the service answered {self.status}" if self.status else f"no answer ({self.body})"


class Courier:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._session: aiohttp.ClientSession
        self._errands: set[asyncio.Task[Any]] = set()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """As long as the emulator runs; errands unfinished at its end are dropped."""
        # Without a limit: a service that hangs on one text must not hold up the others.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._session:
            try:
                yield
            finally:
                self.drop()
                await asyncio.gather(*self._errands, return_exceptions=True)

    def start(self, errand: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Have it done in the background."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def drop(self) -> None:
        """Whatever is under way will not arrive."""
        for task in self._errands:
            task.cancel()

    async def carry(self, webhook: Webhook, told: Callable[[str], None] = lambda note: None) -> Answer:
        """Until it is taken, refused for good, or given up; `told` hears of each failure that will be repaired."""
        profile = self._account.profile
        await asyncio.sleep(profile.compressed(webhook.after))
        async with self._turns[webhook.turn] if webhook.turn and profile.in_order else nullcontext():
            parameters = stamped(self._account, webhook.parameters, webhook.fault)
            answer = await self._try(webhook, parameters)
        for wait in map(profile.compressed, profile.retries.waits(webhook.about)):
            if answer.taken or not (answer.worth_repeating or profile.retries.whatever_the_answer):
                break
            told(f"{answer}; trying again in {wait:g} s")
            await asyncio.sleep(wait)
            if profile.stamps is Stamps.RENEWED:
                parameters = stamped(self._account, webhook.parameters, webhook.fault)
            answer = await self._try(webhook, parameters)
        return answer

    async def _try(self, webhook: Webhook, parameters: dict[str, str]) -> Answer:
        at, started = self._account.clock(), time.monotonic()
        shape = self._account.profile.webhooks
        method, how = _as_request(shape, parameters)
        headers = {name: value for name, value in HEADERS[shape].items() if (webhook.fault, name) != UNTYPED}
        try:
            async with self._session.request(
                method, webhook.url, headers=headers, skip_auto_headers=("content-type",), timeout=PATIENCE,
                allow_redirects=False, **how,
            ) as response:  # fmt: skip
                answer = Answer(response.status, (await response.text(errors="replace"))[:ANSWER_KEPT])
        except (aiohttp.ClientError, TimeoutError) as error:
            answer = Answer(None, _why(error))
        took = round((time.monotonic() - started) * 1000)
        self._account.log(
            Exchange(
                at, webhook.about, method, webhook.url, parameters, answer.status, answer.body, took,
                Direction.OUT, headers, webhook.fault, is_json=shape is Shape.POST_JSON,
            )
        )  # fmt: skip
        return answer


def _as_request(shape: Shape, parameters: dict[str, str]) -> tuple[str, dict[str, Any]]:
    match shape:
        case Shape.GET:
            return "GET", {"params": parameters}
        case Shape.POST:
            return "POST", {"data": urlencode(parameters).encode()}
        case Shape.POST_JSON:
            return "POST", {"data": json.dumps(parameters, ensure_ascii=False).encode()}


def _why(error: Exception) -> str:
    """For a person; what has no words of its own here is told by its name."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection within 3 s"
        case TimeoutError():
            return "it took longer than 15 s"
        case aiohttp.ServerDisconnectedError():
            return "it hung up"
        case aiohttp.InvalidURL():
            return "that is no address"
        case aiohttp.ClientSSLError():
            return "no TLS came about"
        case aiohttp.ClientConnectorError():
            return "nobody listens there"
        case aiohttp.ClientOSError():
            return "the connection broke off"
        case _:
            return type(error).__name__
