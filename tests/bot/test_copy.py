"""`copy` as an operator uses it: a live installation goes on on the other engine; what goes wrong changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import re
import signal
from argparse import Namespace
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from bot.copy import run
from bot.emulator.profile import Profile
from storage import tokens
from storage.engine import InDoubt
from storage.keys import KeyFile, keys_in, new
from storage.postgres import Postgres
from storage.sqlite import SQLite
from tests.emulation import StartEmulator
from tests.everything import fill
from tests.owner import GOOD
from tests.people import ADMIN, ALICE, BOB, LINE, OTHER_LINE
from tests.postgres import Databases
from tests.process import Service

FILE = "sqlite:///service.db"


@pytest.fixture
async def target(databases: Databases) -> str:
    return await databases.make(empty=True)


@pytest.fixture
async def filled(tmp_path: Path) -> Service:
    """A service that does not run, and whose database has something in each table."""
    engine = await SQLite.open(tmp_path / "service.db")
    async with engine.transaction() as tx:
        await fill(tx)
    await engine.close()
    return Service(tmp_path)


async def text(running: Service, sender: str, words: str) -> None:
    told = {"msisdn": sender, "to": LINE.digits(), "messageId": f"M{words}", "text": words, "type": "text"}
    async with aiohttp.ClientSession() as http, http.post(running.webhook("inbound-sms"), json=told) as answer:
        assert answer.status == 204


async def test_a_live_installation_goes_on_in_postgresql_where_it_was(
    running: Service, target: str, emulator: StartEmulator
) -> None:
    await text(running, ADMIN.digits(), f"PAIR {ALICE.e164()} {BOB.e164()}")
    await text(running, ALICE.digits(), "on my way")
    status, _, complaint = await running.command("copy", FILE, target)
    assert (status, complaint.partition(":")[0]) == (1, "Nothing was copied, and the source is as it was")
    assert "Stop that one first" in complaint
    await running.end()

    status, said, complaint = await running.command("copy", FILE, target)
    assert (status, complaint) == (0, "")
    assert re.search(r"^outbound +4$", said, re.MULTILINE)
    assert "compared: the same in both" in said
    assert target not in said
    [(name, file)] = re.findall(r"^  (DATA_KEY_FILE)=(.+)$", said, re.MULTILINE)

    account = Profile(key="abcd1234", secret="a-secret-for-tests", lines=(LINE.e164(), OTHER_LINE.e164()))
    phones = await emulator(account)
    running.settings |= {name: file, "DATABASE_URL": target, "VONAGE_REST_URL": phones.url}
    await running.start()
    assert (await phones.received(BOB.digits(), 2))[1] == "on my way"
    await text(running, BOB.digits(), "here I am")
    assert (await phones.received(ALICE.digits(), 2))[1] == "here I am"
    await text(running, ADMIN.digits(), "PAIR +447700900003 +447700900004")
    assert "Chat 2 ready" in (await phones.received(ADMIN.digits(), 2))[1]


async def test_what_a_killed_service_has_left_is_copied_whole(running: Service, target: str) -> None:
    await running.end(signal.SIGKILL)
    assert (running.folder / "service.db-wal").stat().st_size
    status, said, _ = await running.command("copy", FILE, target)
    assert (status, "compared" in said) == (0, True)


async def test_and_back(filled: Service, target: str) -> None:
    tokens.add(filled.folder / "service.db.tokens", "dispatch", 1)
    status, said, complaint = await filled.command("copy", FILE, target)
    assert status == 0, complaint
    assert "service.db.tokens, the API's tokens, along: as private-sms.db.tokens" in said
    filled.settings["DATA_KEY_FILE"] = str(filled.folder / "service.db.key")
    status, said, complaint = await filled.command("copy", target, "sqlite:///back.db")
    assert status == 0, complaint
    assert "DATABASE_URL=sqlite:///back.db" in said
    assert "DATA_KEY, or DATA_KEY_FILE, as it is" in said
    filled.settings["DATABASE_URL"] = "sqlite:///back.db"
    await filled.start()
    await filled.end()


HELD = """
    CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN SET LOCAL lock_timeout = 0; PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
    CREATE TRIGGER held BEFORE INSERT ON sent_part FOR EACH ROW EXECUTE FUNCTION held();
"""
WAITING = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
ANYBODY = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_copy_that_is_killed_in_the_middle_leaves_the_target_empty_and_may_be_made_again(
    filled: Service, target: str
) -> None:
    path = filled.folder / "service.db"
    await (await Postgres.open(target, KeyFile.beside(path))).close()
    before, outside = await asyncio.to_thread(digest, path), await asyncpg.connect(target)
    await outside.execute(HELD + "SELECT pg_advisory_lock(42)")
    await filled.launch("copy", FILE, target)
    while not await outside.fetchval(WAITING):
        await asyncio.sleep(0.02)
    assert await filled.end(signal.SIGKILL) == -signal.SIGKILL
    await outside.execute("SELECT pg_advisory_unlock(42)")
    while await outside.fetchval(ANYBODY):
        await asyncio.sleep(0.02)
    assert await outside.fetchval("SELECT (SELECT count(*) FROM chat) + (SELECT count(*) FROM audit)") == 0
    assert await asyncio.to_thread(digest, path) == before
    await outside.close()
    status, _, complaint = await filled.command("copy", FILE, target)
    assert status == 0, complaint


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


async def test_other_keys_in_the_settings_are_told_with_the_file_that_has_the_right_ones(
    filled: Service, target: str
) -> None:
    held = (filled.folder / "service.db.key").read_text()
    filled.settings["DATA_KEY"] = new()
    status, _, complaint = await filled.command("copy", FILE, target)
    assert status == 1
    assert "not those of this database" in complaint
    assert "DATA_KEY_FILE=service.db.key takes those" in complaint
    assert not any(key in complaint for key in [*keys_in(held), filled.settings["DATA_KEY"]])


async def test_a_target_that_is_in_use_and_one_that_is_not_there_are_told(filled: Service, target: str) -> None:
    assert (await filled.command("copy", FILE, target))[0] == 0
    status, _, complaint = await filled.command("copy", FILE, target)
    assert (status, "in use" in complaint) == (1, True)
    status, _, complaint = await filled.command("copy", FILE, "postgresql://u:canary@localhost:1/x")
    assert (status, "canary" in complaint) == (1, False)
    assert complaint.startswith("Nothing was copied, and the source is as it was: cannot open the database")


@pytest.mark.parametrize(
    "words",
    [
        ("sqlite:///a.db", "sqlite:///b.db"),
        ("postgresql://h/a", "postgresql://h/b"),
        ("mysql://h/a", "sqlite:///b.db"),
        ("sqlite:///a.db", "postgresql://u:can/ary@h/b"),
        ("sqlite:///a.db",),
    ],
)
async def test_addresses_that_are_none_are_status_2_and_show_no_password(
    filled: Service, words: tuple[str, ...]
) -> None:
    status, said, complaint = await filled.command("copy", *words)
    assert (status, said) == (2, "")
    assert "ary" not in complaint


async def test_a_commit_of_which_nobody_knows_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def lost(*_: object) -> int:
        raise InDoubt("the connection is gone")

    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bot.copy.copy", lost)
    words = Namespace(source="sqlite:///a.db", target="postgresql://h/b")
    assert await asyncio.to_thread(run, words) == 1
    assert "Whether the copy was kept is not known" in capsys.readouterr().err


async def test_wrong_settings_are_status_2(filled: Service, target: str) -> None:
    filled.settings["PORT"] = "x"
    status, _, complaint = await filled.command("copy", FILE, target)
    assert (status, complaint.split()[0]) == (2, "PORT")
