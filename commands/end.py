"""END, in all its forms: a chat closes, or every chat."""

from __future__ import annotations

from commands import arguments, pairing, undo
from commands.arguments import ChatRef
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from commands.pairing import Reason
from storage import chats, undoable
from storage.undoable import Act


@command(
    "END",
    "CLOSE",
    usage="END [12 | label | num]",
    example="END 12",
    summary="close a chat; both people are told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.chat,
    news="news_end",
)
async def end(desk: Desk, which: ChatRef | None) -> str:
    chat = await desk.chat_meant(which, "END")
    await pairing.close(desk, chat, Reason.ADMIN)
    await undo.remember(desk, Act.END, chat=chat)
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
    news="news_end_all",
)
async def end_all(desk: Desk, _: None) -> str:
    count = 0
    while page := await chats.open_chats(desk.tx):
        for chat in page:
            await pairing.close(desk, chat, Reason.ADMIN)
        count += len(page)
    if not count:
        raise Refused("none_open")
    await undoable.forget(desk.tx, desk.asker.number)  # what came before is not the last act any more
    return desk.text("closed_all", count=count)
