"""Sealing anew what is sealed with an older key: a few rows at a time, while the service goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine import Reading, Row, Transaction
from storage.vault import Vault

ROWS = 500  # in one transaction: about ten milliseconds


@dataclass(frozen=True, slots=True)
class Field:
    """A sealed column, and the column that binds it to its row; `of`: what the row is called; None: a number."""

    name: str
    bound_to: str
    of: str | None = None

    def resealed(self, vault: Vault, bound_to: str, sealed: bytes | None) -> bytes | None:
        """None: it may stay as it is."""
        if not sealed or vault.is_current(sealed):
            return None
        if self.of is None:
            return vault.seal_number(vault.number(bound_to, sealed))
        row = f"{self.of} {bound_to}"
        return vault.seal(vault.open(sealed, row), row)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]


TABLES = (
    Table("participant", ("chat", "side"), (Field("sealed", "number"),)),
    Table(
        "outbound",
        ("id",),
        (
            Field("recipient_sealed", "recipient"),
            Field("sender_sealed", "sender"),
            Field("text", "client_ref", "outbound"),
        ),
    ),
    Table("kept", ("id",), (Field("raw_sealed", "message_id", "kept from"), Field("text", "message_id", "kept"))),
    Table("gathering", ("id",), (Field("sealed", "sender"),)),
    Table("gathered_part", ("gathering", "position"), (Field("text", "message_id", "part"),)),
    Table("admin", ("number",), (Field("sealed", "number"),)),
    Table("block", ("number",), (Field("sealed", "number"),)),
    Table("undoable", ("id",), (Field("sealed", "number"),)),
    Table("pending_code", ("admin",), (Field("command", "admin", "code"),)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far it has come: the table, and the key of its last row that was looked at."""

    table: int = 0
    after: tuple[object, ...] | None = None


async def is_due(reading: Reading) -> bool:
    """Whether something may still be sealed with another key than the newest."""
    row = await reading.row(
        "SELECT 1 FROM vault_key WHERE id NOT IN ('index', $1) LIMIT 1", reading.vault.current.hex()
    )
    return row is not None


async def reseal(tx: Transaction, place: Place) -> Place | None:
    """The next rows from `place` on; returns where it goes on, None: there are no more."""
    table = TABLES[place.table]
    rows = await tx.rows(_select(table, place.after is not None), *(place.after or ()))
    await _write(tx, table, rows)
    if len(rows) == ROWS:
        return Place(place.table, tuple(rows[-1][: len(table.key)]))
    return Place(place.table + 1) if place.table + 1 < len(TABLES) else None


async def finish(tx: Transaction) -> None:
    """All that is sealed is sealed with the newest key: the older ones are needed by backups only."""
    await tx.run("DELETE FROM vault_key WHERE id NOT IN ('index', $1)", tx.vault.current.hex())


def _select(table: Table, goes_on: bool) -> str:
    key = ", ".join(table.key)
    columns = ", ".join(f"{field.bound_to}, {field.name}" for field in table.fields)
    after = f" WHERE ({key}) > ({', '.join(f'${place + 1}' for place in range(len(table.key)))})" if goes_on else ""
    return f"SELECT {key}, {columns} FROM {table.name}{after} ORDER BY {key} LIMIT {ROWS}"


async def _write(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    width = len(table.key)
    where = " AND ".join(f"{name} = ${place + 2}" for place, name in enumerate(table.key))
    for place, field in enumerate(table.fields):
        bound, sealed = width + 2 * place, width + 2 * place + 1
        renewed = [(row, field.resealed(tx.vault, row[bound], row[sealed])) for row in rows]
        await tx.many(
            f"UPDATE {table.name} SET {field.name} = $1 WHERE {where}",
            [(value, *row[:width]) for row, value in renewed if value is not None],
        )
