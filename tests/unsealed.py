"""What lies sealed in a database, as its service reads it: for tests that look at rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.engine import Reading
from storage.keys import KeyFile
from storage.vault import Vault

KEPT = "SELECT message_id, raw_sealed, text, reason FROM kept ORDER BY id"


async def kept(reading: Reading) -> list[tuple[str, str | None, str]]:
    """The sender as Vonage wrote it, the text, and why it was kept."""
    vault = reading.vault
    return [
        (vault.open(sender, f"kept from {message_id}"), vault.open(text, f"kept {message_id}"), reason)
        for message_id, sender, text, reason in await reading.rows(KEPT)
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """A database file, and what reads it."""

    database: sqlite3.Connection
    vault: Vault

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(sql, values).fetchall()

    def outbound(self, where: str = "TRUE", more: str = "state") -> list[tuple[Any, ...]]:
        """Line, recipient, text and the columns `more` of each, in the order of their ids."""
        columns = f"line, recipient, recipient_sealed, text, client_ref, {more}"
        rows = self.rows(f"SELECT {columns} FROM outbound WHERE {where} ORDER BY id")
        return [
            (line, self.vault.number(index, sealed).e164(), self.vault.open(text, f"outbound {ref}"), *rest)
            for line, index, sealed, text, ref, *rest in rows
        ]


@contextmanager
def opened(path: Path, *, keys: Path | None = None) -> Iterator[Opened]:
    """A file that a service may be writing to; `keys`: where those lie, if not beside it."""
    file = KeyFile.beside(path) if keys is None else KeyFile(keys)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        yield Opened(database, Vault(file.load(may_make=False)))
