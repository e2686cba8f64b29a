"""The SQLite engine: one file, one process, one writing connection, everything durable at the commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path
from typing import cast

import aiosqlite

from storage.engine import Row, StorageError, Taken, Unavailable, Unusable
from storage.lock import FileLock

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged texts in a power cut
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA journal_size_limit = 67108864",
)
READER_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA query_only = ON",
    "PRAGMA trusted_schema = OFF",
    # SQLite before 3.51.3 can corrupt the WAL when a second connection checkpoints.
    "PRAGMA wal_autocheckpoint = 0",
)
# Faults of the machine, not of a statement: the same may succeed later. Primary codes, as an extended one ends in it.
PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
PARAMETERS = tuple(str(index) for index in range(1, 40))


class SQLite:
    """Named now, opened by `start`; holds a lock beside the file until `close`."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._busy = asyncio.Lock()
        self._lock: FileLock | None = None
        self._opened: list[aiosqlite.Connection] = []

    @classmethod
    async def open(cls, path: str | Path) -> SQLite:
        engine = cls(path)
        await engine.start()
        return engine

    async def start(self) -> None:
        """Lock, check and migrate. Raises Unusable when the file is newer, damaged, or another process's."""
        self._lock = FileLock.take(Path(f"{self._path}.lock"))
        try:
            await self._connect(PRAGMAS)
            await _migrate(self._writer)
            await self._connect(READER_PRAGMAS)
        except BaseException as error:
            # An open connection's thread would keep the process alive for ever.
            await self.close()
            if isinstance(error, StorageError) and not isinstance(error, Unusable):
                raise Unusable(f"cannot open the database: {error}") from error
            raise

    async def _connect(self, pragmas: Sequence[str]) -> None:
        with _translated():
            self._opened.append(await aiosqlite.connect(self._path, isolation_level=None))
            for pragma in pragmas:
                await self._opened[-1].execute_fetchall(pragma)

    @property
    def _writer(self) -> aiosqlite.Connection:
        return self._opened[0]

    @property
    def reader(self) -> Connection:
        return Connection(self._opened[1])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._busy:
            connection = Connection(self._writer)
            await connection.run("BEGIN IMMEDIATE")
            try:
                yield connection
                await connection.run("COMMIT")
            except BaseException:
                await self._roll_back()
                raise

    async def _roll_back(self) -> None:
        # A full disk makes SQLite roll back by itself; a second ROLLBACK would be an error then.
        if self._writer.in_transaction:
            with _translated():
                await self._writer.execute_fetchall("ROLLBACK")

    async def close(self) -> None:
        async with self._busy:
            while self._opened:
                await self._opened.pop().close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None


class Connection:
    """SQL with `$1, $2 …`, which SQLite reads as names: values go in as a mapping."""

    each = "json_each($1) AS each"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._changes_before = connection.total_changes

    @property
    def wrote(self) -> bool:
        return self._connection.total_changes > self._changes_before

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with _translated():
            found = await self._connection.execute_fetchall(sql, _named(values))
            return cast(list[Row], found)

    async def row(self, sql: str, *values: object) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: object) -> None:
        await self.rows(sql, *values)

    async def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        if not values:  # not worth the way to the database's thread and back
            return
        with _translated():
            await self._connection.executemany(sql, [_named(each) for each in values])


def _named(values: Sequence[object]) -> dict[str, object]:
    return dict(zip(PARAMETERS, values, strict=False))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        unique = error.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
        raise (Taken if unique else StorageError)(str(error)) from error
    except sqlite3.DatabaseError as error:
        passing = error.sqlite_errorcode & 0xFF in PASSING
        raise (Unavailable if passing else StorageError)(str(error)) from error


async def _migrate(connection: aiosqlite.Connection) -> None:
    with _translated():
        await _migrate_or_refuse(connection)


async def _migrate_or_refuse(connection: aiosqlite.Connection) -> None:
    migrations = known_migrations()
    [(version,)] = await connection.execute_fetchall("PRAGMA user_version")
    if version > len(migrations):
        raise Unusable(
            f"the database has schema {version}, this program knows {len(migrations)}: "
            "it was used by a newer version. Nothing was changed; run that version."
        )
    [(verdict,)] = list(await connection.execute_fetchall("PRAGMA quick_check(1)"))
    if verdict != "ok":
        raise Unusable(f"the database file is damaged ({verdict}). Nothing was changed; restore a backup.")
    for number, script in enumerate(migrations[version:], start=version + 1):
        # One script, one transaction: an upgrade that fails leaves the older schema whole.
        await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def known_migrations() -> list[str]:
    """The scripts in their order; the schema's version is how many have run."""
    folder = resources.files("storage") / "migrations" / "sqlite"
    return [script.read_text("utf-8") for script in sorted(folder.iterdir(), key=lambda each: each.name)]
