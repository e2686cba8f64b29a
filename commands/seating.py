"""On which line somebody sits in a chat, and what of their texts may have been meant for whom they had there before."""

from __future__ import annotations

from commands import durations
from commands.desk import Desk, Refused
from commands.durations import MINUTE
from storage import chats, lines
from storage.lines import LineUse, Sitting
from storage.model import Chat, Millis, Seat
from storage.number import Number

SLACK = 2 * MINUTE  # between our clock and the one of the stamps, where no text with a stamp opens the chat


async def sitting(desk: Desk, number: Number, partner: Number, *, rather: Number | None = None) -> Sitting:
    """Where `number` is to text with `partner`. `rather`: the line they had. Raises Refused when there is none."""
    taken = await lines.taken(desk.tx, number)
    free = [line for line in desk.house.lines if line not in taken]
    if not free:
        [first, *_] = await chats.open_of(desk.tx, number)
        raise Refused("no_free_line", number=number, id=first.id)
    uses = await lines.uses(desk.tx, number, partner=partner)
    line = rather if rather in free and _may_stay(desk, uses.get(rather)) else _best(desk, free, uses)
    use = uses.get(line)
    if desk.house.quarantine_strict and not _may_stay(desk, use):
        raise Refused("not_rested", number=number, time=durations.spell(_rests_for(desk, use)))
    return _as_taken(desk, Seat(number, line), use)


def changed(chat: Chat) -> str:
    """Of a chat opened just now: the last digits of who texted with somebody else there not long ago; or nothing."""
    return ", ".join(each.number.tail for each in chat.participants if each.guarded_until is not None)


def _as_taken(desk: Desk, seat: Seat, use: LineUse | None) -> Sitting:
    if use is None:
        return Sitting(seat)
    if use.same_partner:
        return Sitting(seat, use.fresh_from)
    opened_at = desk.now - SLACK if desk.stamped_at is None else desk.stamped_at
    if _rests_for(desk, use) <= 0:
        return Sitting(seat, opened_at)
    return Sitting(seat, opened_at, guarded_until=use.ended_at + desk.house.changeover)


def _best(desk: Desk, free: list[Number], uses: dict[Number, LineUse]) -> Number:
    """With the same partner again, so that their thread goes on; else a line never used, else the longest unused."""

    def order(line: Number) -> tuple[int, Millis, bool]:
        use = uses.get(line)
        if use is None:
            return (1, 0, line != desk.line)
        return (0, -use.ended_at, False) if use.same_partner else (2, use.ended_at, line != desk.line)

    return min(free, key=order)  # the first of equals, in the order of the pool


def _may_stay(desk: Desk, use: LineUse | None) -> bool:
    return use is None or use.same_partner or _rests_for(desk, use) <= 0


def _rests_for(desk: Desk, use: LineUse | None) -> Millis:
    """How long yet, before somebody else may write to this person there."""
    return 0 if use is None else use.ended_at + desk.house.quarantine - desk.now
