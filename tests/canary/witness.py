"""The witness: sees when nothing is on its way, and in the end all that somebody could look at."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from tests.canary.cast import Cast
from tests.canary.surfaces import Kind, Surface
from tests.canary.visitor import Visitor
from tests.emulation import Emulated
from tests.process import Service

SENDING = re.compile(r'^private_sms_outbox\{state="sending"\} ([0-9.]+)$', re.MULTILINE)


@dataclass
class Witness:
    cast: Cast
    service: Service
    vonage: Emulated
    visitor: Visitor
    surfaces: list[Surface] = field(default_factory=list)

    async def tool(self, *words: str) -> None:
        status, out, err = await self.service.command(*words)
        assert status == 0, err
        self.surfaces.append(Surface(Kind.TOOL, words[0], (out + err).encode()))

    async def quiet(self) -> None:
        """Until no text is on its way in or out; some wait on, behind one that is in doubt."""
        while await self.on_their_way_in() or await self.on_their_way_out():
            await asyncio.sleep(0.02)

    async def on_their_way_in(self) -> bool:
        phones = [*(each.phone for each in self.cast.everybody), "60777", "PROMO"]
        shown = await asyncio.gather(*map(self.vonage.messages, phones))
        return any(text["state"] == "sending" for texts in shown for text in texts)

    async def on_their_way_out(self) -> bool:
        told = await self.visitor.ask("GET", "/metrics")
        return any(float(count) for count in SENDING.findall(told.decode()))

    def look_at_disk(self, when: str) -> None:
        for path in sorted(self.service.folder.rglob("*")):
            self.surfaces.append(Surface(Kind.NAME, when, path.name.encode()))
            if path.is_file() and path.suffix not in (".key", ".log"):
                self.surfaces.append(Surface(Kind.DISK, f"{path.name} {when}", path.read_bytes()))

    async def look_at_phones(self) -> None:
        for person in self.cast.everybody:
            for text in await self.vonage.received(person.phone):
                self.surfaces.append(Surface(Kind.TEXT, f"to {person.name}", text.encode(), person.phone))
        for exchange in await self.vonage.wire():
            if exchange["direction"] == "out":  # a webhook; what it was answered
                self.visitor.note(f"webhook {exchange['about']}", str(exchange["answer"]).encode())

    def look_at_log(self) -> None:
        self.surfaces.append(Surface(Kind.LOG, "stdout and stderr", self.service.log.encode()))
