"""The brake: ten failures a minute from an address, a thousand from all, and a memory that has an end."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from starlette.types import Scope

from bot import brake
from bot.brake import KNOWN, MOST, MOST_IN_ALL, REMEMBERED, WINDOW, Brake
from bot.callers import Callers


class Street:
    """A brake, a clock that is set, and people who fail."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000
        self.reached = 0
        self.brake = Brake(Callers(), lambda: self.now, self.note)

    def note(self) -> None:
        self.reached += 1

    def fails(self, address: str, times: int = 1) -> None:
        for _ in range(times):
            self.brake.failed(asked(address))

    def waits(self, address: str) -> int:
        return self.brake.wait(asked(address))


def asked(address: str) -> Scope:
    return {"type": "http", "client": (address, 4711), "headers": []}


def addresses(count: int) -> list[str]:
    return [str(IPv4Address(int(IPv4Address("198.18.0.0")) + number)) for number in range(count)]


@pytest.fixture
def street() -> Street:
    return Street()


def test_ten_failures_in_a_minute_are_allowed_and_then_it_waits_out_the_minute(street: Street) -> None:
    street.fails("192.0.2.1", MOST - 1)
    assert street.waits("192.0.2.1") == 0
    street.now += 1500
    street.fails("192.0.2.1")
    assert street.waits("192.0.2.1") == 59
    street.now += WINDOW - 1501
    assert street.waits("192.0.2.1") == 1
    street.now += 1
    assert street.waits("192.0.2.1") == 0


def test_failures_of_an_earlier_minute_do_not_count(street: Street) -> None:
    street.fails("192.0.2.1", MOST - 1)
    street.now += WINDOW
    street.fails("192.0.2.1", MOST - 1)
    assert street.waits("192.0.2.1") == 0


def test_others_do_not_wait_for_who_fails(street: Street) -> None:
    street.fails("192.0.2.1", MOST)
    assert street.waits("192.0.2.2") == 0


def test_who_changes_addresses_within_a_household_is_still_one(street: Street) -> None:
    for number in range(MOST):
        street.fails(f"2001:db8::{number + 1:x}")
    assert street.waits("2001:db8::beef") > 0
    assert street.waits("2001:db8:0:1::1") == 0


def test_when_strangers_fail_in_numbers_only_those_are_heard_who_were_right_before(street: Street) -> None:
    street.brake.right(asked("192.0.2.7"))
    for address in addresses(MOST_IN_ALL):
        street.fails(address)
    assert (street.waits("192.0.2.8") > 0, street.waits("192.0.2.7")) == (True, 0)
    street.now += WINDOW
    assert street.waits("192.0.2.8") == 0


def test_reaching_a_limit_is_told_once(street: Street) -> None:
    street.fails("192.0.2.1", MOST - 1)
    assert street.reached == 0
    street.fails("192.0.2.1", 50)
    assert street.reached == 1


def test_a_clock_that_is_set_back_locks_nobody_out(street: Street) -> None:
    street.fails("192.0.2.1", MOST)
    street.now -= 3_600_000
    assert street.waits("192.0.2.1") == 0


def test_the_memory_has_an_end(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "REMEMBERED", 100)
    monkeypatch.setattr(brake, "KNOWN", 10)
    for address in addresses(500):
        street.fails(address)
        street.brake.right(asked(address))
    assert (len(street.brake._counts), len(street.brake._known)) == (100, 10)
    assert (REMEMBERED, KNOWN) == (10_000, 1000)
