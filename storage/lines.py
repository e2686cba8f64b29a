"""What a line has been to a person: with whom they texted there last, and how they sit there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Reading, Transaction
from storage.model import Millis, Seat, Side
from storage.number import Number


@dataclass(frozen=True, slots=True)
class LineUse:
    """A person's last chat on a line that has ended. `same_partner`: it was with whom was asked for, for certain."""

    same_partner: bool
    fresh_from: Millis | None
    ended_at: Millis


@dataclass(frozen=True, slots=True)
class Sitting:
    """A seat as it is taken. `fresh_from`: texts stamped up to then may have been meant for somebody else; None: nobody
    else was there. `guarded_until`: the seat was left by somebody else not long ago, so the first text stamped up to
    then is sent back, and nothing is passed on before the person was told that it is somebody new.
    """

    seat: Seat
    fresh_from: Millis | None = None
    guarded_until: Millis | None = None


async def uses(reading: Reading, number: Number, *, partner: Number) -> dict[Number, LineUse]:
    """By line, where this person has had a chat that ended."""
    rows = await reading.rows(
        "SELECT line, partner IS NOT NULL AND partner = $2, fresh_from, ended_at FROM line_use WHERE number = $1",
        reading.vault.index(number), reading.vault.index(partner),
    )  # fmt: skip
    return {Number(line): LineUse(bool(same), fresh_from, ended_at) for line, same, fresh_from, ended_at in rows}


async def taken(reading: Reading, number: Number) -> set[Number]:
    """The lines on which this person is in an open chat."""
    rows = await reading.rows(
        "SELECT line FROM participant WHERE number = $1 AND open = 1", reading.vault.index(number)
    )
    return {Number(line) for (line,) in rows}


async def sit(tx: Transaction, chat: int, sittings: Sequence[tuple[Side, Sitting]]) -> None:
    """How each of them sits in a chat that was opened just now, or opened again."""
    await tx.many(
        "UPDATE participant SET fresh_from = $3, guarded_until = $4, introduction = NULL WHERE chat = $1 AND side = $2",
        [(chat, side.value, each.fresh_from, each.guarded_until) for side, each in sittings],
    )


async def leave(tx: Transaction, chat: int, now: Millis) -> None:
    """Remember what the lines of a chat have been to its people; before it is closed.

    Who has not been told for certain that it was somebody new may have either in mind: nobody is the same partner then.
    """
    await tx.run(
        "INSERT INTO line_use (number, line, partner, fresh_from, ended_at)"
        " SELECT me.number, me.line,"
        "  CASE WHEN me.introduction IS NULL AND (me.guarded_until IS NULL OR me.guarded_until < $2)"
        "   THEN partner.number END,"
        "  me.fresh_from, $2"
        " FROM participant AS me JOIN participant AS partner ON partner.chat = me.chat AND partner.side <> me.side"
        " WHERE me.chat = $1 AND me.open = 1"
        " ON CONFLICT (number, line) DO UPDATE SET partner = excluded.partner, fresh_from = excluded.fresh_from,"
        " ended_at = excluded.ended_at",
        chat, now,
    )  # fmt: skip


async def send_back(tx: Transaction, sides: Sequence[tuple[int, Side]]) -> None:
    """Each (chat, side) has had its first text sent back: the next is passed on, once they were told."""
    await tx.many(
        "UPDATE participant SET guarded_until = NULL WHERE chat = $1 AND side = $2",
        [(chat, side.value) for chat, side in sides],
    )
