"""Whom a request counts for: the peer itself, unless a trusted proxy speaks for somebody."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from starlette.types import Scope

from bot.callers import NOBODY, Callers

BEHIND = Callers((ip_network("10.0.0.0/8"), ip_network("::1/128")))


def asked(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    return {"type": "http", "client": (peer, 4711) if peer else None, "headers": headers}


def test_a_stranger_is_not_believed_about_whom_it_speaks_for() -> None:
    assert Callers().of(asked("192.0.2.1", "203.0.113.9")) == "192.0.2.1"
    assert BEHIND.of(asked("192.0.2.1", "203.0.113.9")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        (("203.0.113.9",), "203.0.113.9"),
        (("198.51.100.7, 203.0.113.9",), "203.0.113.9"),  # the first was written by the caller
        (("198.51.100.7", "203.0.113.9"), "203.0.113.9"),
        (("203.0.113.9, 10.1.2.3",), "203.0.113.9"),  # two proxies, one behind the other
        (("203.0.113.9:4711",), "203.0.113.9"),
        (("[2001:db8:1:2:3:4:5:6]:443",), "2001:db8:1:2::/64"),
        (("10.1.2.3, 10.1.2.4",), "10.1.2.3"),
        (("203.0.113.9, nonsense",), "10.0.0.1"),  # who writes nonsense hides nobody but itself
        (("",), "10.0.0.1"),
        ((), "10.0.0.1"),
        (("\xe9\x00,",), "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_is_believed_about_the_last_that_is_none(forwarded: tuple[str, ...], caller: str) -> None:
    assert BEHIND.of(asked("10.0.0.1", *forwarded)) == caller


def test_all_of_an_ipv6_households_addresses_are_one() -> None:
    assert BEHIND.of(asked("2001:db8::1")) == BEHIND.of(asked("2001:db8::ffff:1")) == "2001:db8::/64"


def test_ipv4_in_the_clothes_of_ipv6_is_the_same_caller() -> None:
    assert BEHIND.of(asked("::ffff:192.0.2.1")) == "192.0.2.1"
    assert BEHIND.of(asked("::ffff:10.0.0.1", "203.0.113.9")) == "203.0.113.9"


def test_a_unix_socket_has_no_address() -> None:
    assert BEHIND.of(asked(None)) == NOBODY


@pytest.mark.parametrize(
    ("host", "unlimited"), [("127.0.0.1", True), ("::1", True), ("10.9.9.9", True), ("192.0.2.1", False), ("", True)]
)
def test_many_may_come_from_this_machine_and_through_a_trusted_proxy(host: str, unlimited: bool) -> None:
    assert BEHIND.unlimited(host) is unlimited
