"""A PostgreSQL database visited by a command: one connection and one transaction, beside services that run or not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from storage.engine import InDoubt, Row, StorageError, Unavailable, Unusable
from storage.keys import BadKeys, Keys
from storage.postgres import ALONE, PATIENCE, Connection, known_migrations
from storage.proofs import check_keys
from storage.translation import translated
from storage.vault import Vault

GOODBYE = 5  # seconds
READ = ("ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1")
# Nobody of ours writes meanwhile, however long it takes; but one that has stopped does not hold all others up for ever.
WRITE_ALONE = (
    "READ WRITE",
    f"""
        SET LOCAL synchronous_commit = on;
        SET LOCAL statement_timeout = 0;
        SET LOCAL lock_timeout = '10s';
        SET LOCAL idle_in_transaction_session_timeout = '10min';
        SELECT pg_advisory_xact_lock({ALONE});
    """,
)
READ_ALONE = ("READ ONLY", WRITE_ALONE[1])


class Visit(Connection):
    async def bring(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Many rows at once, by COPY."""
        with translated():
            await self._connection.copy_records_to_table(table, columns=columns, records=rows)


@asynccontextmanager
async def visiting(dsn: str, keys: Keys, how: tuple[str, str] = READ) -> AsyncIterator[Visit]:
    """Commits at the end; an exception undoes everything.

    Raises Unusable when it cannot be reached, or not be read by this version or with these keys.
    """
    try:
        vault = Vault(keys.load(may_make=False))
        with translated():
            connection = await connect(dsn)
    except BadKeys as error:
        raise Unusable(str(error)) from error
    except StorageError as error:
        raise Unusable(f"the database cannot be reached: {error}") from error
    try:
        async with _transaction(connection, how):
            here = Visit(connection, vault, alone=True)
            await _check(here)
            yield here
    finally:
        await _leave(connection)


async def connect(dsn: str) -> asyncpg.Connection:
    # Without kept statements, so that it does behind a pooler too.
    return await asyncpg.connect(dsn, timeout=PATIENCE, statement_cache_size=0, target_session_attrs="read-write")


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection, how: tuple[str, str]) -> AsyncIterator[None]:
    begin, manner = how
    with translated():
        await connection.execute(f"BEGIN {begin}; {manner}")
    yield
    try:
        with translated():
            await connection.execute("COMMIT")
    except Unavailable as error:
        raise InDoubt(str(error)) from error


async def _leave(connection: asyncpg.Connection) -> None:
    """What is not committed by now is undone."""
    try:
        with translated():
            await connection.close(timeout=GOODBYE)
    except StorageError:
        connection.terminate()


async def _check(here: Visit) -> None:
    row = await here.row("SELECT to_regclass('schema_version') IS NOT NULL")
    if row is None or not row[0]:
        raise Unusable("there is nothing of this program's in it: the service makes its tables at its first start")
    [(version,)] = await here.rows("SELECT version FROM schema_version")
    if version != len(known_migrations()):
        raise Unusable(
            f"the database has schema {version}, this program knows {len(known_migrations())}: "
            "use the version that the service runs, and start that once after an upgrade"
        )
    await check_keys(here, here.vault)
