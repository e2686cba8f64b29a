"""PostgreSQL goes away and comes back, or another server takes its place: texts wait at Vonage, and none is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from storage import audit
from storage.keys import new
from storage.moving import to_postgres, to_sqlite
from storage.server import survey
from storage.sqlite import SQLite
from storage.visit import visiting
from tests import postgres as servers
from tests.conftest import Emulated, StartEmulator
from tests.everything import fill
from tests.people import ALICE, BOB, LINE
from tests.postgres import KEYS, Databases, binaries, nobody
from tests.process import API_TOKEN, Service, free_port

pytestmark = pytest.mark.timeout(120)
POOLER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
FULLY = {**servers.MANNER, "max_wal_senders": "4", "wal_level": "replica", "hot_standby": "on"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for the path of a socket; whoever PostgreSQL runs as may write there."""
    place = Path(mkdtemp(prefix="pg", dir="/tmp"))
    nobody(place)
    yield place
    shutil.rmtree(place, ignore_errors=True)


class Server:
    """One that can be ended and started again; `name` is its folder's."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.data = folder / name, folder / name / "data"
        self.process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        self.folder.mkdir()
        servers.initialise(binaries(), self.data, nobody(self.folder))

    def copy(self, other: Server) -> None:
        """Become a standby of another."""
        self.folder.mkdir()
        servers.do(
            [binaries() / "pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-h", other.folder,
             "-U", "postgres"],
            nobody(self.folder),
        )  # fmt: skip

    def start(self) -> None:
        self.process = servers.start(binaries(), self.data, self.folder, FULLY)

    def end(self, sent: signal.Signals = signal.SIGINT) -> None:
        if self.process is not None:
            self.process.send_signal(sent)
            self.process.wait(timeout=20)
            self.process = None

    def promote(self) -> None:
        servers.do([binaries() / "pg_ctl", "promote", "-D", self.data], nobody(self.folder))


@pytest.fixture
def primary(folder: Path) -> Iterator[Server]:
    server = Server(folder, "a")
    server.make()
    server.start()
    yield server
    server.end()


class Town:
    """Alice and Bob in a chat, on a service that keeps it in PostgreSQL."""

    def __init__(self, service: Service, vonage: Emulated) -> None:
        self.service, self.vonage = service, vonage

    async def meet(self) -> None:
        asked = {"userANumber": ALICE.e164(), "userBNumber": BOB.e164()}
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with self.vonage.http.post(f"{self.service.url}/chat", json=asked, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
        await self.vonage.received(BOB.e164(), 1, wait=20)

    async def webhook(self, text: str) -> int:
        """As Vonage calls it: the status it is answered with."""
        asked = {
            "msisdn": ALICE.digits(), "to": LINE.digits(), "messageId": text, "text": text, "type": "text",
            "message-timestamp": "2026-11-25 12:00:00",
        }  # fmt: skip
        async with self.vonage.http.post(self.service.webhook("inbound-sms"), json=asked) as answer:
            return answer.status

    async def ready(self) -> int:
        async with self.vonage.http.get(f"{self.service.url}/readyz") as answer:
            return answer.status

    async def is_taken(self, text: str) -> None:
        """Vonage sends it until it is."""
        async with asyncio.timeout(60):
            while await self.webhook(text) != 204:
                await asyncio.sleep(0.1)

    async def heard(self) -> list[str]:
        return [text for text in await self.vonage.received(BOB.e164()) if not text.startswith("Private SMS")]


@pytest.fixture
async def town(tmp_path: Path, emulator: StartEmulator) -> AsyncIterator[Town]:
    service, vonage = Service(tmp_path), await emulator()
    service.settings = {"VONAGE_REST_URL": vonage.url, "VONAGE_API_URL": vonage.url, "DATA_KEY": new()}
    yield Town(service, vonage)
    if service.running is not None:
        await service.end()


async def arrives(town: Town, *texts: str) -> None:
    async with asyncio.timeout(30):
        while await town.heard() != [*texts]:
            await asyncio.sleep(0.05)


async def test_while_the_server_is_away_vonage_is_told_to_come_again_and_then_all_goes_on(
    town: Town, primary: Server
) -> None:
    town.service.settings["DATABASE_URL"] = servers.address_in(primary.folder)
    await town.service.start()
    await town.meet()
    await town.is_taken("before")
    await arrives(town, "before")
    await asyncio.to_thread(primary.end)
    assert await town.webhook("meanwhile") == 503
    assert await town.ready() == 503
    await asyncio.to_thread(primary.start)
    await town.is_taken("meanwhile")
    await arrives(town, "before", "meanwhile")
    async with asyncio.timeout(20):
        while await town.ready() != 200:
            await asyncio.sleep(0.1)
    assert "Traceback" not in town.service.log


async def test_when_a_standby_takes_over_nothing_that_was_acknowledged_is_missing(
    town: Town, primary: Server, folder: Path
) -> None:
    standby = Server(folder, "b")
    await asyncio.to_thread(standby.copy, primary)
    await asyncio.to_thread(standby.start)
    try:
        await _in_step(primary)
        town.service.settings["DATABASE_URL"] = (
            f"postgresql://postgres@/postgres?host={primary.folder},{standby.folder}"
        )
        await town.service.start()
        await town.meet()
        sent = [f"text {number}" for number in range(20)]
        for text in sent:
            await town.is_taken(text)
        await asyncio.to_thread(primary.end, signal.SIGKILL)
        await asyncio.to_thread(standby.promote)
        await town.is_taken("after")
        await arrives(town, *sent, "after")
        await town.service.end()
    finally:
        await asyncio.to_thread(standby.end)


async def _in_step(primary: Server) -> None:
    """From here on a commit waits for the standby, as docs/runbook.md asks for."""
    connection = await asyncpg.connect(servers.address_in(primary.folder))
    try:
        await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await connection.execute("SELECT pg_reload_conf()")
        while await connection.fetchval("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != 1:
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


@contextmanager
def pooler(database: str, folder: Path, port: int) -> Iterator[str]:
    """PgBouncer in transaction mode before a database; its address."""
    name, place = database.split("?")[0].rsplit("/", 1)[1], database.split("host=")[1]
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"""
        [databases]
        {name} = host={place} dbname={name} user=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        auth_file = {folder / "users"}
        pool_mode = transaction
        default_pool_size = 3
        logfile = {folder / "log"}
        """
    )
    assert POOLER is not None
    running = subprocess.Popen([POOLER, "-q", folder / "pgbouncer.ini"], **nobody(folder))
    try:
        while running.poll() is None:  # until it listens
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
        yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
    finally:
        running.terminate()
        running.wait(timeout=20)


@pytest.mark.skipif(POOLER is None and "CI" not in os.environ, reason="WITHOUT PGBOUNCER: it is not installed")
async def test_behind_a_pooler_in_transaction_mode_people_text_as_ever(
    town: Town, databases: Databases, folder: Path
) -> None:
    with pooler(await databases.make(empty=True), folder, free_port()) as address:
        town.service.settings |= {"DATABASE_URL": address, "DATABASE_POOLED": "true"}
        await town.service.start()
        await town.meet()
        texts = [f"text {number}" for number in range(20)]
        assert set(await asyncio.gather(*map(town.webhook, texts))) == {204}
        async with asyncio.timeout(30):
            while sorted(await town.heard()) != sorted(texts):
                await asyncio.sleep(0.05)
        assert await town.service.end() == 0
    assert "ERROR" not in town.service.log


@pytest.mark.skipif(POOLER is None and "CI" not in os.environ, reason="WITHOUT PGBOUNCER: it is not installed")
async def test_commands_go_by_way_of_a_pooler_too_and_check_sees_that_it_is_there(
    databases: Databases, folder: Path, tmp_path: Path
) -> None:
    engine = await SQLite.open(tmp_path / "sms.db", KEYS)
    async with engine.transaction() as tx:
        await fill(tx)
    await engine.close()
    with pooler(await databases.make(empty=True), folder, free_port()) as address:
        there = await to_postgres(tmp_path / "sms.db", address, KEYS, lambda table, count: None)
        assert await to_sqlite(address, tmp_path / "back.db", KEYS, lambda table, count: None) == there
        async with visiting(address, KEYS) as here:
            assert [entry.what async for entry in audit.entries(here)] == ["END"]
        assert (await survey(address, KEYS)).is_pooled
