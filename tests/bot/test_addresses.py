"""Addresses of databases: which can be read, and what of them may be shown."""

from __future__ import annotations

import pytest

from bot.addresses import hosts, is_here
from storage import keys
from tests.owner import fault, read


@pytest.mark.parametrize(
    "written",
    ["sms:se/cret@h/sms", "sms:se?cret@h/sms", "sms:se#cret@h/sms", "sms@h:se/sms", "sms:se[cret@h/sms"],
)
def test_an_address_that_a_driver_would_misread_is_told_without_its_password(written: str) -> None:
    told = fault(DATABASE_URL=f"postgresql://{written}")
    assert "write @ as %40" in told
    assert "cret" not in told


@pytest.mark.parametrize(
    "written",
    [
        "h/sms",
        "u:p%2F@h:5432/sms",
        "u:p@a@h1,h2:5433/sms",
        "u@[::1]:5432/sms",
        "/sms?host=/run/postgresql&sslmode=require",
    ],
)
def test_an_address_may_name_several_hosts_a_socket_or_none(written: str) -> None:
    assert read(DATABASE_URL=f"postgresql://{written}", DATA_KEY=keys.new()).on_postgres


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://u:canary@a:5432,b/x?password=canary", ["a:5432", "b"]),
        ("postgresql://u@/x?host=/run/postgresql&password=canary", ["/run/postgresql"]),
        ("postgresql://u@/x?host=a,b", ["a", "b"]),
        ("postgresql:///x", ["this machine"]),
    ],
)
def test_hosts_are_named_without_whoever_connects_and_by_what_password(url: str, named: list[str]) -> None:
    assert hosts(url) == named


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost:5432", True),
        ("127.0.0.1", True),
        ("[::1]:5432", True),
        ("/run/postgresql", True),
        ("this machine", True),
        ("db.example.org", False),
        ("192.0.2.7:5432", False),
        ("[2001:db8::1]", False),
    ],
)
def test_another_machine_is_told_from_this_one(host: str, here: bool) -> None:
    assert is_here(host) == here
