"""A hundred pairs of people who have texted each other through a database for a while, and a search for bytes in it."""

from __future__ import annotations

import base64
import random
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from storage import chats, inbox, outbox, people, receipts, senders
from storage.engine import Transaction
from storage.inbox import Kept
from storage.keys import KeySetting
from storage.model import Claim, Kind, Millis, Outbound, Seat
from storage.number import Number
from storage.outbox import Sent
from storage.senders import Count
from storage.sqlite import SQLite
from storage.vault import Vault
from tests.people import LINE, NOON, inbound, receipt

CROWD = [Number(f"+1{area}55501{number:02}") for area in (202, 212) for number in range(100)]
KEYS = KeySetting(base64.b64encode(b"k" * 32).decode())  # the same hashes, and pages, in each run
ROUND: Millis = 3_600_000  # between two rounds of texts
FILES = ("", "-wal", "-shm")
PREFIX = 4  # bytes


async def gather(path: Path, rounds: int = 30) -> None:
    """A file of its own, with nothing beside it."""
    async with opened(path) as engine:
        crowd = Crowd(engine)
        await crowd.meet()
        await crowd.text(rounds)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SQLite]:
    """Closed however it ends: the thread of one that is left open would keep the tests from ending."""
    engine = await SQLite.open(path, KEYS)
    try:
        yield engine
    finally:
        await engine.close()


@dataclass
class Crowd:
    """Everybody texts at random; what has left is accepted, and most of it arrives."""

    engine: SQLite
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    now: Millis = NOON
    chats: list[tuple[int, Number, Number]] = field(default_factory=list)
    count: int = 0

    async def meet(self) -> None:
        async with self.engine.transaction() as tx:
            for a, b in zip(CROWD[::2], CROWD[1::2], strict=True):
                seats = {"a": Seat(a, LINE), "b": Seat(b, LINE)}
                chat = await chats.open_chat(tx, **seats, label=None, opened_by="api", now=self.now, expires_at=None)
                self.chats.append((chat.id, a, b))

    async def text(self, rounds: int, texts: int = 100) -> None:
        for _ in range(rounds):
            self.now += ROUND
            async with self.engine.transaction() as tx:
                await self._write(tx, texts)
            async with self.engine.transaction() as tx:
                claimed = (await outbox.claim(tx, owner="o" * 16, line=LINE, limit=texts, now=self.now)).texts
            async with self.engine.transaction() as tx:
                await outbox.accept(tx, [Sent(each, (_id(each),)) for each in claimed], self.now)
                arrived = [each for each in claimed if self.chance.random() < 0.9]
                await receipts.note(tx, [receipt(_id(each), "delivered") for each in arrived], self.now)

    async def _write(self, tx: Transaction, texts: int) -> None:
        written = [self._relay() for _ in range(texts)]
        await outbox.enqueue(tx, [(text, f"ref-{self.chance.getrandbits(120):030x}") for text in written], self.now)
        writers = [text.sender.number for text in written if text.sender is not None]
        await senders.add(tx, [(writer, Count(1)) for writer in writers], self.now)
        await people.remember_told(tx, [(writer, people.STOP_HINT) for writer in writers[::5]], self.now)
        lost = [inbound(writer, "a canary " * self.chance.randint(1, 9), at=self.now) for writer in writers[::5]]
        await inbox.keep(tx, [Kept(each, "stranger") for each in lost])

    def _relay(self) -> Outbound:
        chat, a, b = self.chance.choice(self.chats)
        sender, recipient = (a, b) if self.chance.random() < 0.5 else (b, a)
        self.count += 1
        words = f"canary {self.count} " + "sings " * self.chance.randint(0, 50)
        return Outbound(LINE, recipient, words, Kind.RELAY, chat=chat, sender=Seat(sender, LINE))


def _id(claim: Claim) -> str:
    return f"id-{claim.client_ref}"


def traces_of(path: Path, vault: Vault, person: Number) -> set[bytes]:
    """Whatever would tell of a person: hash, number in each spelling, and the sealed fields of their rows."""
    hashed = vault.index(person)
    with closing(sqlite3.connect(path)) as database:
        kept = database.execute("SELECT raw_sealed, text FROM kept WHERE sender = ?", (hashed,)).fetchall()
        texts = database.execute(
            "SELECT text, CASE WHEN sender = ?1 THEN sender_sealed ELSE recipient_sealed END FROM outbound"
            " WHERE sender = ?1 OR recipient = ?1",
            (hashed,),
        ).fetchall()
        sat = database.execute("SELECT sealed FROM participant WHERE number = ?", (hashed,)).fetchall()
    sealed = {value for row in [*kept, *texts, *sat] for value in row if value is not None}
    return sealed | {hashed.encode(), *spellings(person)}


def spellings(person: Number) -> set[bytes]:
    digits = person.digits()
    local, area, first, last = digits[1:], digits[1:4], digits[4:7], digits[7:]
    written = (
        person.e164(),
        digits,
        local,
        f"({area}) {first}-{last}",
        f"{area}-{first}-{last}",
        f"{area} {first} {last}",
    )
    return {each.encode() for each in written}


def found(path: Path, sought: Iterable[bytes]) -> set[bytes]:
    """Which of these bytes are in the files of a database."""
    held = b"\0".join(Path(f"{path}{end}").read_bytes() for end in FILES if Path(f"{path}{end}").exists())
    alike: dict[bytes, list[bytes]] = defaultdict(list)
    for each in sought:
        alike[each[:PREFIX]].append(each)
    return {each for prefix, group in alike.items() for each in _found_of(held, prefix, group)}


def _found_of(held: bytes, prefix: bytes, group: Sequence[bytes]) -> Iterator[bytes]:
    if len(group) == 1:
        yield from (each for each in group if each in held)
        return
    # Sealed fields all begin with their key's id: one walk through the file for all of them.
    lengths, wanted = {len(each) for each in group}, set(group)
    place = held.find(prefix)
    while place >= 0:
        yield from wanted.intersection(held[place : place + length] for length in lengths)
        place = held.find(prefix, place + 1)
