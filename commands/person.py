"""Whom a command means: somebody by number, or by the last four digits where these are nobody else's."""

from __future__ import annotations

from collections.abc import Sequence

from commands.arguments import PersonRef
from commands.desk import Desk, Refused
from storage import people
from storage.number import Number


def the_one(desk: Desk, found: Sequence[Number], digits: str) -> Number:
    """Raises Refused when these are several people, or none."""
    if not found:
        raise Refused("unknown_tail", word=digits)
    if len(found) > 1:
        raise Refused("several_tails", word=digits)
    desk.about.number = found[0]
    return found[0]


async def in_open_chat(desk: Desk, ref: PersonRef) -> Number:
    """Four digits mean somebody in an open chat."""
    if isinstance(ref, Number):
        desk.about.number = ref
        return ref
    return the_one(desk, await people.in_chats_ending_in(desk.tx, ref.digits, open_only=True), ref.digits)


async def ever_in_chat(desk: Desk, ref: PersonRef) -> Number:
    """Four digits mean somebody in an open chat, else somebody who ever was in one."""
    if isinstance(ref, Number):
        desk.about.number = ref
        return ref
    found = await people.in_chats_ending_in(desk.tx, ref.digits, open_only=True)
    found = found or await people.in_chats_ending_in(desk.tx, ref.digits, open_only=False)
    return the_one(desk, found, ref.digits)
