"""Every state and every event: what the table allows happens, and nothing else does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from storage import doubts, messages, outbox, people, receipts
from storage.engine import Transaction
from storage.messages import Message
from storage.model import Claim, State
from storage.outbox import Back, Buried, Doubtful, Sent
from storage.transitions import TRANSITIONS, Event, becomes, is_allowed, may
from tests.people import BOB, LINE, NOON, receipt


async def _claim(tx: Transaction, claim: Claim) -> None:
    await outbox.claim(tx, owner="another run", line=LINE, limit=9, now=NOON)


async def _opt_out(tx: Transaction, claim: Claim) -> None:
    await people.opt_out(tx, BOB, source="text", now=NOON)


async def _message(tx: Transaction, claim: Claim) -> Message:
    message = await messages.find(tx, claim.id)
    assert message is not None
    return message


async def _receipt(tx: Transaction, status: str) -> None:
    await receipts.note(tx, [receipt("p1", status, ref="ref1")], NOON)


HAPPENS: dict[Event, Callable[[Transaction, Claim], Awaitable[object]]] = {
    Event.CLAIMED: _claim,
    Event.CANCELLED: _opt_out,
    Event.TAKEN: lambda tx, claim: outbox.accept(tx, [Sent(claim, ("p1",))], NOON),
    Event.NOT_TAKEN: lambda tx, claim: outbox.put_back(tx, [Back(claim, NOON, "busy")], NOON),
    Event.REFUSED: lambda tx, claim: outbox.bury(tx, [Buried(claim, "status 6")], NOON),
    Event.DOUBTED: lambda tx, claim: outbox.doubt(tx, [Doubtful(claim, "time-out")], NOON),
    Event.REPEATED: lambda tx, claim: doubts.end_doubt(tx, before=NOON, now=NOON),
    Event.SEEN: lambda tx, claim: _receipt(tx, "accepted"),
    Event.ARRIVED: lambda tx, claim: _receipt(tx, "delivered"),
    Event.FAILED: lambda tx, claim: _receipt(tx, "failed"),
    Event.HELD: lambda tx, claim: messages.hold_all(tx, NOON),
}


async def _resend(tx: Transaction, claim: Claim) -> None:
    await messages.resend(tx, [await _message(tx, claim)], NOON)


async def _dismiss(tx: Transaction, claim: Claim) -> None:
    await messages.dismiss(tx, [await _message(tx, claim)], NOON)


async def _bury_doubt(tx: Transaction, claim: Claim) -> None:
    await tx.run("UPDATE outbound SET resend = 0")
    await doubts.end_doubt(tx, before=NOON, now=NOON)


HAPPENS |= {Event.RESENT: _resend, Event.DISMISSED: _dismiss, Event.BURIED: _bury_doubt}


async def put_into(tx: Transaction, state: State) -> None:
    """As if it had come there in its course: what waits to be sent has a time, what was in doubt is marked."""
    ready_at, again = (NOON if state is State.QUEUED else None), int(state is State.QUEUED)
    await tx.run("UPDATE outbound SET state = $1, ready_at = $2, may_repeat = $3", state.value, ready_at, again)


async def state(tx: Transaction) -> State:
    [(state,)] = await tx.rows("SELECT state FROM outbound")
    return State(state)


def test_every_event_has_its_row() -> None:
    assert HAPPENS.keys() == TRANSITIONS.keys() == set(Event)


@pytest.mark.parametrize("event", Event)
async def test_what_happens_to_a_text_is_what_the_table_allows(tx: Transaction, claim: Claim, event: Event) -> None:
    found = {}
    await tx.run("SAVEPOINT claimed")  # a database for each state would take twenty times as long
    for before in State:
        await put_into(tx, before)
        await HAPPENS[event](tx, claim)
        found[before] = await state(tx)
        await tx.run("ROLLBACK TO SAVEPOINT claimed")
    assert found == {each: TRANSITIONS[event][1] if is_allowed(event, each) else each for each in State}


ANSWERS = (Event.TAKEN, Event.NOT_TAKEN, Event.REFUSED, Event.DOUBTED)


@pytest.mark.parametrize("lost", [{"owner": "another run"}, {"attempt": 2}])
@pytest.mark.parametrize("event", ANSWERS)
async def test_the_answer_to_another_claim_changes_nothing(
    tx: Transaction, claim: Claim, event: Event, lost: dict[str, object]
) -> None:
    await HAPPENS[event](tx, replace(claim, **lost))  # type: ignore[arg-type]
    assert await state(tx) is State.SENDING


async def test_the_answer_to_a_lost_claim_is_kept_as_evidence(tx: Transaction, claim: Claim) -> None:
    await outbox.accept(tx, [Sent(replace(claim, owner="an earlier run"), ("p1",))], NOON)
    assert await tx.rows("SELECT message_id, outbound FROM sent_part") == [("p1", claim.id)]


async def test_a_text_waiting_for_its_first_sending_is_not_open_to_receipts(tx: Transaction, claim: Claim) -> None:
    await tx.run("UPDATE outbound SET state = 'queued', ready_at = 0, may_repeat = 0")
    await _receipt(tx, "delivered")
    assert await state(tx) is State.QUEUED


def test_settled_for_good_is_settled() -> None:
    final = {State.DELIVERED, State.CANCELLED}
    assert not [event for event, (sources, _) in TRANSITIONS.items() if final & set(sources)]


def test_one_source_is_spelled_as_in_the_partial_indexes() -> None:
    assert may(Event.CLAIMED) == "state = 'queued'"
    assert may(Event.HELD) == "state IN ('queued', 'sending', 'uncertain')"
    assert becomes(Event.RESENT) == "state = 'queued'"
