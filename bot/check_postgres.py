"""What `check` says of a PostgreSQL database: whether it is there, keeps what it is given, and has room for us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from bot.addresses import hosts, is_here
from bot.app import NO_ASYNCPG, keys_of
from bot.findings import Finding, ok, problem, warning
from bot.settings import Settings
from storage.engine import StorageError

if TYPE_CHECKING:
    from storage.server import Server

ONE_MORE = 1  # of a process, on which it listens to the others


async def look(settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether a service is running, and what is found."""
    try:
        from storage.server import survey
    except ImportError:
        return False, [problem("database", NO_ASYNCPG)]
    keys = keys_of(settings)
    assert keys is not None
    where = ", ".join(hosts(settings.database_url))
    try:
        found = await survey(settings.database_url, keys)
    except StorageError as error:
        return False, [problem("database", f"PostgreSQL at {where} cannot be used: {error}")]
    return found.processes > 0, list(findings(settings, found))


def findings(settings: Settings, found: Server) -> Iterator[Finding]:
    yield _state(", ".join(hosts(settings.database_url)), found)
    yield _keys(found)
    yield from _durability(settings, found)
    yield _connections(settings, found)
    yield from _way(settings, found)


def _state(where: str, found: Server) -> Finding:
    from storage.postgres import OLDEST

    server = f"PostgreSQL {found.version} at {where}"
    if not found.is_new_enough:
        return problem("database", f"{server} is too old: {OLDEST // 10_000} or newer is needed")
    if found.encoding != "UTF8":
        return problem("database", f"{server} is encoded as {found.encoding}: make one with ENCODING 'UTF8'")
    if found.schema > found.known:
        return problem("database", f"{server} was used by a newer version (schema {found.schema}): run that version")
    if found.schema < found.known and not found.may_make_tables:
        return problem("database", f"{server}: this user may not make tables there: let it own the database")
    if not found.schema:
        return ok("database", f"{server}: the tables will be made at the first start")
    if found.schema < found.known:
        return ok("database", f"{server} will be brought from schema {found.schema} to {found.known} at the next start")
    return ok("database", f"{server}, schema {found.schema}; processes that serve: {found.processes}")


def _keys(found: Server) -> Finding:
    if found.wrong_keys is not None:
        return problem("keys", found.wrong_keys)
    return ok("keys", "from DATA_KEY: keep a copy, apart from the backups; without them nobody reads the database")


def _durability(settings: Settings, found: Server) -> Iterator[Finding]:
    if not found.writes_safely:
        yield warning("disk", "fsync is off: a power cut can lose acknowledged texts, and damage all. Set it on")
    if not found.writes_whole_pages:
        yield warning("disk", "full_page_writes is off: a power cut can damage the database. Set it on")
    if found.writes_safely and found.writes_whole_pages:
        yield ok("disk", "a text is on the server's disk before it is acknowledged")
    if len(hosts(settings.database_url)) > 1 and not found.waits_for_standby:
        yield warning(
            "disk",
            "synchronous_standby_names is empty: when a standby takes over, texts acknowledged just before may be lost",
        )


def _connections(settings: Settings, found: Server) -> Finding:
    from storage.postgres import MOST_CONNECTIONS

    each = MOST_CONNECTIONS + ONE_MORE
    if settings.database_pooled:
        return ok("server", f"by way of a pooler; each process takes up to {MOST_CONNECTIONS} of its connections")
    says = f"{found.most_connections} connections, {found.used_connections} in use; each process takes up to {each}"
    if found.most_connections < each:
        return problem("server", f"{says}: raise max_connections, or the limit of the user or the database")
    if found.most_connections - found.used_connections < each and not found.processes:
        return warning("server", f"{says}: there is no room for one; raise max_connections")
    return ok("server", says)


def _way(settings: Settings, found: Server) -> Iterator[Finding]:
    if found.is_pooled and not settings.database_pooled:
        says = "a pooler is in between, such as PgBouncer: set DATABASE_POOLED=true, unless it pools whole sessions"
        yield warning("server", says)
    if all(map(is_here, hosts(settings.database_url))):
        return
    demanded = parse_qs(urlsplit(settings.database_url).query).get("sslmode", ["prefer"])[-1]
    if demanded.startswith("verify"):
        yield ok("server", f"reached by TLS, its certificate proven (sslmode={demanded})")
    elif demanded == "require" or (found.by_tls and not found.is_pooled):
        yield ok("server", "reached by TLS; sslmode=verify-full in DATABASE_URL would also prove that it is yours")
    else:
        yield warning("server", "not reached by TLS for certain: add ?sslmode=verify-full to DATABASE_URL")
