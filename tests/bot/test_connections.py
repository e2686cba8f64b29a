from ipaddress import ip_network

import pytest

from bot.callers import Callers
from bot.connections import Connections


def test_one_address_has_only_so_many_and_others_have_theirs() -> None:
    connections = Connections(2)
    assert [connections.take("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert connections.take("192.0.2.2")


def test_who_leaves_makes_room_and_is_forgotten() -> None:
    connections = Connections(1)
    assert connections.take("192.0.2.1")
    connections.leave("192.0.2.1")
    assert not connections._held
    assert connections.take("192.0.2.1")


def test_a_household_of_ipv6_is_one_address() -> None:
    connections = Connections(1)
    assert [connections.take(f"2001:db8::{number}") for number in (1, 2)] == [True, False]
    assert connections.take("2001:db8:0:1::1")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", ""])
def test_this_machine_and_trusted_proxies_bring_many(host: str) -> None:
    connections = Connections(1, Callers((ip_network("10.0.0.0/8"),)))
    for _ in range(3):
        assert connections.take(host)
        connections.leave(host)
    assert all(connections.take(host) for _ in range(3))


def test_nought_is_no_limit() -> None:
    connections = Connections(0)
    assert all(connections.take("192.0.2.1") for _ in range(1000))
