"""END, in all its forms: a chat closes, or every chat."""

from __future__ import annotations

from commands import arguments, pairing
from commands.arguments import ChatRef
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from commands.pairing import Reason
from storage import chats


@command(
    "END",
    "CLOSE",
    usage="END [12 | label | num]",
    example="END 12",
    summary="close a chat; both people are told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.chat,
)
async def end(desk: Desk, which: ChatRef | None) -> str:
    chat = await desk.chat_meant(which, "END")
    await pairing.close(desk, chat, Reason.ADMIN)
    return desk.text("closed", chat=chat, number=chat.a.number, other=chat.b.number, id=chat.id)


@command(
    "END ALL",
    "CLOSE ALL",
    usage="END ALL",
    example="END ALL",
    summary="close every open chat; all people are told",
    role=Role.ADMIN,
    grade=Grade.GRAVE,
    reads=arguments.nothing,
)
async def end_all(desk: Desk, _: None) -> str:
    count = 0
    while page := await chats.open_chats(desk.tx):
        for chat in page:
            await pairing.close(desk, chat, Reason.ADMIN)
        count += len(page)
    if not count:
        raise Refused("none_open")
    return desk.text("closed_all", count=count)
