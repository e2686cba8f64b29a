"""People who text each other through the service, without a pause for its crashes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random

from tests.crash.judge import WAITING, Row
from tests.crash.ledger import Conversation, Ledger
from tests.emulation import Emulated
from tests.process import API_TOKEN, Service

PEOPLE = [f"+447700900{number}" for number in range(101, 165)]
# Nobody writes thirty texts in half a minute, or the chat is taken for two machines that answer each other.
MOST_AT_ONCE = 3
PAUSE = (3.5, 6.0)  # seconds, between what one person writes at once and the next
# Seconds in which everything must be settled in the end. After an answer that never came (20 s) it may be half a
# minute until sending is tried again, and that may be another process's turn.
PATIENCE = 180.0


@dataclass
class Town:
    """Everybody is in two chats, with one neighbour on the one line and with the other on the other."""

    service: Service
    vonage: Emulated
    rows: Callable[[], Awaitable[list[Row]]]  # of the service's outbox
    ledger: Ledger = field(default_factory=Ledger)
    texts: dict[str, Conversation] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def move_in(self) -> list[Conversation]:
        ring = [
            *zip(PEOPLE[::2], PEOPLE[1::2], strict=True),
            *zip(PEOPLE[1::2], [*PEOPLE[2::2], PEOPLE[0]], strict=True),
        ]
        chats = [await self._pair(one, other) for one, other in ring]
        for person in PEOPLE:
            assert len(await self.vonage.received(person, 2, wait=20)) == 2  # the introductions
        conversations = [conversation for chat in chats for conversation in chat]
        assert len({(each.line, each.reader) for each in conversations}) == len(conversations)
        return conversations

    async def _pair(self, one: str, other: str) -> tuple[Conversation, Conversation]:
        asked = {"userANumber": one, "userBNumber": other}
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with self.vonage.http.post(f"{self.service.url}/chat", json=asked, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            lines = {seat["line"] for seat in (await answer.json())["participants"]}
        (line,) = lines
        return Conversation(one, line, other), Conversation(other, line, one)

    async def write(self, conversation: Conversation, chance: Random) -> None:
        """Until it is over: a few texts at once, and the next when they are acknowledged."""
        numbers = count(1)
        await self._pause(chance.uniform(0, PAUSE[1]))
        while not self.over.is_set():
            texts = [conversation.text(next(numbers)) for _ in range(chance.randint(1, MOST_AT_ONCE))]
            for text in texts:
                self.texts[text] = conversation
                await self.vonage.send(conversation.writer, conversation.line, text)
            await self._acknowledged(texts[-1])
            await self._pause(chance.uniform(*PAUSE))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()

    async def _acknowledged(self, text: str) -> None:
        while text not in self.ledger.acknowledged and not self.over.is_set():
            await asyncio.sleep(0.02)

    async def settled(self) -> None:
        """Returns once nothing is on its way, or when patience is at an end: then the judge will find it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            taken = self.texts.keys() <= self.ledger.acknowledged.keys()
            if taken and not any(row.state in WAITING for row in await self.rows()):
                return
            await asyncio.sleep(0.2)
