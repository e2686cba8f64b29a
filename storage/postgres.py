"""The PostgreSQL engine: one database for any number of processes, everything durable at the commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import resources

import asyncpg

from storage.engine import InDoubt, Row, StorageError, Unavailable, Unusable
from storage.keys import BadKeys, Keyring, Keys
from storage.proofs import changed_keys, note_keys
from storage.translation import translated as _translated
from storage.vault import Vault

OLDEST = 150000  # the oldest version of the server that it was tried with, as server_version_num has it
MOST_CONNECTIONS = 4  # of a process: the writer's, readers', and one to spare
CHANNEL = "outbox"
PATIENCE = 30  # seconds for a statement; also how long a connection may take
ROLL_BACK = 5  # seconds; the server undoes it anyway once the connection is gone
LONG = 3600  # seconds for writing a table anew
ALONE = 7_101_964_001  # the advisory lock that decides who writes beside whom
MIGRATING = 7_101_964_002
# In one message with BEGIN, and with SET LOCAL, so that it holds behind a pooler too. A process that stops in a
# transaction, or vanishes, must not hold up the others for longer than this; what it had begun is undone.
BEGIN = f"""
    BEGIN;
    SET LOCAL synchronous_commit = on;
    SET LOCAL lock_timeout = '10s';
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SELECT pg_advisory_xact_lock{{shared}}({ALONE});
"""


class Postgres:
    """Named now, opened by `start`.

    `dsn`: postgresql://…, with several hosts where there is a standby. `pooled`: through a pooler in transaction mode.
    """

    def __init__(self, dsn: str, keys: Keys, *, pooled: bool = False) -> None:
        self.dsn = dsn
        self._keys = keys
        self.pooled = pooled
        self._pool: asyncpg.Pool | None = None

    @property
    def aside(self) -> Beside:
        return Beside(self)

    @classmethod
    async def open(cls, dsn: str, keys: Keys, *, pooled: bool = False) -> Postgres:
        engine = cls(dsn, keys, pooled=pooled)
        await engine.start()
        return engine

    async def start(self) -> None:
        """Check and migrate; several processes may start together. Raises Unusable."""
        try:
            self.vault = self.make_vault(self._keys.load(may_make=False))
            with _translated():
                self._pool = await self._connect()
                async with self._pool.acquire() as connection:
                    await _check(connection)
                    await _migrate(connection)
            async with self.transaction() as tx:
                await note_keys(tx, self.vault)
        except BaseException as error:
            await self.close()
            if isinstance(error, BadKeys):
                raise Unusable(str(error)) from error
            if isinstance(error, StorageError) and not isinstance(error, Unusable):
                raise Unusable(f"cannot open the database: {error}") from error
            raise

    def make_vault(self, keyring: Keyring) -> Vault:
        return Vault(keyring)

    async def _connect(self) -> asyncpg.Pool:
        async def leave_as_it_is(connection: object) -> None:
            # The default asks the server to forget the session's settings: a journey for each transaction, and we
            # make none that outlive it.
            return None

        pool: asyncpg.Pool = await asyncpg.create_pool(
            self.dsn,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=PATIENCE,
            command_timeout=PATIENCE,
            statement_cache_size=0 if self.pooled else 200,
            target_session_attrs="read-write",
            reset=leave_as_it_is,
        )
        return pool

    async def use_keys(self) -> bool:
        """Take up the keys there are now: whether they have changed. Raises Unusable when they do not fit."""
        keyring = await changed_keys(self._keys, self.transaction, self.make_vault)
        if keyring is not None:
            self.vault.adopt(keyring)
        return keyring is not None

    async def purge(self) -> bool:
        """Nothing to do: what was deleted lies in pages that the server uses again, and `rewrite` clears."""
        return True

    async def rewrite(self) -> None:
        """Write every table anew: nothing of what was deleted stays in its pages. Raises Unavailable.

        Each table is locked while it is written: some seconds for each gigabyte. The server's log, its archive and
        its backups go their own ways.
        """
        async with self._acquired() as connection:
            with _translated():
                for (table,) in await connection.fetch(TABLES):
                    await connection.execute(f"VACUUM (FULL) {table}", timeout=LONG)

    @property
    def reader(self) -> Reader:
        return Reader(self)

    @asynccontextmanager
    async def transaction(self, *, alone: bool = True) -> AsyncIterator[Connection]:
        async with self._acquired() as opened:
            connection = Connection(opened, self.vault, alone)
            try:
                with _translated():
                    await opened.execute(BEGIN.format(shared="" if alone else "_shared"))
                yield connection
                await _commit(opened)
            except BaseException:
                await _roll_back(opened)
                raise

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[asyncpg.Connection]:
        pool = self._pool  # which may be closed meanwhile
        if pool is None:
            raise Unavailable("the database is closed")
        with _translated():
            connection = await pool.acquire(timeout=PATIENCE)
        try:
            yield connection
        finally:
            await pool.release(connection)

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()  # nothing is under way any more, and a server that is gone would never say goodbye


class Connection:
    """SQL with `$1, $2 …`, which is PostgreSQL's own."""

    shared = True
    unlocked = "FOR UPDATE OF text SKIP LOCKED"
    each = "json_array_elements_text($1::json) WITH ORDINALITY AS each (value, key)"
    each_row = "json_array_elements($1::json) WITH ORDINALITY AS each (value, key)"

    def __init__(self, connection: asyncpg.Connection, vault: Vault, alone: bool) -> None:
        self._connection = connection
        self.vault = vault
        self.alone = alone
        self.wrote = False

    async def rows(self, sql: str, *values: object) -> list[Row]:
        self.wrote = self.wrote or not sql.lstrip().startswith("SELECT")
        return await _fetched(self._connection, sql, values)

    async def row(self, sql: str, *values: object) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: object) -> None:
        await self.rows(sql, *values)

    async def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        if not values:
            return
        self.wrote = True
        with _translated():
            await self._connection.executemany(sql, values)

    async def lock(self, sql: str, *values: object) -> list[Row]:
        return [] if self.alone else await _fetched(self._connection, sql, values)


class Reader:
    """Each statement by itself, on whichever connection is free: sees what is committed, and cannot write."""

    each, each_row = Connection.each, Connection.each_row

    def __init__(self, engine: Postgres) -> None:
        self._engine = engine
        self.vault = engine.vault

    async def rows(self, sql: str, *values: object) -> list[Row]:
        async with self._engine._acquired() as connection:
            with _translated():
                async with connection.transaction(readonly=True):
                    return await _fetched(connection, sql, values)

    async def row(self, sql: str, *values: object) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None


class Beside:
    """What the processes tell each other."""

    def __init__(self, engine: Postgres) -> None:
        self._engine = engine

    async def rows(self, sql: str, *values: object) -> list[Row]:
        async with self._engine._acquired() as connection:
            with _translated():
                async with connection.transaction():
                    return await _fetched(connection, sql, values)

    async def tell(self, said: str) -> None:
        async with self._engine._acquired() as connection:
            with _translated():
                async with connection.transaction():
                    await connection.execute("SET LOCAL synchronous_commit = off")
                    await connection.fetch("SELECT pg_notify($1, $2)", CHANNEL, said)

    async def listen(self, heard: Callable[[str], None]) -> None:
        if self._engine.pooled:  # a pooler gives nobody a connection to keep
            await asyncio.Event().wait()
        gone = asyncio.Event()
        with _translated():
            connection = await asyncpg.connect(self._engine.dsn, timeout=PATIENCE, target_session_attrs="read-write")
        try:
            connection.add_termination_listener(lambda _: gone.set())
            with _translated():
                await connection.add_listener(CHANNEL, lambda *told: heard(told[-1]))
            await gone.wait()
        finally:
            connection.terminate()


TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables
    WHERE schemaname = current_schema() ORDER BY relname
"""


async def _fetched(connection: asyncpg.Connection, sql: str, values: Sequence[object]) -> list[Row]:
    with _translated():
        return list(map(tuple, await connection.fetch(sql, *values)))


async def _commit(connection: asyncpg.Connection) -> None:
    try:
        with _translated():
            await connection.execute("COMMIT")
    except Unavailable as error:
        raise InDoubt(str(error)) from None


async def _roll_back(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=ROLL_BACK)
    except Exception:  # it is gone, and with it the transaction
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


async def _check(connection: asyncpg.Connection) -> None:
    row = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
    )
    version, encoding = row
    if version < OLDEST:
        raise Unusable(f"the server is PostgreSQL {version // 10_000}; {OLDEST // 10_000} or newer is needed")
    if encoding != "UTF8":
        raise Unusable(f"the database is encoded as {encoding}; make one with ENCODING 'UTF8'")


async def _migrate(connection: asyncpg.Connection) -> None:
    """One script, one transaction; whoever comes second waits, and finds it done."""
    migrations = known_migrations()
    for number, script in enumerate(migrations, start=1):
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({MIGRATING})")
            version = await _version(connection)
            if version > len(migrations):
                raise Unusable(
                    f"the database has schema {version}, this program knows {len(migrations)}: "
                    "it was used by a newer version. Nothing was changed; run that version."
                )
            if version < number:
                await connection.execute(script)
                await connection.execute("UPDATE schema_version SET version = $1", number)


async def _version(connection: asyncpg.Connection) -> int:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version"
        " (one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), version INT NOT NULL)"
    )
    await connection.execute("INSERT INTO schema_version (version) VALUES (0) ON CONFLICT DO NOTHING")
    version: int = await connection.fetchval("SELECT version FROM schema_version")
    return version


def known_migrations() -> list[str]:
    """The scripts in their order; the schema's version is how many have run."""
    folder = resources.files("storage") / "migrations" / "postgres"
    return [script.read_text("utf-8") for script in sorted(folder.iterdir(), key=lambda each: each.name)]
