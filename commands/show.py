"""SHOW: how one chat stands."""

from __future__ import annotations

from commands import arguments, durations
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage.model import Chat


@command(
    "SHOW",
    usage="SHOW 12",
    example="SHOW 12",
    summary="a chat's people, lines, counts, last text and end",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.chat_id,
)
async def show(desk: Desk, chat_id: int) -> str:
    chat = await desk.chat_known(chat_id)
    sides = {
        "number": chat.a.number, "count": chat.a.texts, "line": chat.a.line,
        "other": chat.b.number, "others": chat.b.texts, "lines": chat.b.line,
    }  # fmt: skip
    if chat.open:
        return desk.text("show_open", chat=chat, **sides, last=_last(desk, chat), ends=_ends(desk, chat))
    closed = {"time": desk.since(chat.closed_at), "reason": chat.closed_reason}
    return desk.text("show_closed", chat=chat, **sides, **closed, last=_last(desk, chat))


def _last(desk: Desk, chat: Chat) -> str:
    if chat.last_text_at is None:
        return desk.text("last_never")
    return desk.text("last_text", time=desk.since(chat.last_text_at))


def _ends(desk: Desk, chat: Chat) -> str:
    if chat.expires_at is not None:
        return desk.text("ends_in", time=durations.spell(max(chat.expires_at - desk.now, 0)))
    if desk.house.chat_ttl is not None:
        return desk.text("ends_idle", time=durations.spell(desk.house.chat_ttl))
    return desk.text("ends_never")
