"""What is remembered of people: opt-outs, what they were told today, how an admin leafs, who is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from storage.engine import Reading, Transaction, must_be_alone
from storage.model import Millis, Seat
from storage.number import Number
from storage.outbox import OPTED_OUT, WAITING, seat_of
from storage.transitions import Event, becomes, may

STRANGER = "stranger"
STOP_HINT = "stop_hint"
GUARD_WARNING = "guard_warning"


async def opt_out(tx: Transaction, number: Number, *, source: str, now: Millis) -> list[Seat]:
    """Record it and cancel everything queued to that person; returns the seats of those whose text that was."""
    must_be_alone(tx)
    index = tx.vault.index(number)
    await tx.run(
        "INSERT INTO opt_out (number, at, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        index, now, source,
    )  # fmt: skip
    cancelled = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.CANCELLED)}, ready_at = NULL, reason = '{OPTED_OUT}', changed_at = $2"
        f" WHERE recipient = $1 AND {may(Event.CANCELLED)} AND {WAITING}"
        " RETURNING sender, sender_sealed, sender_line",
        index, now,
    )  # fmt: skip
    return list(dict.fromkeys(seat for row in cancelled if (seat := seat_of(tx.vault, *row)) is not None))


async def opt_in(tx: Transaction, number: Number) -> bool:
    """False: the person had not opted out."""
    must_be_alone(tx)
    return await tx.row("DELETE FROM opt_out WHERE number = $1 RETURNING number", tx.vault.index(number)) is not None


async def opted_out(reading: Reading, numbers: Iterable[Number]) -> set[Number]:
    wanted = {reading.vault.index(number): number for number in numbers}
    rows = await reading.rows(
        f"SELECT number FROM opt_out WHERE number IN (SELECT each.value FROM {reading.each})",
        json.dumps(list(wanted)),
    )
    return {wanted[index] for (index,) in rows}


async def remember_told(tx: Transaction, told: Sequence[tuple[Number, str]], now: Millis) -> None:
    await tx.many(
        "INSERT INTO told (number, what, at) VALUES ($1, $2, $3)"
        " ON CONFLICT (number, what) DO UPDATE SET at = excluded.at",
        [(tx.vault.index(number), what, now) for number, what in told],
    )


async def turn_page(tx: Transaction, admin: Number, *, after: int | None, now: Millis) -> None:
    """Remember the chat after which NEXT goes on; None: there is nothing left to leaf to."""
    if after is None:
        await tx.run("DELETE FROM list_page WHERE admin = $1", tx.vault.index(admin))
        return
    await tx.run(
        "INSERT INTO list_page (admin, after, turned_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (admin) DO UPDATE SET after = excluded.after, turned_at = excluded.turned_at",
        tx.vault.index(admin), after, now,
    )  # fmt: skip


async def page_of(reading: Reading, admin: Number) -> int | None:
    row = await reading.row("SELECT after FROM list_page WHERE admin = $1", reading.vault.index(admin))
    return None if row is None else int(row[0])


async def in_chats_ending_in(reading: Reading, tail: str, *, open_only: bool) -> list[Number]:
    """The people in chats whose number ends in these four digits."""
    rows = await reading.rows(
        "SELECT number, sealed FROM participant WHERE tail = $1 AND open >= $2 ORDER BY number",
        reading.vault.tail_index(tail), int(open_only),
    )  # fmt: skip
    return list(dict.fromkeys(reading.vault.number(*row) for row in rows))
