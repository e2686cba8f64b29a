"""`python -m bot backup` as an operator runs it: beside the real service, and back from it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing

from storage import outbox
from storage.postgres import Postgres
from tests.people import ALICE, BOB, LINE, notice
from tests.postgres import KEYS
from tests.process import Service


async def test_a_backup_is_made_while_the_service_runs(running: Service) -> None:
    status, said, _ = await running.command("backup", "copy.db")
    assert (status, "whole and checked" in said) == (0, True)
    with closing(sqlite3.connect(running.folder / "copy.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)


async def test_what_is_there_already_is_left_alone(running: Service) -> None:
    await asyncio.to_thread((running.folder / "copy.db").write_text, "precious")
    status, said, fault = await running.command("backup", "copy.db")
    assert (status, said) == (1, "")
    assert fault == "No backup was made: copy.db exists already; name another file\n"


async def test_of_postgresql_it_makes_none_and_says_who_does(sharing: Service) -> None:
    sharing.settings["DATABASE_URL"] = "postgresql://me:canary@localhost:1/sms"
    status, said, told = await sharing.command("backup", "copy.db")
    assert (status, said) == (2, "")
    assert "pg_dump --format=custom" in told
    assert "keys of DATA_KEY, which are not in it" in told
    assert "canary" not in told


async def test_wrong_settings_are_told_as_ever(running: Service) -> None:
    running.settings = {"VONAGE_NUMBER": "x"}
    status, _, fault = await running.command("backup", "copy.db")
    assert status == 2
    assert fault.startswith("VONAGE_NUMBER")
    running.settings = {}


async def test_after_a_restore_nothing_unfinished_is_sent(running: Service) -> None:
    await running.end()
    with closing(sqlite3.connect(running.folder / "service.db")) as database:
        database.execute(
            "INSERT INTO outbound (line, recipient, kind, client_ref, state, ready_at, created_at, changed_at)"
            " VALUES ('+447700900000', 'somebody', 'notice', 'r', 'queued', 0, ?1, ?1)",
            (time.time_ns() // 1_000_000,),  # an old one would be dismissed soon
        )
        database.commit()
    await running.start("--after-restore")
    with closing(sqlite3.connect(running.folder / "service.db")) as database:
        held = database.execute("SELECT state, reason FROM outbound").fetchall()
    assert held == [("dead", "held after a restore")]
    assert "texts held after a restore, see FAILED count=1" in running.log


async def test_nor_from_postgresql_where_one_process_is_started_on_a_restored_copy(sharing: Service) -> None:
    engine = await Postgres.open(sharing.settings["DATABASE_URL"], KEYS)
    now = time.time_ns() // 1_000_000
    async with engine.transaction() as tx:
        await outbox.enqueue(tx, [(notice(ALICE), "r1"), (notice(ALICE), "r2"), (notice(BOB), "r3")], now)
        await outbox.claim(tx, owner="another run", line=LINE, limit=1, now=now)
    await sharing.start("--after-restore")
    held = await engine.reader.rows("SELECT state, reason, doubted FROM outbound ORDER BY id")
    assert held == [("dead", "held after a restore", 1)] * 3
    assert "texts held after a restore, see FAILED count=3" in sharing.log
    await engine.close()
