"""Where a command is carried out: the house it belongs to, who asks, and what goes out because of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from commands import durations, languages
from commands.arguments import ChatRef, Label
from commands.catalogue import Catalogue
from commands.command import Command, Role
from commands.destinations import Destinations
from commands.durations import HOUR, MINUTE
from commands.languages import Languages
from commands.leakguard import Rules
from storage import chats
from storage.engine import Transaction
from storage.model import Chat, Kind, Millis, Outbound, Seat, Side
from storage.number import Number

LISTED = 20  # more open chats than one text has room to name


class Refused(Exception):
    """It cannot be done, and nothing was changed. `key` names the text that says why, `code` is for programs."""

    def __init__(self, key: str, code: str | None = None, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.code = code or key
        self.values = values


class Codes(StrEnum):
    """Which commands ask for a code."""

    GRAVE = "grave"
    ALL = "all"  # whatever changes something


class News(StrEnum):
    """Of which acts the other admins are told."""

    OFF = "off"
    GRAVE = "grave"
    ALL = "all"  # whatever changes something


@dataclass(frozen=True, slots=True)
class House:
    service_name: str
    lines: tuple[Number, ...]
    admins: frozenset[Number]  # of the settings; others are in the database
    region: str | None
    chat_ttl: Millis | None
    code_key: bytes = field(repr=False)
    new_code: Callable[[], str]  # four digits, from `secrets`
    destinations: Destinations = field(default_factory=Destinations)  # whom we may text
    trouble: Callable[[], str | None] = lambda: None  # why no text leaves just now
    refused: Callable[[], str | None] = lambda: None  # which webhooks were refused of late, and what to look at
    codes: Codes = Codes.GRAVE
    news: News = News.GRAVE
    rules: Rules = field(default_factory=Rules)  # of the leak guard, in chats without their own
    authenticators: Mapping[Number, str] = field(default_factory=dict, repr=False)  # each admin's secret, in base32
    languages: Languages = field(default_factory=languages.load, repr=False)
    language: str | None = None  # of who has chosen none; None: that of each number's country
    quarantine: Millis = 96 * HOUR  # how long a line rests for a person before somebody else writes to them there
    quarantine_strict: bool = False  # rather than on a line that has not rested, no chat is opened
    changeover: Millis = 10 * MINUTE  # after a chat's end, within which the first text to somebody new is sent back

    def text(self, key: str, /, **values: object) -> str:
        """In English, for programs."""
        return self.fill(self.languages.english, key, **values)

    def text_to(self, number: Number, chosen: str | None, key: str, /, **values: object) -> str:
        """In the language of whose number it is, who may have chosen one."""
        return self.fill(self.texts_for(number, chosen), key, **values)

    def texts_for(self, number: Number, chosen: str | None) -> Catalogue:
        return self.languages.spoken_by(number, chosen, self.language)

    def fill(self, texts: Catalogue, key: str, /, **values: object) -> str:
        return texts.text(key, service=self.service_name, languages=self.languages.listed(texts.encoding), **values)


@dataclass(slots=True)
class About:
    """What a command turned out to be about, for the audit log and for the news; filled in while it is done."""

    chat: Chat | None = None
    number: Number | None = None
    news: str | None = None  # in place of the row's own
    unchanged: bool = False  # it was only looked at: no news


@dataclass(frozen=True, slots=True)
class Desk:
    """One asking. `outgoing` gathers the texts to people; the answer to the asker is what a command returns."""

    tx: Transaction
    house: House
    admin: Number | None  # None: asked over the HTTP API
    line: Number | None
    now: Millis
    is_admin: bool = False
    language: str | None = None  # that the asker has chosen
    stamped_at: Millis | None = None  # of the asking text, by the clock of all texts that come in
    outgoing: list[Outbound] = field(default_factory=list)
    about: About = field(default_factory=About)

    @property
    def asker(self) -> Seat:
        if self.admin is None or self.line is None:
            raise LookupError("asked over the HTTP API, by nobody with a phone")
        return Seat(self.admin, self.line)

    @property
    def role(self) -> Role:
        return Role.ADMIN if self.is_admin else Role.PERSON

    @property
    def texts(self) -> Catalogue:
        """In the asker's language."""
        if self.admin is None:
            return self.house.languages.english
        return self.house.texts_for(self.admin, self.language)

    def text(self, key: str, /, **values: object) -> str:
        return self.house.fill(self.texts, key, **values)

    def summary(self, row: Command[Any]) -> str:
        return self.texts.summaries.get(row.verb, row.summary)

    def notify(self, seat: Seat, key: str, chat: Chat, /, introduces: Side | None = None, **values: object) -> None:
        """Somebody of that chat, in their own language. `introduces`: it tells that side that it is somebody new."""
        chosen = next((each.language for each in chat.participants if each.number == seat.number), None)
        words = self.house.text_to(seat.number, chosen, key, **values)
        self.outgoing.append(Outbound(seat.line, seat.number, words, Kind.NOTICE, chat.id, introduces=introduces))

    async def chat_known(self, chat_id: int) -> Chat:
        """Open or closed."""
        if (chat := await chats.find(self.tx, chat_id)) is None:
            raise Refused("no_such_chat", id=chat_id)
        self.about.chat = chat
        return chat

    async def chat_meant(self, ref: ChatRef | None, verb: str) -> Chat:
        """The one open chat that is meant. Raises Refused with the list of those it could be."""
        match ref:
            case None:
                found, none = await self._own_or_only(), Refused("none_open")
            case int():
                return self._still_open(await self.chat_known(ref))
            case Label(text):
                found, none = await chats.labelled(self.tx, text), Refused("unknown_label", label=text)
            case Number():
                found, none = await chats.open_of(self.tx, ref), Refused("not_in_chat", number=ref)
        if not found:
            raise none
        if len(found) > 1:
            raise Refused("which_chat", list=self._listed(found), verb=verb, id=found[0].id)
        self.about.chat = found[0]
        return found[0]

    async def _own_or_only(self) -> list[Chat]:
        own = await chats.open_of(self.tx, self.asker.number)
        here = [chat for chat in own if self.asker in (chat.a.seat, chat.b.seat)]
        return here or own or await chats.open_chats(self.tx, limit=LISTED)

    def _still_open(self, chat: Chat) -> Chat:
        if not chat.open:
            raise Refused("not_open", chat=chat, id=chat.id, time=self.since(chat.closed_at))
        return chat

    def since(self, then: Millis | None) -> str:
        return durations.spell(max(self.now - (then or self.now), 0))

    def listed(self, name: str, entries: Sequence[str]) -> str:
        """As many of them as have room in that field, and whether there are more."""
        shown = self.texts.fitting(name, entries, ", ", more=" ...")
        return ", ".join(shown) + " ..." * (len(shown) < len(entries))

    def _listed(self, found: Sequence[Chat]) -> str:
        return self.listed("list", [f"{chat.id} {self.texts.cut('label', chat.label or '')}".strip() for chat in found])
