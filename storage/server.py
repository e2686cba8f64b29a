"""A look at a PostgreSQL server from outside, changing nothing: whether the service could work on it, and how well."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from storage.engine import Unusable
from storage.keys import Keys
from storage.leases import NOW
from storage.postgres import OLDEST, Connection, known_migrations
from storage.proofs import check_keys
from storage.translation import translated
from storage.vault import Vault
from storage.visit import connect

SETTINGS = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::int,
           current_setting('server_encoding'), current_setting('fsync') = 'on',
           current_setting('full_page_writes') = 'on', current_setting('synchronous_standby_names') <> '',
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), FALSE),
           to_regclass('schema_version') IS NOT NULL, pg_backend_pid(),
           (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())
"""
# The least of what the server, the database and the user may have. -1: no limit of its own.
MOST = """
    SELECT least(
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', TRUE), '0')::int,
        (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
        (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)),
        (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND pid <> pg_backend_pid())
"""


@dataclass(frozen=True, slots=True)
class Server:
    version: str
    is_new_enough: bool
    encoding: str
    writes_safely: bool  # fsync
    writes_whole_pages: bool
    waits_for_standby: bool
    may_make_tables: bool
    schema: int  # 0: no tables of ours
    known: int
    wrong_keys: str | None  # why they do not fit
    most_connections: int
    used_connections: int
    is_pooled: bool  # whoever answers is not the server itself
    by_tls: bool  # as far as the server sees
    processes: int  # that serve just now


async def survey(dsn: str, keys: Keys) -> Server:
    """Raises StorageError when it cannot be asked, and says why."""
    with translated():
        connection = await connect(dsn)
        try:
            async with connection.transaction(readonly=True):
                return await _survey(connection, Vault(keys.load(may_make=False)))
        finally:
            connection.terminate()


async def _survey(connection: asyncpg.Connection, vault: Vault) -> Server:
    here = Connection(connection, vault, alone=True)
    [(version, number, encoding, safely, whole, standby, may_make, is_ours, pid, by_tls)] = await here.rows(SETTINGS)
    [(most, used)] = await here.rows(MOST)
    schema = (await here.rows("SELECT version FROM schema_version"))[0][0] if is_ours else 0
    known = len(known_migrations())
    return Server(
        version=version.split()[0],
        is_new_enough=number >= OLDEST,
        encoding=encoding,
        writes_safely=safely,
        writes_whole_pages=whole,
        waits_for_standby=standby,
        may_make_tables=may_make,
        schema=schema,
        known=known,
        wrong_keys=await _wrong_keys(here) if schema else None,
        most_connections=most,
        used_connections=used,
        is_pooled=connection.get_server_pid() != pid,
        by_tls=bool(by_tls),
        processes=await _processes(here) if schema == known else 0,
    )


async def _wrong_keys(here: Connection) -> str | None:
    try:
        await check_keys(here, here.vault)
    except Unusable as error:
        return str(error)
    return None


async def _processes(here: Connection) -> int:
    [(count,)] = await here.rows(f"SELECT count(*) FROM process WHERE until > {NOW}")
    return int(count)
