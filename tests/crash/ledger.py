"""What the provider knows, read from its wire log: which texts the service acknowledged, and what arrived where."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.model import Millis
from tests.emulation import Emulated

NOBODY = "nobody listens there"  # in the emulator's words
READ_EVERY = 0.05  # seconds; the emulator keeps the last thousand exchanges only


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one person writes on a line: it must come out in order on one other's phone, from that line."""

    writer: str
    line: str
    reader: str

    def text(self, number: int) -> str:
        return f"{self.writer[-3:]} on {self.line[-3:]}: {number}"


@dataclass(frozen=True, slots=True)
class Arrival:
    line: str
    reader: str
    text: str


@dataclass(slots=True)
class Ledger:
    first_had: dict[str, Millis] = field(default_factory=dict)  # by text: before then the service cannot have had it
    acknowledged: dict[str, Millis] = field(default_factory=dict)  # by text: when its 204 was there
    webhooks: Counter[str] = field(default_factory=Counter)  # by text: those that may have reached the service
    unheard: int = 0  # webhooks that came while the service was down
    arrived: list[Arrival] = field(default_factory=list)
    _last: int = 0

    async def follow(self, vonage: Emulated) -> None:
        while True:
            await self.catch_up(vonage)
            await asyncio.sleep(READ_EVERY)

    async def catch_up(self, vonage: Emulated) -> None:
        async with vonage.http.get(f"{vonage.url}/wire", params={"after": str(self._last)}) as answer:
            self.read(await answer.json())

    def read(self, exchanges: Iterable[dict[str, Any]]) -> None:
        for each in exchanges:
            assert each["id"] == self._last + 1, "the wire log was read too seldom"
            self._last = each["id"]
            if each["about"] == "inbound":
                self._note_webhook(each)
            elif each["about"] == "sms":
                self._note_sent(each)

    def _note_webhook(self, exchange: dict[str, Any]) -> None:
        if exchange["answer"] == NOBODY:
            self.unheard += 1
            return  # this one cannot have been stored
        text, began = exchange["parameters"]["text"], _millis(exchange["at"])
        self.webhooks[text] += 1
        self.first_had.setdefault(text, began)
        if exchange["status"] == 204:
            self.acknowledged.setdefault(text, began + exchange["took_ms"])

    def _note_sent(self, exchange: dict[str, Any]) -> None:
        asked = exchange["parameters"]
        if _taken(exchange):
            self.arrived.append(Arrival(f"+{asked['from']}", f"+{asked['to']}", asked["text"]))


def _taken(exchange: dict[str, Any]) -> bool:
    if exchange["status"] is None:  # left hanging
        return bool(exchange["fault"] == "hang-taken")
    status: str = json.loads(exchange["answer"])["messages"][0]["status"]
    return status == "0"


def _millis(iso: str) -> Millis:
    return round(datetime.fromisoformat(iso).timestamp() * 1000)
