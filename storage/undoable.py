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
        "INSERT INTO undoable (admin, what, chat, number, sealed, until_before, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tx.vault.index(by), act.value, chat, number and tx.vault.index(number),
        number and tx.vault.seal_number(number), until, now,
    )  # fmt: skip


async def last_of(reading: Reading, admin: Number, *, after: Millis) -> Undoable | None:
    """The newest act of that admin's, undone or not."""
    row = await reading.row(
        "SELECT id, what, chat, until_before, at, undone, number, sealed FROM undoable"
        " WHERE admin = $1 AND at > $2 ORDER BY id DESC LIMIT 1",
        reading.vault.index(admin), after,
    )  # fmt: skip
    if row is None:
        return None
    number = None if row[6] is None else reading.vault.number(row[6], row[7])
    return Undoable(row[0], Act(row[1]), row[2], number, row[3], row[4], bool(row[5]))


async def is_overtaken(reading: Reading, act: Undoable) -> bool:
    """Whether somebody has done something to the same chat or person since, and not taken it back."""
    row = await reading.row(
        "SELECT 1 FROM undoable WHERE id > $1 AND (chat = $2 OR number = $3) AND undone = 0 LIMIT 1",
        act.id, act.chat, act.number and reading.vault.index(act.number),
    )  # fmt: skip
    return row is not None


async def mark_undone(tx: Transaction, act: Undoable) -> None:
    await tx.run("UPDATE undoable SET undone = 1 WHERE id = $1", act.id)


async def forget(tx: Transaction, admin: Number) -> None:
    """Nothing of that admin's can be taken back any more."""
    await tx.run("DELETE FROM undoable WHERE admin = $1", tx.vault.index(admin))
