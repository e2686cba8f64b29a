"""`python -m tests.powercut.texting FOLDER TEXTS SEED [SYNCHRONOUS]`: the process whose power is cut.

People text each other through the real writer, intake and delivery on the real storage. Behind each commit a mark is
written: `in` and the message id of a text that may now be acknowledged, `out` and the client-ref of one that is handed
to Vonage. The marks are a file beside the database, so that the shim puts them into their order with all else.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from random import Random

from bot.vonage.sending import Outcome
from storage import sqlite
from storage.model import Inbound
from storage.number import Number
from tests import world
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, NOON, inbound

DATABASE, MARKS = "service.db", "marks"
PARTNERS = {ALICE: BOB, BOB: ALICE, CAROL: DAVE, DAVE: CAROL}
BATCHES = (1, 1, 2, 5, 20)
PACE = 2_000  # milliseconds


class Marks:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def set(self, what: str, name: str) -> None:
        os.write(self._file, f"{what} {name}\n".encode())


class MarkingPhones(world.Phones):
    marks: Marks

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        self.marks.set("out", client_ref)
        return await super().send(line, recipient, text, client_ref)


async def texting(folder: Path, texts: int, chance: Random) -> None:
    MarkingPhones.marks = marks = Marks(folder / MARKS)
    world.Phones = MarkingPhones  # type: ignore[misc]
    # A file of its own, made in sight of the shim: a copy would come about behind its back.
    world.migrated = Path  # type: ignore[attr-defined]
    async with world.world(folder / DATABASE, kind=sqlite.SQLite) as here:

        async def take(text: Inbound) -> None:
            await here.handover.take(text)
            marks.set("in", text.message_id)

        for one, other in ((ALICE, BOB), (CAROL, DAVE)):
            await here.text(ADMIN, f"PAIR {one.e164()} {other.e164()}")
        done = 0
        while done < texts:
            batch = [_text(number, chance) for number in range(done, done + chance.choice(BATCHES))]
            await asyncio.gather(*map(take, batch))
            done += len(batch)


def _text(number: int, chance: Random) -> Inbound:
    """At a pace, by its stamp, at which no chat is taken for two machines that answer each other."""
    return inbound(chance.choice(list(PARTNERS)), f"text {number}", at=NOON + number * PACE)


def main(folder: str, texts: str, seed: str, synchronous: str | None = None) -> None:
    if synchronous is not None:  # a planted fault; behind the product's own pragmas, for the last word counts
        sqlite.PRAGMAS = (*sqlite.PRAGMAS, f"PRAGMA synchronous = {synchronous}")  # type: ignore[assignment]
    asyncio.run(texting(Path(folder), int(texts), Random(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
