"""`python -m bot audit` as an operator runs it: beside the real service."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import aiohttp

from bot.audit import as_json, as_line
from storage.audit import Entry, Kind
from tests.people import ADMIN, ALICE, BOB, LINE, NOON
from tests.process import Service

ENTRY = Entry(NOON, Kind.SECURITY, "*0100", "admin added", "*0003", None, "done")


async def command(running: Service, text: str, message_id: str) -> None:
    told = {"msisdn": ADMIN.digits(), "to": LINE.digits(), "messageId": message_id, "text": text, "type": "text"}
    async with aiohttp.ClientSession() as http, http.post(running.webhook("inbound-sms"), json=told) as answer:
        assert answer.status == 204


async def test_the_log_is_shown_while_the_service_runs_and_goes_on(running: Service) -> None:
    await command(running, f"PAIR {ALICE.e164()} {BOB.e164()}", "m1")
    status, shown, _ = await running.command("audit")
    assert status == 0
    assert re.fullmatch(r"\S+Z  act       \*0100     PAIR                Chat 1        done\n", shown)
    await command(running, "END ALL", "m2")
    _, shown, _ = await running.command("audit", "--json", "--since", "1h")
    lines = [json.loads(line) for line in shown.splitlines()]
    assert [(line["kind"], line["what"], line["outcome"]) for line in lines] == [
        ("act", "PAIR", "done"), ("security", "code asked", "END ALL"),
    ]  # fmt: skip
    assert "7700900" not in shown


async def test_the_log_in_postgresql_is_shown_and_what_is_wrong_is_one_line_without_the_password(
    sharing: Service,
) -> None:
    await sharing.start()
    await command(sharing, f"PAIR {ALICE.e164()} {BOB.e164()}", "m1")
    status, shown, _ = await sharing.command("audit")
    assert status == 0
    assert re.fullmatch(r"\S+Z  act       \*0100     PAIR                Chat 1        done\n", shown)
    assert (await sharing.command("audit", "--json"))[1].startswith('{"at": ')
    sharing.settings["DATABASE_URL"] = "postgresql://me:canary@localhost:1/sms"
    status, shown, told = await sharing.command("audit")
    assert (status, shown) == (1, "")
    assert told.startswith("The audit log cannot be shown: the database cannot be reached")
    assert "canary" not in told


async def test_what_is_older_than_asked_for_is_not_shown(running: Service) -> None:
    await command(running, "STATUS", "m1")
    await asyncio.sleep(1.1)
    assert (await running.command("audit", "--since", "1s"))[:2] == (0, "")


async def test_where_there_is_no_log_that_is_one_line(tmp_path: Path) -> None:
    status, _, told = await Service(tmp_path).command("audit")
    assert status == 1
    assert told.startswith("The audit log cannot be shown: there is no database")
    assert len(told.splitlines()) == 1


async def test_a_wrong_length_of_time_is_refused(tmp_path: Path) -> None:
    status, _, told = await Service(tmp_path).command("audit", "--since", "yesterday")
    assert status == 2
    assert "expected a length of time" in told


def test_an_entry_is_one_line() -> None:
    assert as_line(ENTRY) == "2026-09-21T14:13:20.000Z  security  *0100     admin added         *0003         done"


def test_an_entry_is_one_json_object() -> None:
    assert json.loads(as_json(ENTRY)) == {
        "at": "2026-09-21T14:13:20.000Z", "kind": "security", "who": "*0100", "what": "admin added", "whom": "*0003",
        "chat": None, "outcome": "done",
    }  # fmt: skip
