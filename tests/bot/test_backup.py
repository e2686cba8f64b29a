"""`python -m bot backup` as an operator runs it: beside the real service, and back from it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.process import Service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path)
    service.settings["VONAGE_REST_URL"] = "http://127.0.0.1:9"
    await service.start()
    yield service
    await service.end()


async def backup(service: Service, *words: str) -> tuple[int | None, str, str]:
    command = [sys.executable, "-m", "bot", "backup", *words]
    running = await asyncio.create_subprocess_exec(
        *command, cwd=service.folder, env=service.environment, stdout=PIPE, stderr=PIPE
    )
    out, err = await running.communicate()
    return running.returncode, out.decode(), err.decode()


async def test_a_backup_is_made_while_the_service_runs(service: Service) -> None:
    status, said, _ = await backup(service, "copy.db")
    assert (status, "whole and checked" in said) == (0, True)
    with closing(sqlite3.connect(service.folder / "copy.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)


async def test_what_is_there_already_is_left_alone(service: Service) -> None:
    await asyncio.to_thread((service.folder / "copy.db").write_text, "precious")
    status, said, fault = await backup(service, "copy.db")
    assert (status, said) == (1, "")
    assert fault == "No backup was made: copy.db exists already; name another file\n"


async def test_wrong_settings_are_told_as_ever(service: Service) -> None:
    service.settings = {"VONAGE_NUMBER": "x"}
    status, _, fault = await backup(service, "copy.db")
    assert status == 2
    assert fault.startswith("VONAGE_NUMBER")
    service.settings = {}


async def test_after_a_restore_nothing_unfinished_is_sent(service: Service) -> None:
    await service.end()
    with closing(sqlite3.connect(service.folder / "service.db")) as database:
        database.execute(
            "INSERT INTO outbound (line, recipient, text, kind, client_ref, state, ready_at, created_at, changed_at)"
            " VALUES ('+447700900000', '+447700900001', 'went out long ago', 'notice', 'r', 'queued', 0, 0, 0)"
        )
        database.commit()
    await service.start("--after-restore")
    with closing(sqlite3.connect(service.folder / "service.db")) as database:
        held = database.execute("SELECT state, reason FROM outbound").fetchall()
    assert held == [("dead", "held after a restore")]
    assert "texts held after a restore, see FAILED count=1" in service.log
