"""SAY and TELL: an admin's own words to both people of a chat, or to one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from commands import pairing
from commands.arguments import Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from commands.leakguard import OWN_ONLY, Guarded, guard
from storage.model import Chat, Side

SHAPE = re.compile(r"(?:chat\s+)?#?([1-9][0-9]{0,6})([ab])?(?![^\s:,])[:,]?\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Say:
    chat_id: int
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tell:
    chat_id: int
    side: Side
    words: str = field(repr=False)


def reads_say(text: str, region: str | None) -> Say:
    chat_id, side, words = _reads(text)
    if side is not None:
        raise Unfit("bad_chat", word=f"{chat_id}{side}")
    return Say(chat_id, words)


def reads_tell(text: str, region: str | None) -> Tell:
    chat_id, side, words = _reads(text)
    if side is None:
        raise Unfit("needs_side")
    return Tell(chat_id, side, words)


@command(
    "SAY",
    usage="SAY 12 text",
    example="SAY 12 Running late",
    summary="your text to both people of a chat",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads_say,
    takes_text=True,
    news="news_say",
)
async def say(desk: Desk, asked: Say) -> str:
    chat = await _open_chat(desk, asked.chat_id)
    words = guard(asked.words, [each.number for each in chat.participants], OWN_ONLY)
    heard = await pairing.reachable(desk, chat)
    for participant in heard:
        desk.notify(participant.seat, "said", chat, words=words.text)
    match heard:
        case [one, other]:
            said = desk.text("said_both", chat=chat, number=one.number, other=other.number)
        case [one]:
            other = chat.b if one == chat.a else chat.a
            said = desk.text("said_one_only", chat=chat, number=one.number, other=other.number)
        case _:
            raise Refused("cannot_tell_both", chat=chat)
    return _with_what_was_hidden(desk, said, words)


@command(
    "TELL",
    usage="TELL 12A text",
    example="TELL 12A Look outside",
    summary="your text to one person of a chat, A or B",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads_tell,
    takes_text=True,
    news="news_tell",
)
async def tell(desk: Desk, asked: Tell) -> str:
    chat = await _open_chat(desk, asked.chat_id)
    to = chat.side(asked.side)
    desk.about.number = to.number
    if to not in await pairing.reachable(desk, chat):
        raise Refused("cannot_tell", number=to.number)
    words = guard(asked.words, [each.number for each in chat.participants if each != to], OWN_ONLY)
    desk.notify(to.seat, "said", chat, words=words.text)
    return _with_what_was_hidden(desk, desk.text("said_one", chat=chat, number=to.number), words)


def _with_what_was_hidden(desk: Desk, said: str, words: Guarded) -> str:
    return desk.text("said_masked", said=said) if words.masked else said


def _reads(text: str) -> tuple[int, Side | None, str]:
    if (found := SHAPE.fullmatch(text.strip())) is None:
        raise Unfit("needs_chat")
    chat_id, side, words = found.groups()
    if not words:
        raise Unfit("needs_words")
    return int(chat_id), Side(side.upper()) if side else None, words


async def _open_chat(desk: Desk, chat_id: int) -> Chat:
    chat = await desk.chat_known(chat_id)
    if not chat.open:
        raise Refused("not_open_said", chat=chat, id=chat.id)
    return chat
