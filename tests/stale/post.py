"""Vonage as the town knows it: it takes a text at once, or holds it until somebody decides what has become of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.vonage.sending import Accepted, Doubt, NotTaken, Outcome, Refused
from storage.number import Number


class Fate(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"
    BUSY = "busy"
    TAKEN_UNSAID = "taken, and the answer was lost"
    LOST = "lost on the way"


@dataclass(frozen=True, slots=True)
class Letter:
    line: Number
    recipient: Number
    text: str
    client_ref: str

    @property
    def message_id(self) -> str:
        return f"id-{self.client_ref}"


@dataclass(slots=True, eq=False)
class Held:
    letter: Letter
    fate: asyncio.Future[Fate] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Post:
    """`leaves` is asked when a text leaves us, `arrives` when Vonage has it: from then on it is on the phone."""

    def __init__(
        self, leaves: Callable[[Letter], Awaitable[None]], arrives: Callable[[Letter], Awaitable[None]]
    ) -> None:
        self._leaves = leaves
        self._arrives = arrives
        self.to_hold = 0
        self.held: list[Held] = []
        self.unsaid: list[Letter] = []  # it has them, and we do not know

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        letter = Letter(line, recipient, text, client_ref)
        await self._leaves(letter)
        fate = await self._hold(letter) if self.to_hold else Fate.TAKEN
        if fate in (Fate.TAKEN, Fate.TAKEN_UNSAID):
            await self._arrives(letter)
        match fate:
            case Fate.TAKEN:
                return Accepted((letter.message_id,))
            case Fate.REFUSED:
                return Refused("status 6")
            case Fate.BUSY:
                return NotTaken("status 1")
            case Fate.TAKEN_UNSAID:
                self.unsaid.append(letter)
                return Doubt("status 5", answered=True)
            case Fate.LOST:
                return Doubt("status 5", answered=True)

    async def _hold(self, letter: Letter) -> Fate:
        self.to_hold -= 1
        held = Held(letter)
        self.held.append(held)
        try:
            return await held.fate
        finally:
            self.held.remove(held)

    async def close(self) -> None:
        pass
