"""SHOW: how one chat stands."""

from __future__ import annotations

from commands import arguments, durations
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage import inbox
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
    sides: dict[str, object] = {
        "number": chat.a.number, "count": chat.a.texts, "line": chat.a.line,
        "other": chat.b.number, "others": chat.b.texts, "lines": chat.b.line,
    }  # fmt: skip
    if chat.open:
        return await _open(desk, chat, sides)
    closed = {"time": desk.since(chat.closed_at), "reason": chat.closed_reason}
    return desk.text("show_closed", chat=chat, **sides, **closed, last=_last(desk, chat))


async def _open(desk: Desk, chat: Chat, sides: dict[str, object]) -> str:
    held = await inbox.count_held(desk.tx, chat.id, since=chat.opened_at)
    if chat.paused_at is not None:
        paused = {"time": desk.since(chat.paused_at), "reason": chat.paused_reason, "held": held, "id": chat.id}
        return desk.text("show_paused", chat=chat, **sides, **paused)
    last, ends = _last(desk, chat), _ends(desk, chat)
    if held:
        return desk.text("show_held", chat=chat, **sides, last=last, held=held, ends=ends)
    return desk.text("show_open", chat=chat, **sides, last=last, ends=ends)


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
