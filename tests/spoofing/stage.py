"""Where the spoofing plays: the real intake on a real database, texts that come in, and what all phones get of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from bot.pace import Pace
from bot.proxy import Chance, assemble
from bot.vonage.sending import Accepted, Outcome
from commands.desk import House, News
from storage import admins
from storage.engine import Transaction
from storage.model import Millis
from storage.number import Number
from storage.sqlite import SQLite
from tests.clear import ClearSQLite
from tests.migrated import migrated
from tests.people import ADMIN, ALICE, BOB, LINE, NOON, OTHER_LINE, inbound

SECOND, SIGNING = Number("+447700900101"), Number("+447700900102")  # SIGNING has an authenticator
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OWNERS = (ADMIN, SECOND, SIGNING)
LINES = (LINE, OTHER_LINE)

# How an act shows: the answer to whoever did it.
DONE = {
    "END ALL": re.compile(r"Chats closed: "),
    "RESEND ALL": re.compile(r"Texts going out again: "),
    "DISMISS ALL": re.compile(r"Texts dropped: "),
    "ADMIN ADD": re.compile(r"\*\d{4} is an admin now and was told"),
    "ADMIN REMOVE": re.compile(r"\*\d{4} is no admin any more"),
}


@dataclass(frozen=True, slots=True)
class Got:
    """A text on its way to somebody's phone."""

    phone: Number
    line: Number
    text: str


class NoPhones:
    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        return Accepted((client_ref,))


class Stage:
    def __init__(self, engine: SQLite, rng: Random) -> None:
        self.engine = engine
        self.rng = rng
        self.now: Millis = NOON
        refs, codes = count(1), count(1)
        proxy = assemble(
            engine=engine,
            house=House(
                service_name="Private SMS", lines=LINES, admins=frozenset(OWNERS), region=None, chat_ttl=None,
                code_key=b"key", news=News.OFF, authenticators={SIGNING: SECRET},
                # All different, so that no code is right by being an older one again.
                new_code=lambda: f"{next(codes) * 7919 % 10_000:04}",
            ),
            transport=NoPhones(),
            pace=Pace(0, dict.fromkeys(LINES, 0.0)),
            sender_limit=0,
            doubt_after=120_000,
            clock=lambda: self.now,
            chance=Chance(new_ref=lambda: f"ref-{next(refs)}", jitter=lambda: 1.0, owner="this run"),
        )  # fmt: skip
        self._intake = proxy.intake

    async def text(self, sender: Number, words: str, line: Number) -> list[Got]:
        """What leaves because of it. Nothing is ever sent: what was read is taken out of the way."""
        async with self.engine.transaction() as tx:
            await self._intake.take(tx, [inbound(sender, words, line=line, at=self.now)])
            rows = await tx.rows(
                "SELECT recipient, line, CAST(text AS TEXT) FROM outbound WHERE state = 'queued' ORDER BY id"
            )
            await tx.run("DELETE FROM outbound WHERE state = 'queued'")
            await _let_something_fail(tx, self.now)
        return [Got(Number(recipient), Number(line), text) for recipient, line, text in rows]

    async def added(self) -> set[Number]:
        return set(await admins.added(self.engine.reader))

    async def pending(self) -> dict[Number, tuple[Number, int]]:
        """The admins for whom a code waits: its line, and when it ends."""
        rows = await self.engine.reader.rows("SELECT admin, line, expires_at FROM pending_code")
        return {Number(admin): (Number(line), ends) for admin, line, ends in rows}


async def _let_something_fail(tx: Transaction, now: Millis) -> None:
    """So that there always is something to resend and to dismiss."""
    await tx.run(
        "INSERT INTO outbound (line, recipient, text, kind, client_ref, state, created_at, changed_at)"
        " SELECT $1, $2, x'00', 'notice', 'failed-' || $3, 'dead', $3, $3"
        " WHERE NOT EXISTS (SELECT 1 FROM outbound WHERE state = 'dead') ON CONFLICT DO NOTHING",
        LINE.e164(), BOB.e164(), now,
    )  # fmt: skip


def acts(got: list[Got]) -> list[str]:
    """The grave acts that were done, by what is said of them."""
    return [verb for each in got for verb, said in DONE.items() if said.match(each.text)]


@asynccontextmanager
async def stage(path: Path, seed: int) -> AsyncIterator[Stage]:
    engine = await ClearSQLite.open(migrated(path))
    try:
        here = Stage(engine, Random(seed))
        await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}", LINE)
        yield here
    finally:
        await engine.close()
