"""A room to test commands in: an admin's text goes in, the answers and the texts to people come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from commands.desk import Desk, House, News
from commands.grammar import read
from commands.run import answer
from commands.table import TABLE
from storage import admins, languages, outbox, people
from storage.engine import Engine, Transaction
from storage.model import Chat, Kind, Millis, Outbound
from storage.number import Number
from tests.people import ADMIN, LINE, NOON, OTHER_LINE

SECOND_ADMIN = Number("+447700900101")

HOUSE = House(
    service_name="Private SMS",
    lines=(LINE, OTHER_LINE),
    admins=frozenset({ADMIN, SECOND_ADMIN}),
    region=None,
    chat_ttl=None,
    code_key=b"a key for tests",
    new_code=lambda: "4821",
    news=News.OFF,  # most tests listen to what participants hear
)


class Room:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.house = HOUSE
        self.now = NOON
        self.sent: list[tuple[Number, str]] = []  # since the last `heard`
        self._refs: Iterator[int] = count(1)

    def change(self, **settings: object) -> None:
        self.house = replace(self.house, **settings)  # type: ignore[arg-type]

    async def say(self, text: str, *, admin: Number = ADMIN, line: Number = LINE) -> list[str]:
        """The answers, one for each command in the text; none where there is silence."""
        answers = []
        async with self.engine.transaction() as tx:
            for item in read(text, self.house.region, TABLE).items:
                chosen = (await languages.chosen(tx, [admin])).get(admin)
                desk = self.desk(
                    tx, admin=admin, line=line, is_admin=await self._is_admin(tx, admin), language=chosen
                )  # fmt: skip
                answers.append(await answer(desk, item))
                self.sent += [(each.recipient, each.text) for each in desk.outgoing]
        return [said for said in answers if said is not None]

    async def ask(self, text: str, *, admin: Number = ADMIN, line: Number = LINE) -> str:
        [said] = await self.say(text, admin=admin, line=line)
        return said

    def heard(self) -> list[tuple[Number, str]]:
        """What people were sent since this was last asked."""
        sent, self.sent = self.sent, []
        return sent

    def desk(
        self,
        tx: Transaction,
        *,
        admin: Number | None = ADMIN,
        line: Number | None = LINE,
        is_admin: bool = True,
        language: str | None = None,
        stamped_at: Millis | None = None,
    ) -> Desk:
        return Desk(
            tx=tx, house=self.house, admin=admin, line=line, now=self.now, is_admin=is_admin, language=language,
            stamped_at=stamped_at,
        )  # fmt: skip

    async def _is_admin(self, tx: Transaction, number: Number) -> bool:
        return number in await admins.everyone(tx, self.house.admins)

    async def speaks(self, number: Number, language: str) -> None:
        async with self.engine.transaction() as tx:
            await languages.choose(tx, number, language, self.now)

    async def opts_out(self, number: Number) -> None:
        async with self.engine.transaction() as tx:
            await people.opt_out(tx, number, source="text", now=self.now)

    async def texts(self, chat: Chat, text: str = "on my way") -> None:
        """Side A's text, waiting to be sent to B."""
        leaving = Outbound(chat.b.line, chat.b.number, text, Kind.RELAY, chat=chat.id, sender=chat.a.seat)
        async with self.engine.transaction() as tx:
            await outbox.enqueue(tx, [(leaving, f"ref{next(self._refs)}")], self.now)
