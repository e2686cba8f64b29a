"""The audit log: what admins did and what befell their security. Numbers masked, no texts; appended to only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storage.engine import Reading, Row, Transaction
from storage.model import Millis
from storage.number import Number

PAGE = 500  # rows in one read: a long one would keep a running service's WAL from being emptied
DIGITS = re.compile(r"\+?[0-9](?:[ ().\-]*[0-9]){4,}")
COLUMNS = "id, at, kind, who, what, whom, chat, outcome"
SELECT = f"SELECT {COLUMNS} FROM audit WHERE id > ? AND at >= ? ORDER BY id LIMIT ?"


class Kind(StrEnum):
    ACT = "act"  # an admin gave a command
    SECURITY = "security"  # a code asked or wrong, a lock, a limit met, an admin added


class CannotRead(Exception):
    """There is no audit log to be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: Millis
    kind: Kind
    who: str
    what: str
    whom: str | None
    chat: int | None
    outcome: str


async def record(
    tx: Transaction,
    kind: Kind,
    what: str,
    *,
    who: Number | str,
    now: Millis,
    outcome: str = "done",
    whom: Number | str | None = None,
    chat: int | None = None,
) -> None:
    """Append one entry. `who`: an admin's number, or a part of the service such as `api`; `whom`: whom it concerns.

    Numbers are masked here. What is written about them in words must hold no text of anybody's.
    """
    await tx.run(
        "INSERT INTO audit (at, kind, who, what, whom, chat, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        now, kind.value, _masked(who), _masked(what), None if whom is None else _masked(whom), chat, _masked(outcome),
    )  # fmt: skip


def read(path: Path, *, since: Millis = 0) -> Iterator[Entry]:
    """Oldest first, from a SQLite file that a service may be writing to. Raises CannotRead."""
    if not path.is_file():
        raise CannotRead(f"there is no database {path}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            last = 0
            while page := database.execute(SELECT, (last, since, PAGE)).fetchall():
                yield from map(_entry, page)
                last = page[-1][0]
    except sqlite3.Error as error:
        if "no such table" in str(error):
            raise CannotRead(
                f"{path} was made by an older version: the service keeps a log from its next start on"
            ) from error
        raise CannotRead(f"{path} cannot be read: {error}") from error


async def entries(reading: Reading, *, since: Millis = 0) -> AsyncIterator[Entry]:
    """The same, of any database."""
    last = 0
    while page := await reading.rows(
        f"SELECT {COLUMNS} FROM audit WHERE id > $1 AND at >= $2 ORDER BY id LIMIT {PAGE}", last, since
    ):
        for row in page:
            yield _entry(row)
        last = page[-1][0]


def _entry(row: Row) -> Entry:
    return Entry(row[1], Kind(row[2]), *row[3:])


def _masked(said: Number | str) -> str:
    if isinstance(said, Number):
        return said.tail
    return DIGITS.sub(lambda found: "*" + re.sub(r"\D", "", found[0])[-4:], said)
