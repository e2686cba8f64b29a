"""The languages that people have chosen for what the service texts them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.number import Number


async def choose(tx: Transaction, number: Number, language: str, now: Millis) -> None:
    """The newest choice counts."""
    await tx.run(
        "INSERT INTO language (number, language, at) VALUES ($1, $2, $3)"
        " ON CONFLICT (number) DO UPDATE SET language = excluded.language, at = excluded.at",
        tx.vault.index(number), language, now,
    )  # fmt: skip


async def chosen(reading: Reading, numbers: Iterable[Number]) -> dict[Number, str]:
    """What each of these has chosen; who has chosen nothing is not among them."""
    wanted = {reading.vault.index(number): number for number in numbers}
    rows = await reading.rows(
        f"SELECT number, language FROM language WHERE number IN (SELECT each.value FROM {reading.each})",
        json.dumps(list(wanted)),
    )
    return {wanted[index]: language for index, language in rows}
