"""What the other admins are told: of acts, as far as ADMIN_NEWS says, and always of what endangers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commands.command import Command, Grade
from commands.desk import Desk, House, News
from storage import admins, languages
from storage.engine import Transaction
from storage.model import Kind, Outbound
from storage.number import Number

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
    everyone = await admins.everyone(desk.tx, desk.house.admins)
    others = [number for number in everyone if number not in (desk.asker.number, desk.about.number)]
    desk.outgoing.extend(await notices(desk.tx, desk.house, others, key, admin=desk.asker.number, **values))


async def notices(
    tx: Transaction, house: House, numbers: Sequence[Number], key: str, /, **values: object
) -> list[Outbound]:
    """That text to each of these admins, from the first line."""
    texts = await spoken(tx, house, numbers, key, **values)
    return [Outbound(house.lines[0], number, words, Kind.NOTICE) for number, words in zip(numbers, texts, strict=True)]


async def spoken(tx: Transaction, house: House, numbers: Sequence[Number], key: str, /, **values: object) -> list[str]:
    """That text in the language of each of these."""
    chosen = await languages.chosen(tx, numbers)
    return [house.text_to(number, chosen.get(number), key, **values) for number in numbers]
