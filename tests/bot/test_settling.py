from dataclasses import replace

import pytest

from bot.settling import LONGEST_HOLD, MOST_TRIES, Verdict, pause, verdict
from bot.vonage.sending import Accepted, AccountTrouble, Doubt, NotTaken, Outcome, Refused
from storage.model import Claim, Kind
from storage.outbox import Back, Buried, Doubtful, Sent
from tests.people import BOB, LINE, NOON

CLAIM = Claim(
    id=1, owner="me", attempt=1, tries=0, line=LINE, recipient=BOB, text="hi", kind=Kind.NOTICE, client_ref="r",
    chat=None, sender=None, created_at=NOON, tried_at=None, may_repeat=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Accepted(("p1", "p2")), Sent(CLAIM, ("p1", "p2"))),
        (NotTaken("HTTP 429"), Back(CLAIM, NOON + 1000, "HTTP 429")),
        (NotTaken("status 1", wait=702), Back(CLAIM, NOON + 1000, "status 1")),
        (NotTaken("status 1", wait=30_000), Back(CLAIM, NOON + 30_000, "status 1")),
        (Doubt("HTTP 502"), Doubtful(CLAIM, "HTTP 502")),
        (Doubt("some parts", ("p1",)), Doubtful(CLAIM, "some parts", partly=True)),
        (Refused("status 6"), Buried(CLAIM, "status 6")),
        (Refused("status 101", opted_out=True), Buried(CLAIM, "status 101", opted_out=True)),
        (AccountTrouble("status 9"), Back(CLAIM, NOON, "status 9", counts=False)),
    ],
)
def test_every_outcome_has_its_verdict(outcome: Outcome, expected: Verdict) -> None:
    assert verdict(CLAIM, outcome, now=NOON, jitter=1) == expected


def test_the_last_try_is_the_last() -> None:
    before, last = replace(CLAIM, tries=MOST_TRIES - 2), replace(CLAIM, tries=MOST_TRIES - 1)
    assert isinstance(verdict(before, NotTaken("HTTP 429"), now=NOON, jitter=1), Back)
    assert verdict(last, NotTaken("HTTP 429"), now=NOON, jitter=1) == Buried(last, "given up: HTTP 429")


def test_a_head_holds_its_conversation_ten_minutes_at_most() -> None:
    stuck = replace(CLAIM, tries=1, tried_at=NOON - LONGEST_HOLD)
    assert isinstance(verdict(stuck, NotTaken("HTTP 429"), now=NOON, jitter=1), Buried)
    assert isinstance(verdict(stuck, NotTaken("HTTP 429"), now=NOON - 1, jitter=1), Back)
    long_wait = verdict(CLAIM, NotTaken("HTTP 429", wait=86_400_000), now=NOON, jitter=1)
    assert long_wait == Back(CLAIM, NOON + LONGEST_HOLD, "HTTP 429")


def test_a_text_in_doubt_knows_its_parts() -> None:
    long_one = replace(CLAIM, text="x" * 161)
    assert verdict(long_one, Doubt("time-out"), now=NOON, jitter=1) == Doubtful(long_one, "time-out", parts=2)


def test_pauses_double_up_to_a_minute_and_never_come_together() -> None:
    assert [pause(tries, 1) // 1000 for tries in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause(0, 0) == 750
