"""`kill -9` at random moments: nothing that was acknowledged is lost, nothing is repeated in silence, order holds.

A thousand of them instead of twenty: `make soak`.
"""

from pathlib import Path

import pytest

from tests.crash.judge import NOT_DELIVERED, Row, faults
from tests.crash.ledger import Arrival, Conversation, Ledger
from tests.crash.loop import run
from tests.people import ALICE, BOB, CAROL, LINE


@pytest.mark.no_cover  # other tests cover it
@pytest.mark.timeout(180)
async def test_twenty_kills_lose_nothing_and_repeat_nothing_in_silence(tmp_path: Path) -> None:
    outcome = await run(tmp_path, kills=20, seed=1)
    assert outcome.faults == [], outcome
    assert outcome.copies, "kills that never leave a doubt prove nothing"
    assert outcome.unheard, "or the order is judged by the wrong webhooks"


TALK = Conversation(ALICE.e164(), LINE.e164(), BOB.e164())
ONE, TWO, THREE = (TALK.text(number) for number in (1, 2, 3))
TEXTS = dict.fromkeys((ONE, TWO, THREE), TALK)


def arrival(text: str, reader: str = BOB.e164()) -> Arrival:
    return Arrival(LINE.e164(), reader, text)


def row(text: str, state: str = "accepted", may_repeat: int = 0, tries: int = 1, recipient: str = BOB.e164()) -> Row:
    return Row(LINE.e164(), recipient, text, state, may_repeat, tries)


def ledger(*arrived: Arrival) -> Ledger:
    """Each text was begun 20 ms after the one before, and acknowledged 10 ms later."""
    begun = {text: 20 * place for place, text in enumerate(TEXTS, start=1)}
    return Ledger(begun, {text: at + 10 for text, at in begun.items()}, arrived=list(arrived))


ARRIVED = [*map(arrival, TEXTS)]
ROWS = [*map(row, TEXTS)]
COPY = [row(ONE, may_repeat=1), *ROWS[1:]]
GIVEN_UP = [row(ONE, "dead", may_repeat=1, tries=2), *ROWS[1:]]


@pytest.mark.parametrize(
    ("arrived", "rows"),
    [
        (ARRIVED, ROWS),
        ([ARRIVED[0], *ARRIVED], COPY),
        ([*ARRIVED, ARRIVED[0]], COPY),  # first arrivals count
        ([*ARRIVED[1:], arrival(NOT_DELIVERED, ALICE.e164())], GIVEN_UP),
        (ARRIVED[1:], [*GIVEN_UP, row(NOT_DELIVERED, "dead", 1, 2, recipient=ALICE.e164())]),
    ],
)
def test_what_keeps_the_promise_is_no_fault(arrived: list[Arrival], rows: list[Row]) -> None:
    assert faults(TEXTS, ledger(*arrived), rows) == []


@pytest.mark.parametrize(
    ("arrived", "rows", "why"),
    [
        (ARRIVED[1:], ROWS, "acknowledged and lost"),
        (ARRIVED[1:], [row(ONE, "dead", may_repeat=0), *ROWS[1:]], "acknowledged and lost"),
        (ARRIVED[1:], GIVEN_UP, "was told 0 times"),
        ([*ARRIVED, ARRIVED[0]], ROWS, "a copy that nobody marked"),
        ([*ARRIVED, *ARRIVED[:1] * 2], COPY, "arrived 3 times"),
        ([*ARRIVED, ARRIVED[0]], [*COPY, COPY[0]], "taken 2 times"),
        ([ARRIVED[1], ARRIVED[0], ARRIVED[2]], ROWS, "came before"),
        ([*ARRIVED, arrival(ONE, CAROL.e164())], COPY, "got a text of another chat"),
        ([*ARRIVED, arrival("whatever")], ROWS, "got what nobody wrote"),
        *((ARRIVED, [*ROWS[:2], row(THREE, state)], f"{state} still") for state in ("queued", "sending", "uncertain")),
    ],
)
def test_what_breaks_the_promise_is_found(arrived: list[Arrival], rows: list[Row], why: str) -> None:
    found = faults(TEXTS, ledger(*arrived), rows)
    assert any(why in fault for fault in found), found


def test_a_text_that_was_never_acknowledged_is_found() -> None:
    assert faults(TEXTS | {TALK.text(4): TALK}, ledger(*ARRIVED), ROWS) == [f"never acknowledged: {TALK.text(4)!r}"]


def test_texts_that_overlapped_may_arrive_in_either_order() -> None:
    account = ledger(ARRIVED[1], ARRIVED[0], ARRIVED[2])
    account.acknowledged[ONE] = account.first_had[TWO] + 1
    assert faults(TEXTS, account, ROWS) == []
