"""What an admin may take back for a while: each act, on which chat or person, and what it was like before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number


class Act(StrEnum):
    PAIR = "PAIR"
    END = "END"
    REOPEN = "REOPEN"
    EXTEND = "EXTEND"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"


@dataclass(frozen=True, slots=True)
class Undoable:
    """`until`: the former end of the chat or of the block; None: there was none."""

    id: int
    act: Act
    chat: int | None
    number: Number | None
    until: Millis | None
    at: Millis
    undone: bool


async def remember(
    tx: Transaction,
    act: Act,
    *,
    by: Number,
    now: Millis,
    keep: Millis,
    chat: int | None = None,
    number: Number | None = None,
    until: Millis | None = None,
) -> None:
    """On a chat or on a number. `keep`: how long it may be taken back; what is older goes."""
    await tx.run("DELETE FROM undoable WHERE at <= $1", now - keep)
    await tx.run(
        "INSERT INTO undoable (admin, what, chat, number, until_before, at) VALUES ($1, $2, $3, $4, $5, $6)",
        by.e164, act.value, chat, number and number.e164, until, now,
    )  # fmt: skip


async def last_of(reading: Reading, admin: Number, *, after: Millis) -> Undoable | None:
    """The newest act of that admin's, undone or not."""
    row = await reading.row(
        "SELECT id, what, chat, number, until_before, at, undone FROM undoable"
        " WHERE admin = $1 AND at > $2 ORDER BY id DESC LIMIT 1",
        admin.e164, after,
    )  # fmt: skip
    if row is None:
        return None
    return Undoable(
        row[0], Act(row[1]), row[2], None if row[3] is None else Number(row[3]), row[4], row[5], bool(row[6])
    )


async def is_overtaken(reading: Reading, act: Undoable) -> bool:
    """Whether somebody has done something to the same chat or person since, and not taken it back."""
    row = await reading.row(
        "SELECT 1 FROM undoable WHERE id > $1 AND (chat = $2 OR number = $3) AND undone = 0 LIMIT 1",
        act.id, act.chat, act.number and act.number.e164,
    )  # fmt: skip
    return row is not None


async def mark_undone(tx: Transaction, act: Undoable) -> None:
    await tx.run("UPDATE undoable SET undone = 1 WHERE id = $1", act.id)


async def forget(tx: Transaction, admin: Number) -> None:
    """Nothing of that admin's can be taken back any more."""
    await tx.run("DELETE FROM undoable WHERE admin = $1", admin.e164)
