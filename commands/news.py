"""What the other admins are told: of acts, as far as ADMIN_NEWS says, and always of what endangers them."""

from __future__ import annotations

from typing import Any

from commands.command import Command, Grade
from commands.desk import Desk, News
from storage import admins
from storage.model import Kind, Outbound

TOLD = {News.OFF: (), News.GRAVE: (Grade.GRAVE,), News.ALL: (Grade.GRAVE, Grade.CHANGING)}


async def tell_of(desk: Desk, command: Command[Any]) -> None:
    """That it was done, and about which chat or person."""
    key = desk.about.news or command.news
    if key is None or desk.about.unchanged or command.grade not in TOLD[desk.house.news]:
        return
    about = {"chat": desk.about.chat, "number": desk.about.number}
    await tell(desk, key, **{name: value for name, value in about.items() if value is not None})


async def tell(desk: Desk, key: str, **values: object) -> None:
    """Every admin but the one who asks, and whom it is about: that one is told in other words."""
    words = desk.text(key, admin=desk.asker.number, **values)
    for number in await admins.everyone(desk.tx, desk.house.admins):
        if number not in (desk.asker.number, desk.about.number):
            desk.outgoing.append(Outbound(desk.house.lines[0], number, words, Kind.NOTICE))
