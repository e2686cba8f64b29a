"""Doing what was asked for: the audit log hears of it, and so may the other admins."""

from __future__ import annotations

from commands import news
from commands.command import Grade
from commands.desk import Desk, Refused
from commands.grammar import Spoken
from storage import audit
from storage.audit import Kind


async def do(desk: Desk, spoken: Spoken) -> str | None:
    """The answer. Raises Refused, after that has been recorded too."""
    command = spoken.command
    if command.grade is Grade.CODE:  # what it brings the code for is recorded in its place
        return await command.does(desk, spoken.arguments)
    try:
        said = await command.does(desk, spoken.arguments)
    except Refused as refused:
        await _record(desk, spoken, f"refused: {refused.key}")
        raise
    await _record(desk, spoken, "done")
    await news.tell_of(desk, command)
    return said


async def _record(desk: Desk, spoken: Spoken, outcome: str) -> None:
    about = desk.about
    chat = None if about.chat is None else about.chat.id
    await audit.record(
        desk.tx, Kind.ACT, spoken.command.verb, who=desk.asker.number, now=desk.now,
        outcome=outcome, whom=about.number, chat=chat,
    )  # fmt: skip
