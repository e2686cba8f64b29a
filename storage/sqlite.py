"""The SQLite engine: one file, one process, one writing connection, everything durable at the commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path

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
PARAMETERS = tuple(str(index) for index in range(1, 40))


class SQLite:
    """Made by `open`; holds a lock beside the file until `close`."""

    def __init__(self, lock: FileLock, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._busy = asyncio.Lock()
        self.reader = Connection(reader)

    @classmethod
    async def open(cls, path: str | Path) -> SQLite:
        """Open, check and migrate. Raises Unusable when the file is newer, damaged, or another process's."""
        lock = FileLock.take(Path(f"{path}.lock"))
        opened: list[aiosqlite.Connection] = []
        try:
            with _translated():
                for pragmas in (PRAGMAS, READER_PRAGMAS):
                    opened.append(await aiosqlite.connect(path, isolation_level=None))
                    for pragma in pragmas:
                        await opened[-1].execute_fetchall(pragma)
                    if pragmas is PRAGMAS:
                        await _migrate(opened[-1])
        except BaseException as error:
            # An open connection's thread would keep the process alive for ever.
            for connection in opened:
                await connection.close()
            lock.release()
            if isinstance(error, StorageError) and not isinstance(error, Unusable):
                raise Unusable(f"cannot open the database: {error}") from error
            raise
        return cls(lock, *opened)

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
            await self._reader.close()
            await self._writer.close()
            self._lock.release()


class Connection:
    """SQL with `$1, $2 …`, which SQLite reads as names: values go in as a mapping."""

    each = "json_each($1) AS each"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with _translated():
            return [tuple(row) for row in await self._connection.execute_fetchall(sql, _named(values))]

    async def row(self, sql: str, *values: object) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: object) -> None:
        await self.rows(sql, *values)

    async def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
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
    except sqlite3.OperationalError as error:
        raise Unavailable(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise StorageError(str(error)) from error


async def _migrate(connection: aiosqlite.Connection) -> None:
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
