"""The real schema and statements in SQLite's memory, without a thread: before each a run of the process may fall."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast

import aiosqlite

from storage.engine import Row
from storage.model import Millis
from storage.sqlite import Connection, SQLite, known_migrations, vault_functions
from tests.clear import clear_vault
from tests.simulator import journal
from tests.simulator.run import Place, Run
from tests.simulator.timeline import Timeline

POISON = "poison"  # a text with it meets a statement that fails
PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF")
CACHED = 512  # more statements than there are
# Between two worlds the audit log is cleared like all else, which nobody may do within one.
CLEARING = """
CREATE TABLE clearing (now);
DROP TRIGGER audit_is_never_shortened;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit WHEN NOT EXISTS (SELECT 1 FROM clearing) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
"""
LAST = ("chat", "journal", "clearing")  # to be cleared: what others point to, or write to when they are
READS = ("SELECT", "ROLLBACK", "PRAGMA", "BEGIN")


@cache
def opened(*extra: str) -> sqlite3.Connection:
    """The migrated schema with the journal's triggers. One for all worlds: each would read all statements anew."""
    database = sqlite3.connect(":memory:", isolation_level=None, cached_statements=CACHED)
    for name, function in vault_functions(clear_vault()).items():
        database.create_function(name, function.__code__.co_argcount, function)
    for script in (*known_migrations(), CLEARING, journal.SCHEMA, *extra):
        database.executescript(script)
    for pragma in PRAGMAS:
        database.execute(pragma)
    return database


@cache
def tables(*extra: str) -> list[str]:
    """In the order in which they may be cleared."""
    names = [name for (name,) in opened(*extra).execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [*(name for name in names if name not in LAST), *LAST]


def empty(*extra: str) -> sqlite3.Connection:
    """For the next world, once the one before is over."""
    database = opened(*extra)
    if database.in_transaction:  # that one ended in a fault of ours
        database.execute("ROLLBACK")
    database.execute("BEGIN")
    database.execute("INSERT INTO clearing VALUES (TRUE)")
    for name in tables(*extra):
        database.execute(f"DELETE FROM {name}")
    database.execute("COMMIT")
    return database


class Disk:
    """What outlives the runs of the process."""

    def __init__(self, timeline: Timeline, *, extra: tuple[str, ...] = ()) -> None:
        self.timeline = timeline
        self.database = empty(*extra)
        self.full = False
        self.full_at_commit = False  # only there: statements before it go well
        self.commits_take: Millis = 0
        self.glitch_in = 0  # statements until one fails once
        self.met: Counter[str] = Counter()

    def rows(self, sql: str, *values: object) -> list[Row]:
        return self.database.execute(sql, values).fetchall()

    def cut(self) -> None:
        """What a crash leaves of an open transaction."""
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")

    def check(self, sql: str) -> None:
        """Raises what is wrong with the disk just now."""
        if self.full and (sql == "COMMIT" or not (self.full_at_commit or sql.lstrip().startswith(READS))):
            self.met["disk full"] += 1
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)
        self.glitch_in -= 1
        if self.glitch_in == 0 and sql != "ROLLBACK":
            self.met["statement failed"] += 1
            raise _error("a fault of ours", sqlite3.SQLITE_ERROR)


class Inline:
    """As much of an aiosqlite connection as the engine asks of one."""

    def __init__(self, disk: Disk, run: Run) -> None:
        self._disk = disk
        self._run = run
        self._database = disk.database

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    @property
    def total_changes(self) -> int:
        return self._database.total_changes

    async def execute_fetchall(self, sql: str, parameters: Mapping[str, object] = {}) -> Iterable[Any]:
        if sql == "COMMIT":
            return await self._commit()
        await self._run.step(Place.STATEMENT)
        self._disk.check(sql)
        return self._database.execute(sql, parameters).fetchall()

    async def executemany(self, sql: str, values: list[dict[str, object]]) -> None:
        await self._run.step(Place.STATEMENT)
        self._disk.check(sql)
        if "INTO outbound" in sql and any(POISON in str(value) for each in values for value in each.values()):
            self._disk.met["poisoned text"] += 1
            raise _error("poison", sqlite3.SQLITE_MISMATCH)
        self._database.executemany(sql, values)

    async def close(self) -> None:
        pass

    async def _commit(self) -> list[Row]:
        await self._run.step(Place.COMMIT)
        if self._disk.commits_take:
            await asyncio.sleep(self._disk.commits_take / 1000)
        self._disk.check("COMMIT")
        self._database.execute("COMMIT")
        await self._run.step(Place.COMMITTED)
        return []


class Looking(Inline):
    """A reader: sees what is committed, so it waits for the transaction to end."""

    def __init__(self, disk: Disk, run: Run, busy: asyncio.Lock) -> None:
        super().__init__(disk, run)
        self._busy = busy

    async def execute_fetchall(self, sql: str, parameters: Mapping[str, object] = {}) -> Iterable[Any]:
        async with self._busy:
            return await super().execute_fetchall(sql, parameters)


class SimulatedSQLite(SQLite):
    """Transactions, names of parameters and errors are the real engine's; only the file and its thread are missing."""

    def __init__(self, disk: Disk, run: Run) -> None:
        super().__init__(":memory:")
        self._disk = disk
        self._run = run

    async def start(self) -> None:
        self.vault = clear_vault()
        self._opened = [cast(aiosqlite.Connection, Inline(self._disk, self._run))]

    @property
    def reader(self) -> Connection:
        looking = Looking(self._disk, self._run, self._busy)
        return Connection(cast(aiosqlite.Connection, looking), self.vault)


def _error(message: str, code: int) -> sqlite3.DatabaseError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error
