"""WHOAMI: which number the service sees, and in what chat."""

from __future__ import annotations

from commands import arguments
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage import chats


@command(
    "WHOAMI",
    usage="WHOAMI",
    example="WHOAMI",
    summary="your number as I see it, and your chat on this line",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.nothing,
)
async def whoami(desk: Desk, _: None) -> str:
    me = {"number": desk.asker.number, "line": desk.asker.line}
    for chat in await chats.open_of(desk.tx, desk.asker.number):
        for participant in chat.participants:
            if participant.seat == desk.asker:
                return desk.text("whoami_chat", **me, side=participant.side, chat=chat)
    return desk.text("whoami", **me)
