from __future__ import annotations

import pytest

from bot.circuit import LONGEST_PAUSE, UNANSWERED_IN_A_ROW, UNREACHABLE, Circuit, Closed, Opened
from bot.vonage.sending import Accepted, AccountTrouble, Doubt, NotTaken, Outcome, Refused
from tests.people import NOON

NOTHING = NotTaken("connect failed", answered=False)
SILENCE = Doubt("time-out")
TAKEN = Accepted(("p1",))


def in_service() -> Circuit:
    """One that has heard from Vonage since the start."""
    circuit = Circuit()
    circuit.note(TAKEN, NOON - 2, NOON - 2)
    return circuit


def opened(outcome: Outcome = NOTHING) -> Circuit:
    circuit = in_service()
    for _ in range(UNANSWERED_IN_A_ROW):
        circuit.note(outcome, NOON - 1, NOON)
    return circuit


@pytest.mark.parametrize("outcome", [NOTHING, SILENCE])
def test_it_opens_when_several_in_a_row_are_not_answered(outcome: Outcome) -> None:
    circuit = in_service()
    news = [circuit.note(outcome, NOON, NOON) for _ in range(UNANSWERED_IN_A_ROW + 1)]
    assert news == [None] * (UNANSWERED_IN_A_ROW - 1) + [Opened(UNREACHABLE), None]
    assert circuit.reason == UNREACHABLE


def test_after_a_start_the_first_unanswered_text_opens_it() -> None:
    assert Circuit().note(NOTHING, NOON, NOON) == Opened(UNREACHABLE)


@pytest.mark.parametrize("answer", [TAKEN, Refused("status 6"), NotTaken("HTTP 429"), Doubt("status 5", answered=True)])
def test_any_answer_shows_that_vonage_is_there(answer: Outcome) -> None:
    circuit = in_service()
    for outcome in [NOTHING] * (UNANSWERED_IN_A_ROW - 1) + [answer] + [NOTHING] * (UNANSWERED_IN_A_ROW - 1):
        assert circuit.note(outcome, NOON, NOON) is None
    assert not circuit.is_open


def test_the_accounts_trouble_opens_it_at_once_and_is_said_once() -> None:
    circuit = Circuit()
    assert circuit.note(AccountTrouble("status 9"), NOON, NOON) == Opened("status 9")
    assert circuit.note(AccountTrouble("status 9"), NOON, NOON) is None


def test_open_it_lets_one_text_through_at_a_time_when_it_is_time() -> None:
    circuit = opened()
    assert circuit.room(100, 0, NOON) == 0
    assert circuit.room(100, 0, circuit.next_at) == 1
    assert circuit.room(100, 1, circuit.next_at) == 0
    assert circuit.room(0, 0, circuit.next_at) == 0


def test_probes_come_later_and_later_up_to_half_a_minute() -> None:
    circuit, now, pauses = opened(), NOON, []
    for _ in range(7):
        pauses.append(circuit.next_at - now)
        now = circuit.next_at
        circuit.note(NOTHING, now, now)
    assert pauses == [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]


def test_it_closes_with_the_first_text_that_is_answered_and_says_how_long_it_was() -> None:
    circuit = opened()
    assert circuit.note(TAKEN, NOON + 1, NOON + 9) == Closed(UNREACHABLE, 9)
    assert circuit.room(100, 5, NOON) == 100


def test_what_set_out_before_it_opened_says_nothing_of_now() -> None:
    circuit = opened()
    assert circuit.note(TAKEN, NOON, NOON + 9) is None
    assert circuit.is_open


@pytest.mark.parametrize("answer", [NotTaken("HTTP 429"), Doubt("status 5", answered=True), NOTHING])
def test_only_the_accounts_own_word_ends_its_trouble(answer: Outcome) -> None:
    circuit = Circuit()
    circuit.note(AccountTrouble("status 9"), NOON, NOON)
    assert circuit.note(answer, NOON + 1, NOON + 1) is None
    assert circuit.note(Refused("status 6"), NOON + 1, NOON + 2) == Closed("status 9", 2)


def test_a_probe_that_cures_nothing_is_followed_by_a_pause() -> None:
    circuit = Circuit()
    circuit.note(AccountTrouble("status 9"), NOON, NOON)
    circuit.note(NOTHING, circuit.next_at, circuit.next_at + 5)
    assert circuit.next_at == NOON + 2 * LONGEST_PAUSE + 5


def test_trouble_of_the_account_found_when_vonage_is_back_is_news() -> None:
    circuit = opened()
    assert circuit.note(AccountTrouble("status 9"), NOON + 1, NOON + 1) == Opened("status 9")
    assert circuit.next_at == NOON + 1 + LONGEST_PAUSE
    for _ in range(UNANSWERED_IN_A_ROW):
        assert circuit.note(NOTHING, NOON + 2, NOON + 2) is None
    assert circuit.reason == "status 9"
