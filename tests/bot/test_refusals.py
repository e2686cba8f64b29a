"""Refused webhooks: counted for ten minutes, and a reason to look when no other was right meanwhile."""

from __future__ import annotations

import pytest

from bot.refusals import VINDICATED, WINDOW, Refusals
from bot.webhooks import Event
from commands.durations import MINUTE
from storage.model import Millis


class Gate:
    def __init__(self) -> None:
        self.now: Millis = 1_790_000_000_000
        self.firsts: list[str] = []
        self.refusals = Refusals(lambda: self.now)

    def refuses(self, event: Event = Event.BAD_SIGNATURE, times: int = 1) -> None:
        for _ in range(times):
            if told := self.refusals.note(event):
                self.firsts.append(told)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_where_nothing_was_refused_there_is_nothing_to_tell(gate: Gate) -> None:
    assert (gate.refusals.told(), gate.refusals.reason()) == (None, None)


def test_refusals_without_one_that_was_right_are_a_reason_to_look(gate: Gate) -> None:
    gate.refuses(times=12)
    told = "12 wrong signatures in 10 min, check VONAGE_SIGNATURE_SECRET"
    assert gate.refusals.told() == told
    assert gate.refusals.reason() == f"webhooks are refused, and none was accepted: {told}"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Event.STALE, "1 signed too long ago in 10 min, check this machine's clock"),
        (Event.BAD_TOKEN, "1 wrong tokens in 10 min, check the URLs set at Vonage"),
        (Event.SLOWED, "1 wrong tokens in 10 min, check the URLs set at Vonage"),
    ],
)
def test_each_kind_says_what_to_look_at(gate: Gate, event: Event, told: str) -> None:
    gate.refuses(event)
    assert gate.refusals.told() == told


@pytest.mark.parametrize(
    "event", sorted(set(Event) - {Event.BAD_SIGNATURE, Event.STALE, Event.BAD_TOKEN, Event.SLOWED})
)
def test_what_says_nothing_of_secrets_is_not_counted(gate: Gate, event: Event) -> None:
    gate.refuses(event)
    assert gate.refusals.told() is None


def test_of_several_kinds_the_most_frequent_is_told(gate: Gate) -> None:
    gate.refuses(Event.BAD_TOKEN)
    gate.refuses(Event.STALE, 2)
    assert (gate.refusals.told() or "").startswith("2 signed too long ago")


def test_after_ten_minutes_it_is_over(gate: Gate) -> None:
    gate.refuses()
    gate.now += WINDOW - MINUTE
    assert gate.refusals.reason() is not None
    gate.now += MINUTE
    assert (gate.refusals.told(), gate.refusals.reason()) == (None, None)


def test_one_that_is_right_ends_the_reason_and_the_count_stays(gate: Gate) -> None:
    gate.refuses()
    gate.refusals.accepted()
    assert gate.refusals.reason() is None
    assert gate.refusals.told() is not None


def test_a_secret_changed_at_vonage_is_noticed_though_it_was_right_before(gate: Gate) -> None:
    gate.refusals.accepted()
    gate.now += WINDOW
    gate.refuses()
    assert gate.refusals.reason() is not None


def test_a_forger_alone_does_not_make_a_quiet_service_look_broken_for_ever(gate: Gate) -> None:
    gate.refuses()
    assert gate.refusals.reason() is not None
    gate.refusals.accepted()
    for _ in range(VINDICATED // MINUTE - 1):
        gate.now += MINUTE
        gate.refuses()
        assert gate.refusals.reason() is None
    gate.now += MINUTE
    assert gate.refusals.reason() is not None


def test_the_first_of_a_kind_within_the_window_is_told_once(gate: Gate) -> None:
    gate.refuses(times=3)
    gate.refuses(Event.BAD_TOKEN, 3)
    told = ["webhooks refused: wrong signatures", "webhooks refused: wrong tokens"]
    assert gate.firsts == told
    gate.now += WINDOW
    gate.refuses(times=2)
    assert gate.firsts == [*told, told[0]]


def test_years_of_refusals_take_no_more_room_than_ten_minutes(gate: Gate) -> None:
    for _ in range(1000):
        gate.refuses()
        gate.now += MINUTE
    assert len(gate.refusals._minutes) <= 11
