"""The play: one long conversation by chance over the real process, with every command, fault and odd request."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.canary.cast import Cast, Person
from tests.canary.script import (
    COMMANDS,
    GRAVE,
    PLANTED,
    PLANTED_IN_API,
    PLANTED_IN_SENDING,
    RECEIPT_FAULTS,
    SEND_FAULTS,
    WEBHOOK_FAULTS,
    words,
)
from tests.canary.surfaces import Surface
from tests.canary.visitor import Visitor
from tests.canary.witness import Witness
from tests.emulation import Emulated
from tests.people import LINE, OTHER_LINE
from tests.process import Service
from tests.spellings import MANNERS


@dataclass
class Play:
    cast: Cast
    chance: Random
    service: Service
    vonage: Emulated
    visitor: Visitor
    witness: Witness
    chats: dict[tuple[str, str], Person] = field(default_factory=dict)  # phone and line: who is at the other end

    async def perform(self) -> list[Surface]:
        await self.open_chats()
        await self.talk(16)
        await self.command(self.cast.admins)
        await self.make_an_admin()
        await self.visitor.ask_oddly()
        await self.break_things()
        await self.talk(16)
        await self.opt_out()
        await self.interrupt()
        await self.talk(8)
        await self.command([self.cast.made])
        await self.end()
        return [*self.witness.surfaces, *self.visitor.answers]

    async def open_chats(self) -> None:
        """Everybody has a partner; the first is in a second chat; an admin is in one too."""
        ada, abe = self.cast.admins
        who = [*self.cast.people, abe]
        for one, other in zip(who[::2], who[1::2], strict=True):
            manner = self.chance.choice(MANNERS[:3])
            await self.text(ada, f"PAIR {one.phone} {other.phone} AS job{self.chance.randint(1, 99)}x")
            await self.witness.quiet()
            await self.visitor.ask("POST", "/chat", data={"userANumber": manner(one.number), "userBNumber": "1"})
        first, last = who[0], who[-2]
        await self.visitor.ask(
            "POST", "/chat", json={"userANumber": first.phone, "userBNumber": last.number.digits(), "ttl": "2h"}
        )
        await self.witness.quiet()
        await self.learn_seats()

    async def learn_seats(self) -> None:
        told = json.loads(await self.visitor.ask("GET", "/chats?state=all"))
        shown = {str(each.number): each for each in self.cast.everybody}
        for chat in told["chats"]:
            a, b = chat["participants"]
            for me, partner in ((a, b), (b, a)):
                self.chats[shown[me["number"]].phone, me["line"]] = shown[partner["number"]]
        assert len(self.chats) == 12, "all were paired"

    # Texts

    async def text(self, person: Person, text: str, line: str = LINE.e164()) -> None:
        await self.vonage.send(person.phone, line, text)

    async def talk(self, count: int) -> None:
        seats = sorted(self.chats)
        people = {each.phone: each for each in self.cast.everybody}
        said = [self.chance.choice(seats) for _ in range(count)]
        await asyncio.gather(*(self.say(people[phone], line, self.chats[phone, line]) for phone, line in said))
        await self.strangers()
        await self.witness.quiet()

    async def say(self, me: Person, line: str, partner: Person) -> None:
        token = self.cast.token(partner)
        if self.chance.random() < 0.1:
            octets = f"{token} {partner.phone}".encode().hex()
            await self.phone(me.phone, {"to": line, "data": octets})
            return
        dot = "." if me in self.cast.admins else ""  # or it may be a command
        await self.text(me, dot + words(self.chance, token, me, partner, self.cast.stranger), line)

    async def strangers(self) -> None:
        await self.text(self.cast.stranger, f"who are you? {self.cast.token()} {self.cast.people[0].phone}")
        await self.phone("60777", {"to": LINE.e164(), "text": f"win {self.cast.token()}"})
        await self.phone("PROMO", {"to": OTHER_LINE.e164(), "text": f"sale {self.cast.token()}"})

    async def opt_out(self) -> None:
        person = self.cast.people[2]
        line = next(line for phone, line in self.chats if phone == person.phone)
        await self.text(person, "#LANG FR", line)
        for word in ("STOP", "START"):
            await self.text(person, word, line)
            await self.talk(4)

    async def phone(self, number: str, sent: dict[str, str]) -> None:
        async with self.vonage.http.post(f"{self.vonage.url}/phones/{number}/send", json=sent) as answer:
            assert answer.status == 201, await answer.text()

    # Commands

    async def command(self, admins: Sequence[Person]) -> None:
        """All there are, in an order by chance; of the grave ones none is confirmed."""
        for command in self.chance.sample(COMMANDS, len(COMMANDS)):
            admin = admins[0] if command.startswith(GRAVE) else self.chance.choice(admins)
            await self.text(admin, self.filled(command, admin), self.command_line(admin))
        await self.speak()
        await self.witness.quiet()

    def filled(self, command: str, admin: Person) -> str:
        person = self.cast.stranger if command.startswith(("BLOCK", "ADMIN")) else self.chance.choice(self.cast.people)
        filled = command.replace("{token}", self.cast.token(admin)).replace("{number}", person.phone)
        return filled.replace("{tail}", person.phone[-4:]).replace("{digits}", person.number.digits())

    def command_line(self, admin: Person) -> str:
        """One on which the admin is in no chat: there a text that is no command is for nobody else."""
        return next(line.e164() for line in (LINE, OTHER_LINE) if (admin.phone, line.e164()) not in self.chats)

    async def speak(self) -> None:
        ada, first, second = self.cast.admins[0], *self.cast.people[:2]
        await self.text(ada, f"SAY 1 {self.cast.token(first, second)} {first.phone} {second.number.digits()}")
        await self.text(ada, f"TELL 1A {self.cast.token(first)} {second.phone}")
        await self.text(ada, f"TELL 1B {self.cast.token(second)}")

    async def confirm(self, admin: Person, command: str) -> None:
        verb = " ".join(command.split()[:2])
        known = codes = await self.codes(admin, verb)
        await self.text(admin, command, self.command_line(admin))
        while codes == known:
            codes = await self.codes(admin, verb)
        await self.text(admin, f"OK {codes[-1]}", self.command_line(admin))
        await self.witness.quiet()

    async def codes(self, admin: Person, verb: str) -> list[str]:
        asked = re.compile(rf"^{verb}\b.*Reply OK (\d{{4}})")
        return [found[1] for text in await self.vonage.received(admin.phone) if (found := asked.match(text))]

    async def make_an_admin(self) -> None:
        await self.confirm(self.cast.admins[1], f"ADMIN ADD {self.cast.made.phone}")

    # Faults

    async def break_things(self) -> None:
        """The emulator's, each for somebody; and ours, planted in deciding, in sending and in the API."""
        one, other = self.cast.people[:2]
        line = next(line for phone, line in self.chats if phone == one.phone and self.chats[phone, line] == other)
        await self.text(one, f"{PLANTED} {self.cast.token()} {other.phone}", line)
        await self.text(one, f"{PLANTED_IN_SENDING} {self.cast.token(other)}", line)
        numbers = {"userANumber": self.cast.stranger.phone, "userBNumber": one.phone}
        await self.visitor.ask("POST", "/chat", json=numbers | {"label": PLANTED_IN_API, "ttl": self.cast.token()})
        await self.witness.quiet()
        for kind in (*SEND_FAULTS, *RECEIPT_FAULTS, *WEBHOOK_FAULTS):
            fault = {"kind": kind, "number": self.chance.choice(self.cast.people).phone, "times": 1}
            async with self.vonage.http.post(f"{self.vonage.url}/faults", json=fault) as answer:
                assert answer.status == 201

    async def interrupt(self) -> None:
        """A copy, and a kill in the middle of it all; what lies there then; and on, with logs in the other form."""
        await self.witness.tool("backup", "kept/copy.db")
        talking = asyncio.create_task(self.talk(8))
        await asyncio.sleep(self.chance.uniform(0, 0.05))
        await self.service.end(signal.SIGKILL)
        self.witness.look_at_disk("after the kill")
        self.service.settings["LOG_FORMAT"] = "json"
        await self.service.start()
        await talking

    async def end(self) -> None:
        second = self.cast.admins[1]
        # Its code waits while the disk is looked at.
        await self.text(second, f"ADMIN ADD {self.cast.people[3].phone}", self.command_line(second))
        await self.witness.quiet()
        await self.visitor.ask_oddly()
        self.witness.look_at_disk("while it runs")
        await self.confirm(second, "END ALL")
        await self.visitor.ask("GET", "/metrics")
        await self.witness.tool("audit", "--json")
        await self.service.end()
        self.witness.look_at_disk("at the end")
        await self.witness.look_at_phones()
        self.witness.look_at_log()
