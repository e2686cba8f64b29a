"""People who text each other through the service, without a pause for its crashes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from random import Random

from tests.crash.judge import WAITING, Row
from tests.crash.ledger import Conversation, Ledger
from tests.emulation import Emulated
from tests.process import API_TOKEN, Service

PEOPLE = [f"+447700900{number}" for number in range(101, 117)]
TALKATIVE = 0.5  # how often a text follows at once, without waiting for the acknowledgement of the one before
PAUSE = 1.2  # seconds at most between two texts of one person
PATIENCE = 60.0  # seconds in which everything must be settled in the end


@dataclass
class Town:
    """Everybody is in two chats, with one neighbour on the one line and with the other on the other."""

    service: Service
    vonage: Emulated
    ledger: Ledger = field(default_factory=Ledger)
    texts: dict[str, Conversation] = field(default_factory=dict)
    over: bool = False

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
        for number in count(1):
            if self.over:
                return
            text = conversation.text(number)
            self.texts[text] = conversation
            await self.vonage.send(conversation.writer, conversation.line, text)
            if chance.random() >= TALKATIVE:
                await self._acknowledged(text)
                await asyncio.sleep(chance.uniform(0, PAUSE))

    async def _acknowledged(self, text: str) -> None:
        while text not in self.ledger.acknowledged and not self.over:
            await asyncio.sleep(0.02)

    async def settled(self) -> None:
        """Returns once nothing is on its way, or when patience is at an end: then the judge will find it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            taken = self.texts.keys() <= self.ledger.acknowledged.keys()
            if taken and not any(row.state in WAITING for row in self.rows()):
                return
            await asyncio.sleep(0.2)

    def rows(self) -> list[Row]:
        """Read only: the last connection to close would otherwise tidy up after a crash."""
        with closing(sqlite3.connect(f"file:{self.service.folder / 'service.db'}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT line, recipient, text, state, may_repeat, tries FROM outbound ORDER BY id")
            return [Row(*each) for each in found]
