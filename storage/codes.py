"""Codes of admins: the one that waits, what was asked and wrong lately, locks, and the steps of authenticators."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number


class Event(StrEnum):
    ASKED = "asked"  # a code was sent
    WRONG = "wrong"
    TOLD = "told"  # that a limit is met: once is enough


@dataclass(frozen=True, slots=True)
class PendingCode:
    line: Number
    command: str = field(repr=False)
    code_hash: bytes = field(repr=False)
    expires_at: Millis


async def ask(
    tx: Transaction, *, admin: Number, line: Number, command: str, code_hash: bytes, expires_at: Millis
) -> None:
    """The newest question replaces the older."""
    index = tx.vault.index(admin)
    await tx.run(
        "INSERT INTO pending_code (admin, line, command, code_hash, expires_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (admin) DO UPDATE SET line = excluded.line, command = excluded.command,"
        " code_hash = excluded.code_hash, expires_at = excluded.expires_at",
        index, line.e164(), tx.vault.seal(command, f"code {index}"), code_hash, expires_at,
    )  # fmt: skip


async def pending(reading: Reading, admin: Number) -> PendingCode | None:
    index = reading.vault.index(admin)
    row = await reading.row("SELECT line, command, code_hash, expires_at FROM pending_code WHERE admin = $1", index)
    if row is None:
        return None
    return PendingCode(Number(row[0]), reading.vault.open(row[1], f"code {index}"), bytes(row[2]), row[3])


async def forget(tx: Transaction, admin: Number) -> None:
    await tx.run("DELETE FROM pending_code WHERE admin = $1", tx.vault.index(admin))


async def note(tx: Transaction, admin: Number, event: Event, *, now: Millis, keep: Millis) -> None:
    """`keep`: how far back counts are asked for. What is older goes."""
    index = tx.vault.index(admin)
    await tx.run("DELETE FROM code_event WHERE admin = $1 AND at <= $2", index, now - keep)
    await tx.run("INSERT INTO code_event (admin, what, at) VALUES ($1, $2, $3)", index, event.value, now)


async def count(reading: Reading, admin: Number, event: Event, *, after: Millis) -> int:
    row = await reading.row(
        "SELECT count(*) FROM code_event WHERE admin = $1 AND what = $2 AND at > $3",
        reading.vault.index(admin), event.value, after,
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def lock(tx: Transaction, admin: Number, *, until: Millis) -> None:
    """What waits is void, and what was told and wrong before counts no longer."""
    await forget(tx, admin)
    index = tx.vault.index(admin)
    await tx.run("DELETE FROM code_event WHERE admin = $1 AND what IN ('wrong', 'told')", index)
    await tx.run(
        "INSERT INTO code_lock (admin, until) VALUES ($1, $2) ON CONFLICT (admin) DO UPDATE SET until = excluded.until",
        index, until,
    )  # fmt: skip


async def locked_until(reading: Reading, admin: Number, now: Millis) -> Millis | None:
    row = await reading.row(
        "SELECT until FROM code_lock WHERE admin = $1 AND until > $2", reading.vault.index(admin), now
    )
    return None if row is None else int(row[0])


async def use_step(tx: Transaction, admin: Number, step: int) -> bool:
    """Each time step of an authenticator counts once, and none before it any more. False: it was used."""
    used = await tx.row(
        "INSERT INTO authenticator_step (admin, step) VALUES ($1, $2)"
        " ON CONFLICT (admin) DO UPDATE SET step = excluded.step WHERE authenticator_step.step < excluded.step"
        " RETURNING step",
        tx.vault.index(admin), step,
    )  # fmt: skip
    return used is not None
