"""Carrying out what a line says, and answering it."""

from __future__ import annotations

from commands import confirm, deed
from commands.desk import Desk, Refused
from commands.grammar import Item, Misspoken, Spoken
from storage.engine import must_be_alone


async def answer(desk: Desk, item: Item) -> str | None:
    """The text for the asker; None: silence. What it means for others is in `desk.outgoing`."""
    must_be_alone(desk.tx)
    try:
        return await carry_out(desk, item)
    except Refused as refused:
        return desk.text(refused.key, **refused.values)


async def carry_out(desk: Desk, item: Item) -> str | None:
    """As `answer`, for callers that want to know of a refusal: raises Refused."""
    match item:
        case Misspoken():
            return _corrected(desk, item)
        case Spoken(command) if command.role > desk.role:
            raise Refused("unknown", word=command.verb)
        case Spoken(command) if item.digits is not None and desk.asker.number not in desk.house.authenticators:
            raise Refused("no_authenticator", verb=command.verb)
        case Spoken() if confirm.is_needed(desk, item):
            return await confirm.ask(desk, item)
        case Spoken():
            return await deed.do(desk, item)


def _corrected(desk: Desk, item: Misspoken) -> str:
    wrong = desk.text(item.key, **item.values)
    if item.command is None:
        return wrong
    return desk.text("misused", fault=wrong, usage=item.command.usage, example=item.command.example)
