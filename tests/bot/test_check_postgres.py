"""What is found of a PostgreSQL server is judged, and said without a password."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.check import findings as every_finding
from bot.check_postgres import findings, look
from bot.settings import Settings
from storage import leases, tokens
from storage.keys import new
from storage.postgres import Postgres
from storage.server import Server
from tests.owner import GOOD, NOWHERE, read
from tests.people import LINE
from tests.postgres import KEY

WORKS = Server(
    version="16.4", is_new_enough=True, encoding="UTF8", writes_safely=True, writes_whole_pages=True,
    waits_for_standby=False, may_make_tables=True, schema=2, known=2, wrong_keys=None, most_connections=97,
    used_connections=10, is_pooled=False, by_tls=True, processes=0,
)  # fmt: skip
SERVER = "database  PostgreSQL 16.4 at localhost"


def settings(url: str = "postgresql://sms:canary@localhost/sms", pooled: str = "false") -> Settings:
    return read(DATABASE_URL=url, DATA_KEY=new(), DATABASE_POOLED=pooled)


def test_a_good_server_is_all_right() -> None:
    assert list(map(str, findings(settings(), WORKS))) == [
        f"ok       {SERVER}, schema 2; processes that serve: 0",
        "ok       keys      from DATA_KEY: keep a copy, apart from the backups; without them nobody reads the database",
        "ok       disk      a text is on the server's disk before it is acknowledged",
        "ok       server    97 connections, 10 in use; each process takes up to 5",
    ]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"schema": 0}, f"ok       {SERVER}: the tables will be made"),
        ({"schema": 1}, f"ok       {SERVER} will be brought from schema 1 to 2"),
        ({"schema": 9}, f"problem  {SERVER} was used by a newer version (schema 9)"),
        ({"schema": 0, "may_make_tables": False}, f"problem  {SERVER}: this user may not"),
        ({"is_new_enough": False}, f"problem  {SERVER} is too old"),
        ({"encoding": "LATIN1"}, f"problem  {SERVER} is encoded as LATIN1"),
        ({"wrong_keys": "the keys are others"}, "problem  keys      the keys are others"),
        ({"writes_safely": False}, "warning  disk      fsync is off"),
        ({"writes_whole_pages": False}, "warning  disk      full_page_writes is off"),
        ({"most_connections": 4}, "problem  server    4 connections"),
        (
            {"most_connections": 14},
            "warning  server    14 connections, 10 in use; each process takes up to 5: there",
        ),
        ({"most_connections": 14, "processes": 2}, "ok       server    14 connections"),
        ({"is_pooled": True}, "warning  server    a pooler is in between"),
    ],
)
def test_what_is_found_is_judged(found: dict[str, Any], told: str) -> None:
    said = list(map(str, findings(settings(), replace(WORKS, **found))))
    assert [each for each in said if each.startswith(told)], said


def test_a_server_that_may_lose_texts_is_not_said_to_keep_them() -> None:
    said = list(map(str, findings(settings(), replace(WORKS, writes_safely=False))))
    assert not any("before it is acknowledged" in each for each in said)


@pytest.mark.parametrize(
    ("url", "by_tls", "told"),
    [
        ("postgresql://u@db.example.org/sms", False, "warning  server    not reached by TLS"),
        ("postgresql://u@db.example.org/sms", True, "ok       server    reached by TLS; sslmode=verify-full"),
        (
            "postgresql://u@db.example.org/sms?sslmode=verify-full",
            True,
            "ok       server    reached by TLS, its cert",
        ),
        ("postgresql://u@192.0.2.7:5433/sms", False, "warning  server    not reached by TLS"),
        ("postgresql://u@/sms?host=db.example.org", False, "warning  server    not reached by TLS"),
        ("postgresql://u@localhost,db.example.org/sms", False, "warning  server    not reached by TLS"),
        ("postgresql://u@[::1]:5432/sms", False, None),
        ("postgresql://u@127.0.0.1/sms", False, None),
        ("postgresql:///sms", False, None),
        ("postgresql://u@/sms?host=/run/postgresql", False, None),
    ],
)
def test_on_the_way_to_another_machine_it_should_be_tls(url: str, by_tls: bool, told: str | None) -> None:
    said = [str(each) for each in findings(settings(url), replace(WORKS, by_tls=by_tls)) if "TLS" in each.says]
    assert len(said) == (told is not None)
    assert all(each.startswith(told or "") for each in said)


def test_what_is_behind_a_pooler_says_nothing_of_the_way_to_it() -> None:
    far = settings("postgresql://u@db.example.org/sms", pooled="true")
    said = list(map(str, findings(far, replace(WORKS, is_pooled=True))))
    assert any(each.startswith("warning  server    not reached by TLS for certain") for each in said)
    assert any("by way of a pooler" in each for each in said)


@pytest.mark.parametrize("waits", [False, True])
def test_a_standby_that_may_lack_texts_is_a_warning(waits: bool) -> None:
    two = settings("postgresql://u@127.0.0.1,localhost/sms")
    said = list(map(str, findings(two, replace(WORKS, waits_for_standby=waits))))
    assert any("synchronous_standby_names" in each for each in said) is not waits


async def test_a_real_server_is_looked_at(postgres: Postgres) -> None:
    ours = read(DATABASE_URL=postgres.dsn, DATA_KEY=KEY)
    running, found = await look(ours)
    assert not running
    assert [str(each).split()[0] for each in found] == ["ok", "ok", "warning", "warning", "ok"]
    await leases.renew(postgres.aside, "a run", lines=[LINE], sent=0)
    assert (await look(ours))[0]


async def test_one_that_is_not_there_is_a_problem_and_the_password_is_not_told() -> None:
    running, [found] = await look(settings("postgresql://me:canary@localhost:1/sms"))
    assert not running
    assert str(found).startswith("problem  database  PostgreSQL at localhost:1 cannot be used: ")
    assert "canary" not in str(found)


async def test_the_whole_check_speaks_of_postgresql_and_of_no_file_but_the_tokens(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    tokens.add(tokens.beside(read(DATABASE_URL=postgres.dsn, DATA_KEY=KEY).database_path), "dispatch", 1)
    environ = GOOD | {"DATABASE_URL": postgres.dsn, "DATA_KEY": KEY, "PORT": "0"}
    said = [str(each) async for each in every_finding(environ, NOWHERE, offline=True)]
    assert not [each for each in said if each.startswith("problem")]
    assert any("1 tokens with names, whose file every machine needs" in each for each in said)
    assert not any("sqlite" in each or ".key" in each for each in said)
