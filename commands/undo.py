"""UNDO: an admin's own last act is taken back, within two minutes and if nobody has built on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from commands import arguments, pairing, seating
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from commands.durations import DAY, MINUTE
from commands.pairing import Reason
from storage import blocks, chats, undoable
from storage.model import Chat, Millis
from storage.number import Number
from storage.undoable import Act, Undoable

LIFE = 2 * MINUTE
KEEP = DAY  # long enough to say of an act that it is too late


async def remember(
    desk: Desk, act: Act, *, chat: Chat | None = None, number: Number | None = None, until: Millis | None = None
) -> None:
    """What was done just now may be taken back. `until`: the former end."""
    await undoable.remember(
        desk.tx, act, by=desk.asker.number, now=desk.now, keep=KEEP,
        chat=None if chat is None else chat.id, number=number, until=until,
    )  # fmt: skip


@command(
    "UNDO",
    usage="UNDO",
    example="UNDO",
    summary="take back your last act, within 2 minutes",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.nothing,
)
async def undo(desk: Desk, _: None) -> str:
    act = await undoable.last_of(desk.tx, desk.asker.number, after=desk.now - KEEP)
    if act is None:
        raise Refused("undo_nothing")
    if act.undone:
        raise Refused("undone_already", verb=act.act)
    if act.at + LIFE <= desk.now:
        raise Refused("undo_late", verb=act.act)
    if await undoable.is_overtaken(desk.tx, act):
        raise Refused("undo_overtaken", verb=act.act)
    said = await BACK[act.act](desk, act)
    await undoable.mark_undone(desk.tx, act)
    return said


async def _close(desk: Desk, act: Undoable) -> str:
    chat = await _chat(desk, act)
    if not chat.open:
        raise Refused("undo_closed", chat=chat, id=chat.id)
    await pairing.close(desk, chat, Reason.UNDONE)
    desk.about.news = "news_end"
    return desk.text("undone_closed", chat=chat, id=chat.id)


async def _open(desk: Desk, act: Undoable) -> str:
    chat = await _chat(desk, act)
    _check_not_over(desk, chat.expires_at)
    again = await pairing.reopen(desk, chat, expires_at=chat.expires_at)
    desk.about.news = "news_reopen"
    changed = seating.changed(again)
    key = "undone_opened_changeover" if changed else "undone_opened"
    return desk.text(key, chat=again, id=chat.id, changed=changed)


async def _shorten(desk: Desk, act: Undoable) -> str:
    chat = await _chat(desk, act)
    if not chat.open:
        raise Refused("undo_closed", chat=chat, id=chat.id)
    _check_not_over(desk, act.until)
    await chats.extend(desk.tx, chat.id, expires_at=act.until, now=desk.now)
    desk.about.news = "news_extend"
    return desk.text("undone_extended", chat=chat, id=chat.id)


async def _let_block_be_as_before(desk: Desk, act: Undoable) -> str:
    number = _number(desk, act)
    if act.until is None or act.until <= desk.now:
        await blocks.unblock(desk.tx, number)
        desk.about.news = "news_unblock"
        return desk.text("undone_block", number=number)
    await blocks.block(desk.tx, number, by=desk.asker.number, until=act.until, now=desk.now)
    desk.about.news = "news_block"
    return desk.text("undone_blocked_before", number=number)


async def _block_again(desk: Desk, act: Undoable) -> str:
    number = _number(desk, act)
    _check_not_over(desk, act.until)
    assert act.until is not None
    await blocks.block(desk.tx, number, by=desk.asker.number, until=act.until, now=desk.now)
    desk.about.news = "news_block"
    return desk.text("undone_unblock", number=number)


BACK: dict[Act, Callable[[Desk, Undoable], Awaitable[str]]] = {
    Act.PAIR: _close,
    Act.END: _open,
    Act.REOPEN: _close,
    Act.EXTEND: _shorten,
    Act.BLOCK: _let_block_be_as_before,
    Act.UNBLOCK: _block_again,
}


async def _chat(desk: Desk, act: Undoable) -> Chat:
    assert act.chat is not None
    return await desk.chat_known(act.chat)


def _number(desk: Desk, act: Undoable) -> Number:
    assert act.number is not None
    desk.about.number = act.number
    return act.number


def _check_not_over(desk: Desk, former_end: Millis | None) -> None:
    if former_end is not None and former_end <= desk.now:
        raise Refused("undo_over")
