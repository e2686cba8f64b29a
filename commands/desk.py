"""Where a command is carried out: the house it belongs to, who asks, and what goes out because of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from commands import durations, gsm
from commands.arguments import ChatRef, Label
from commands.catalogue import ROOM, Catalogue, fitting
from commands.command import Role
from commands.destinations import Destinations
from storage import chats
from storage.engine import Transaction
from storage.model import Chat, Kind, Millis, Outbound, Seat
from storage.number import Number

LISTED = 20  # more open chats than one text has room to name


class Refused(Exception):
    """It cannot be done, and nothing was changed. `key` names the text that says why, `code` is for programs."""

    def __init__(self, key: str, code: str | None = None, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.code = code or key
        self.values = values


@dataclass(frozen=True, slots=True)
class House:
    service_name: str
    lines: tuple[Number, ...]
    admins: frozenset[Number]
    region: str | None
    chat_ttl: Millis | None
    texts: Catalogue
    code_key: bytes
    new_code: Callable[[], str]  # four digits, from `secrets`
    destinations: Destinations = field(default_factory=Destinations)  # whom we may text
    trouble: Callable[[], str | None] = lambda: None  # why no text leaves just now
    refused: Callable[[], str | None] = lambda: None  # which webhooks were refused of late, and what to look at

    def text(self, key: str, **values: object) -> str:
        return self.texts.text(key, service=self.service_name, **values)


@dataclass(frozen=True, slots=True)
class Desk:
    """One asking. `outgoing` gathers the texts to people; the answer to the asker is what a command returns."""

    tx: Transaction
    house: House
    admin: Number | None  # None: asked over the HTTP API
    line: Number | None
    now: Millis
    outgoing: list[Outbound] = field(default_factory=list)

    @property
    def asker(self) -> Seat:
        if self.admin is None or self.line is None:
            raise LookupError("asked over the HTTP API, by nobody with a phone")
        return Seat(self.admin, self.line)

    @property
    def role(self) -> Role:
        return Role.ADMIN if self.admin in self.house.admins else Role.PERSON

    def text(self, key: str, **values: object) -> str:
        return self.house.text(key, **values)

    def notify(self, seat: Seat, key: str, chat: Chat, **values: object) -> None:
        self.outgoing.append(Outbound(seat.line, seat.number, self.text(key, **values), Kind.NOTICE, chat.id))

    async def chat_known(self, chat_id: int) -> Chat:
        """Open or closed."""
        if (chat := await chats.find(self.tx, chat_id)) is None:
            raise Refused("no_such_chat", id=chat_id)
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
            raise Refused("which_chat", list=_listed(found), verb=verb, id=found[0].id)
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


def _listed(found: Sequence[Chat]) -> str:
    names = [f"{chat.id} {gsm.cut(chat.label or '', ROOM['label'])}".strip() for chat in found]
    shown = fitting("list", names, ", ", more=" ...")
    return ", ".join(shown) + (" ..." if len(shown) < len(names) else "")
