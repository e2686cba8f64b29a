"""PAIR: two people get a chat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commands import arguments, durations, pairing, seating, undo
from commands.arguments import Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk
from commands.words import CLOSING, plain
from storage.model import Millis
from storage.number import Number
from storage.undoable import Act

CLAUSE = re.compile(r"(?<!\S)(as|for)\s+(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    a: Number
    b: Number
    label: str | None = None
    length: Millis | None = None


def reads(text: str, region: str | None) -> Pair:
    text = plain(text).rstrip(CLOSING)
    said = CLAUSE.findall(text)
    clauses = {name.casefold(): value for name, value in said}
    numbers, left = arguments.numbers(CLAUSE.sub(" ", text), region)
    if len(numbers) != 2:
        raise Unfit("needs_two_numbers", count=len(numbers))
    if left:
        raise Unfit("bad_word", word=left[0])
    if len(clauses) < len(said):
        raise Unfit("bad_word", word=said[-1][1])
    length = arguments.duration(clauses["for"]) if "for" in clauses else None
    a, b = numbers
    return Pair(a, b, clauses.get("as"), length)


@command(
    "PAIR",
    usage="PAIR num num [AS label] [FOR 2H]",
    example="PAIR +447700900001 +447700900002",
    summary="open a chat; both people are told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads,
    news="news_pair",
)
async def pair(desk: Desk, asked: Pair) -> str:
    expires_at = None if asked.length is None else desk.now + asked.length
    chat = await pairing.pair(desk, asked.a, asked.b, asked.label, expires_at)
    desk.about.chat = chat
    await undo.remember(desk, Act.PAIR, chat=chat)
    changed = seating.changed(chat)
    about = {"chat": chat, "number": asked.a, "other": asked.b, "id": chat.id, "changed": changed}
    if asked.length is None:
        return desk.text("paired_changeover" if changed else "paired", **about)
    key = "paired_until_changeover" if changed else "paired_until"
    return desk.text(key, **about, time=durations.spell(asked.length))
