"""EXTEND: a chat gets a new end, counted from now."""

from __future__ import annotations

from dataclasses import dataclass

from commands import arguments, durations, pairing, undo
from commands.arguments import ChatRef, Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage.model import Millis
from storage.undoable import Act


@dataclass(frozen=True, slots=True)
class Extend:
    chat: ChatRef | None
    length: Millis


def reads(text: str, region: str | None) -> Extend:
    words = [word for word in arguments.words(text) if word.casefold() not in ("for", "by")]
    match words:
        case []:
            raise Unfit("needs_chat")
        case [_]:
            raise Unfit("needs_time")
        case several:
            chat, *length = several
            return Extend(arguments.chat(chat, region), arguments.duration("".join(length)))


@command(
    "EXTEND",
    usage="EXTEND 12 2D",
    example="EXTEND 12 2D",
    summary="a chat ends in that time from now, not before",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads,
    news="news_extend",
)
async def extend(desk: Desk, asked: Extend) -> str:
    chat = await desk.chat_meant(asked.chat, "EXTEND")
    await pairing.extend(desk, chat, desk.now + asked.length)
    await undo.remember(desk, Act.EXTEND, chat=chat, until=chat.expires_at)
    return desk.text("extended", chat=chat, time=durations.spell(asked.length), id=chat.id)
