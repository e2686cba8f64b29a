"""The SQLite engine: one file, one process, one writing connection, everything durable at the commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import cast

import aiosqlite

from storage.engine import Row, StorageError, Taken, Unavailable, Unusable
from storage.keys import BadKeys, KeyFile, Keyring, Keys
from storage.lock import FileLock
from storage.number import NotANumber, Number
from storage.proofs import changed_keys, note_keys
from storage.vault import Vault

PATIENTLY = "PRAGMA busy_timeout = 5000"
BRIEFLY = "PRAGMA busy_timeout = 100"
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged texts in a power cut
    PATIENTLY,
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA journal_size_limit = 67108864",
)
READER_PRAGMAS = (
    PATIENTLY,
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
EMPTY_THE_WAL = "PRAGMA wal_checkpoint(TRUNCATE)"
PARAMETERS = tuple(str(index) for index in range(1, 40))


class SQLite:
    """Named now, opened by `start`; holds a lock beside the file until `close`.

    `keys`: where those of the vault come from; None: from the file beside the database.
    """

    def __init__(self, path: str | Path, keys: Keys | None = None) -> None:
        self._path = Path(path)
        self._keys = keys or KeyFile.beside(self._path)
        self._busy = asyncio.Lock()
        self._lock: FileLock | None = None
        self._opened: list[aiosqlite.Connection] = []

    @property
    def aside(self) -> None:
        return None

    @classmethod
    async def open(cls, path: str | Path, keys: Keys | None = None) -> SQLite:
        engine = cls(path, keys)
        await engine.start()
        return engine

    async def start(self) -> None:
        """Lock, check and migrate.

        Raises Unusable when the file is newer, damaged, another process's, or not to be read with the keys there are.
        """
        self._lock = FileLock.take(Path(f"{self._path}.lock"))
        try:
            await self._connect(PRAGMAS)
            with _translated:
                await _check_whole(self._writer)
                self.vault = self.make_vault(await _keyring(self._writer, self._keys))
                await _migrate(self._writer, self.vault)
            async with self.transaction() as tx:
                await note_keys(tx, self.vault)
            await self._connect(READER_PRAGMAS)
        except BaseException as error:
            # An open connection's thread would keep the process alive for ever.
            await self.close()
            if isinstance(error, StorageError) and not isinstance(error, Unusable):
                raise Unusable(f"cannot open the database: {error}") from error
            raise

    def make_vault(self, keyring: Keyring) -> Vault:
        return Vault(keyring)

    async def use_keys(self) -> bool:
        """Take up the keys there are now: whether they have changed. Raises Unusable when they do not fit."""
        keyring = await changed_keys(self._keys, self.transaction, self.make_vault)
        if keyring is not None:
            self.vault.adopt(keyring)
        return keyring is not None

    async def purge(self) -> bool:
        """What was deleted is in no file any more, the WAL included. False: a reader was in the way."""
        async with self._busy:
            with _translated:
                await self._writer.execute_fetchall(BRIEFLY)  # a long reader must not keep texts waiting
                try:
                    [(is_busy, *_)] = await self._writer.execute_fetchall(EMPTY_THE_WAL)
                finally:
                    await self._writer.execute_fetchall(PATIENTLY)
        return not is_busy

    async def rewrite(self) -> None:
        """Write the file anew: pages that were split and merged may hold rests of what was deleted. Raises Unavailable.

        Nothing else is written meanwhile: some ten seconds for each gigabyte, and room for as much again, twice.
        """
        async with self._busy:
            with _translated:
                await self._writer.execute_fetchall("VACUUM")

    async def _connect(self, pragmas: Sequence[str]) -> None:
        with _translated:
            self._opened.append(await aiosqlite.connect(self._path, isolation_level=None))
            for pragma in pragmas:
                await self._opened[-1].execute_fetchall(pragma)

    @property
    def _writer(self) -> aiosqlite.Connection:
        return self._opened[0]

    @property
    def reader(self) -> Connection:
        return Connection(self._opened[1], self.vault)

    @asynccontextmanager
    async def transaction(self, *, alone: bool = True) -> AsyncIterator[Connection]:
        async with self._busy:
            connection = Connection(self._writer, self.vault)
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
            with _translated:
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

    each = each_row = "json_each($1) AS each"
    unlocked = ""
    alone, shared = True, False  # whatever was asked for: SQLite has one writer

    def __init__(self, connection: aiosqlite.Connection, vault: Vault) -> None:
        self._connection = connection
        self.vault = vault
        self._changes_before = connection.total_changes

    @property
    def wrote(self) -> bool:
        return self._connection.total_changes > self._changes_before

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with _translated:
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
        with _translated:
            await self._connection.executemany(sql, [_named(each) for each in values])

    async def lock(self, sql: str, *values: object) -> list[Row]:
        return []


def _named(values: Sequence[object]) -> dict[str, object]:
    return dict(zip(PARAMETERS, values, strict=False))


class _Translated:
    """What SQLite raises, as the engine's errors. No generator: each statement passes here."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            unique = error.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
            raise (Taken if unique else StorageError)(str(error)) from error
        if isinstance(error, sqlite3.DatabaseError):
            passing = error.sqlite_errorcode & 0xFF in PASSING
            raise (Unavailable if passing else StorageError)(str(error)) from error


_translated = _Translated()


async def _check_whole(connection: aiosqlite.Connection) -> None:
    [(version,)] = await connection.execute_fetchall("PRAGMA user_version")
    if version > (known := len(known_migrations())):
        raise Unusable(
            f"the database has schema {version}, this program knows {known}: "
            "it was used by a newer version. Nothing was changed; run that version."
        )
    [(verdict,)] = list(await connection.execute_fetchall("PRAGMA quick_check(1)"))
    if verdict != "ok":
        raise Unusable(f"the database file is damaged ({verdict}). Nothing was changed; restore a backup.")


async def _keyring(connection: aiosqlite.Connection, keys: Keys) -> Keyring:
    # A key may be made only while nothing is sealed: later, a missing one must be put back.
    [(is_sealed,)] = await connection.execute_fetchall("SELECT count(*) FROM sqlite_schema WHERE name = 'vault_key'")
    try:
        return keys.load(may_make=not is_sealed)
    except BadKeys as error:
        raise Unusable(str(error)) from error


async def _migrate(connection: aiosqlite.Connection, vault: Vault) -> None:
    migrations = known_migrations()
    [(version,)] = await connection.execute_fetchall("PRAGMA user_version")
    if version == len(migrations):
        return
    for name, function in vault_functions(vault).items():
        await connection.create_function(name, function.__code__.co_argcount, function, deterministic=True)
    for number, script in enumerate(migrations[version:], start=version + 1):
        # One script, one transaction: an upgrade that fails leaves the older schema whole.
        await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    if version:  # what was sealed just now must not be read in the WAL
        await connection.execute_fetchall(EMPTY_THE_WAL)


def known_migrations() -> list[str]:
    """The scripts in their order; the schema's version is how many have run."""
    folder = resources.files("storage") / "migrations" / "sqlite"
    return [script.read_text("utf-8") for script in sorted(folder.iterdir(), key=lambda each: each.name)]


def vault_functions(vault: Vault) -> dict[str, Callable[..., str | bytes | None]]:
    """What migrations call, by the name they call it."""

    def number_index(e164: str | None) -> str | None:
        return None if e164 is None else vault.index(Number(e164))

    def seal_number(e164: str | None) -> bytes | None:
        return None if e164 is None else vault.seal_number(Number(e164))

    def tail_index(e164: str) -> str:
        return vault.tail_index(e164)

    def raw_index(sender: str) -> str:
        try:
            return vault.index(Number.parse(f"+{sender}"))
        except NotANumber:
            return ""

    def seal_text(text: str | None, row: str) -> bytes | None:
        return vault.seal(text, row)

    return {each.__name__: each for each in (number_index, seal_number, tail_index, raw_index, seal_text)}
