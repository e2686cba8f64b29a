"""A database read from outside, with its keys, beside a service that runs or not: no lock, and nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from storage.engine import StorageError, Unusable
from storage.keys import BadKeys, KeyFile, Keys
from storage.proofs import check_keys
from storage.sqlite import READER_PRAGMAS, Connection, known_migrations
from storage.vault import Vault


@asynccontextmanager
async def reading(path: Path, keys: Keys | None = None) -> AsyncIterator[Connection]:
    """`keys`: None for the file beside the database. Raises Unusable when it cannot be read, or not by this version."""
    _check_there(path)
    try:
        vault = Vault((keys or KeyFile.beside(path)).load(may_make=False))
        async with aiosqlite.connect(_address(path), uri=True, isolation_level=None) as opened:
            for pragma in READER_PRAGMAS:
                await opened.execute_fetchall(pragma)
            connection = Connection(opened, vault)
            await _check(connection)
            yield connection
    except BadKeys as error:
        raise Unusable(str(error)) from error


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise Unusable(f"there is no database {path}")


def _address(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


async def _check(connection: Connection) -> None:
    try:
        [(version,)] = await connection.rows("PRAGMA user_version")
        if version == len(known_migrations()):
            await check_keys(connection, connection.vault)
            return
    except Unusable:
        raise
    except StorageError as error:
        raise Unusable(f"the database cannot be read: {error}") from error
    raise Unusable(
        f"the database has schema {version}, this program knows {len(known_migrations())}: "
        "use the version that the service runs, and start that once after an upgrade"
    )
