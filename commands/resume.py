"""RESUME: a chat that the loop breaker paused goes on."""

from __future__ import annotations

from commands import arguments
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from storage import chats, inbox


@command(
    "RESUME",
    usage="RESUME 12",
    example="RESUME 12",
    summary="a chat that was paused as in a loop goes on",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.chat_id,
    news="news_resume",
)
async def resume(desk: Desk, chat_id: int) -> str:
    chat = await desk.chat_meant(chat_id, "RESUME")
    if chat.paused_at is None:
        raise Refused("not_paused", chat=chat, id=chat.id)
    held = await inbox.count_held(desk.tx, chat.id, since=chat.paused_at)
    await chats.resume(desk.tx, chat.id)
    return desk.text("resumed", chat=chat, held=held, id=chat.id)
