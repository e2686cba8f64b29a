"""GUARD: what is done about other people's numbers, links and e-mail addresses in the texts of one chat."""

from __future__ import annotations

from dataclasses import dataclass

from commands import arguments
from commands.arguments import Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk
from commands.leakguard import Rules
from storage import chats
from storage.model import Chat, Guard

DEFAULT = "default"
DONE = {Guard.OFF: "guard_off", Guard.WARN: "guard_warn", Guard.MASK: "guard_mask"}


@dataclass(frozen=True, slots=True)
class Asked:
    """`said`: off, warn, mask or default; None: only how it is."""

    chat_id: int
    said: str | None

    @property
    def guard(self) -> Guard | None:
        return None if self.said in (None, DEFAULT) else Guard(self.said)


def reads(text: str, region: str | None) -> Asked:
    match arguments.words(text):
        case []:
            raise Unfit("needs_chat")
        case [chat]:
            return Asked(arguments.chat_id(chat, region), None)
        case [chat, said] if said.casefold() in (*Guard, DEFAULT):
            return Asked(arguments.chat_id(chat, region), said.casefold())
        case [_, said]:
            raise Unfit("bad_guard", word=said)
        case several:
            raise Unfit("bad_word", word=several[2])


@command(
    "GUARD",
    usage="GUARD 12 [OFF|WARN|MASK|DEFAULT]",
    example="GUARD 12 WARN",
    summary="hide numbers and links in a chat, or not",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads,
    news="news_guard",
)
async def guard(desk: Desk, asked: Asked) -> str:
    chat = await desk.chat_known(asked.chat_id)
    if asked.said is None:
        desk.about.unchanged = True
        return _told(desk, "guard_shown", chat, chat.guard)
    await chats.set_guard(desk.tx, chat.id, asked.guard)
    return _told(desk, "guard_set", chat, asked.guard)


def _told(desk: Desk, key: str, chat: Chat, own: Guard | None) -> str:
    rules: Rules = desk.house.rules.of_chat(own)
    numbers, links = desk.text(DONE[rules.numbers]), desk.text(DONE[rules.links])
    return desk.text(key, chat=chat, hidden=numbers, links=links)
