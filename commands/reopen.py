"""REOPEN: the same two people again."""

from __future__ import annotations

from commands import arguments, pairing, seating, undo
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage.undoable import Act


@command(
    "REOPEN",
    usage="REOPEN 12",
    example="REOPEN 12",
    summary="open a closed chat again; both people are told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.chat_id,
    news="news_reopen",
)
async def reopen(desk: Desk, chat_id: int) -> str:
    chat = await pairing.reopen(desk, await desk.chat_known(chat_id))
    await undo.remember(desk, Act.REOPEN, chat=chat)
    changed = seating.changed(chat)
    return desk.text(
        "open_again_changeover" if changed else "open_again",
        chat=chat, number=chat.a.number, other=chat.b.number, id=chat.id, changed=changed,
    )  # fmt: skip
