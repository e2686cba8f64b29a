"""A whole installation moved to the other engine: the source is held for as long as it takes, and stays as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from storage import errands
from storage.copying import copy
from storage.ends import PostgresEnd, SQLiteEnd
from storage.engine import Unusable
from storage.keys import Keys
from storage.leases import NOW
from storage.lock import FileLock
from storage.postgres import Postgres
from storage.reading import reading
from storage.sqlite import SQLite
from storage.visit import READ_ALONE, WRITE_ALONE, Visit, visiting

Done = Callable[[str, int], None]


async def to_postgres(path: Path, dsn: str, keys: Keys, done: Done) -> int:
    """Returns how many rows there are. Raises CannotCopy, Unusable, InDoubt; see storage/copying.py."""
    async with _held(path, keys) as source:
        await (await Postgres.open(dsn, keys, pooled=True)).close()  # it has its tables now
        async with visiting(dsn, keys, WRITE_ALONE) as visit:
            await _refuse_served(visit)
            return await copy(source, PostgresEnd(visit), await source.tables(), done)


async def to_sqlite(dsn: str, path: Path, keys: Keys, done: Done) -> int:
    """The way back."""
    async with visiting(dsn, keys, READ_ALONE) as visit:
        await _refuse_served(visit)
        engine = await SQLite.open(path, keys)
        try:
            async with engine.transaction() as tx:
                target = SQLiteEnd(tx)
                return await copy(PostgresEnd(visit), target, await target.tables(), done)
        finally:
            await engine.close()


@asynccontextmanager
async def _held(path: Path, keys: Keys) -> AsyncIterator[SQLiteEnd]:
    lock = _lock(path)
    try:
        async with reading(path, keys) as here:
            [(verdict,)] = await here.rows("PRAGMA quick_check(1)")
            if verdict != "ok":
                raise Unusable(f"{path} is damaged ({verdict}): restore a backup")
            yield SQLiteEnd(here)
    finally:
        lock.release()


async def _refuse_served(visit: Visit) -> None:
    # None comes meanwhile: to start it would have to write, and the visit is alone.
    if await visit.row(f"SELECT 1 FROM process WHERE until > {NOW} LIMIT 1") is not None:
        raise Unusable("a service is using the PostgreSQL database: stop all there are first")


def _lock(path: Path) -> FileLock:
    if not path.is_file():
        raise Unusable(f"there is no database {path}")
    lock = FileLock.take(Path(f"{path}.lock"))
    if errands.beside(path).exists():  # somebody may have been promised that they are erased
        lock.release()
        raise Unusable(f"{errands.beside(path)} is not done yet: start the service on it once more, and stop it")
    return lock
