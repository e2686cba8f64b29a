"""LIST and NEXT: the open chats, a page per text."""

from __future__ import annotations

from collections.abc import Sequence

from commands import arguments
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from storage import chats, people
from storage.model import Chat

PAGE = 12  # more chats than one text has room for


@command(
    "LIST",
    usage="LIST [label or digits]",
    example="LIST job",
    summary="the open chats with their last four digits; NEXT leafs on",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.one_word,
)
async def list_chats(desk: Desk, sought: str | None) -> str:
    return await _page(desk, after=0) if sought is None else await _found(desk, sought)


@command(
    "NEXT",
    usage="NEXT",
    example="NEXT",
    summary="the next page of LIST",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.nothing,
)
async def next_page(desk: Desk, _: None) -> str:
    after = await people.page_of(desk.tx, desk.asker.number)
    if after is None:
        raise Refused("list_over")
    return await _page(desk, after)


async def _page(desk: Desk, after: int) -> str:
    found = await chats.open_chats(desk.tx, after=after, limit=PAGE)
    if not found:
        raise Refused("list_over" if after else "none_open")
    shown = _shown(desk, found)
    more = len(shown) < len(found)
    await people.turn_page(desk.tx, desk.asker.number, after=found[len(shown) - 1].id if more else None, now=desk.now)
    count = await chats.count_open(desk.tx)
    return desk.text("list_more" if more else "list_all", count=count, page=", ".join(shown))


async def _found(desk: Desk, sought: str) -> str:
    await people.turn_page(desk.tx, desk.asker.number, after=None, now=desk.now)
    found = await chats.matching(desk.tx, sought, limit=PAGE)
    if not found:
        return desk.text("list_nothing", word=sought)
    shown = _shown(desk, found)
    more = len(shown) < len(found)
    return desk.text("list_found_more" if more else "list_found", word=sought, page=", ".join(shown))


def _shown(desk: Desk, found: Sequence[Chat]) -> Sequence[str]:
    return desk.texts.fitting("page", [_entry(desk, chat) for chat in found], ", ", more="")


def _entry(desk: Desk, chat: Chat) -> str:
    label = desk.texts.cut("label", chat.label or "")
    return " ".join(filter(None, (str(chat.id), label, f"{chat.a.number.tail}+{chat.b.number.tail}")))
