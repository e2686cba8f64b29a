"""The webhooks of a text from a phone: as they should be, and as each fault makes them."""

from __future__ import annotations

from itertools import count

import pytest

from bot.emulator.account import Account
from bot.emulator.callbacks import inbound
from bot.emulator.courier import Webhook
from bot.emulator.departures import departures
from bot.emulator.faults import KINDS, Rule
from bot.emulator.profile import Profile

ALICE, LINE = "+447700900101", "+447700900001"
LONG = "a" * 153 + "b" * 153 + "c"


def leaving(fault: str | None, text: str = LONG) -> list[Webhook]:
    tokens = count(1)
    here = Account(Profile(), lambda: 0, lambda size: f"{next(tokens):0{2 * size}x}")
    if fault:
        here.faults.switch_on(Rule(KINDS[fault], ALICE))
    return departures(here, "http://127.0.0.1:1/in", ALICE, LINE, inbound(here, ALICE, LINE, text))


def letters(webhooks: list[Webhook]) -> str:
    return "".join(each.parameters["text"][0] for each in webhooks)


def test_the_parts_leave_in_order_one_after_the_other() -> None:
    webhooks = leaving(None)
    assert letters(webhooks) == "abc"
    assert {(each.turn, each.after, each.fault) for each in webhooks} == {(f"{ALICE} {LINE}", 0.0, None)}


@pytest.mark.parametrize(
    ("fault", "order"),
    [("webhook-duplicate", "aabbcc"), ("webhook-reordered", "cba"), ("webhook-missing-part", "ac")],
)
def test_parts_are_doubled_reordered_or_lost(fault: str, order: str) -> None:
    assert letters(leaving(fault)) == order


def test_both_of_a_duplicate_have_one_id_and_leave_at_once() -> None:
    one, other = leaving("webhook-duplicate", "hi")
    assert one.parameters["messageId"] == other.parameters["messageId"]
    assert one.turn is other.turn is None


def test_without_concat_the_parts_are_texts_of_their_own() -> None:
    webhooks = leaving("webhook-no-concat")
    assert letters(webhooks) == "abc"
    assert not any(key.startswith("concat") for each in webhooks for key in each.parameters)


def test_a_slow_one_lets_others_overtake() -> None:
    assert {each.after for each in leaving("webhook-slow")} == {5.0}


@pytest.mark.parametrize("fault", ["webhook-bad-signature", "webhook-stale-stamp"])
def test_what_befalls_the_stamps_is_left_to_the_stamping(fault: str) -> None:
    assert {each.fault for each in leaving(fault)} == {fault}
