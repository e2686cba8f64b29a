"""`python -m bot backup` as an operator runs it: beside the real service, and back from it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

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
            " VALUES ('+447700900000', 'somebody', 'notice', 'r', 'queued', 0, 0, 0)"
        )
        database.commit()
    await running.start("--after-restore")
    with closing(sqlite3.connect(running.folder / "service.db")) as database:
        held = database.execute("SELECT state, reason FROM outbound").fetchall()
    assert held == [("dead", "held after a restore")]
    assert "texts held after a restore, see FAILED count=1" in running.log
