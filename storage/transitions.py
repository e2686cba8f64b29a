"""What may happen to an outbound text: the table of which the statements are made that change its state.

    queued -> sending -> accepted -> delivered | undelivered
                |-> queued     known not taken
                |-> dead       refused for good
                |-> uncertain  nobody knows: a receipt tells, else it is sent once more, and the second time it is dead

Whatever comes from an answer of Vonage's is bound to the claim it answers as well: id, owner and attempt.
"""

from __future__ import annotations

from enum import StrEnum

from storage.model import State


class Event(StrEnum):
    CLAIMED = "claimed"  # committed before the call
    CANCELLED = "cancelled"  # the chat ended, an opt-out, too old, the line is not ours
    TAKEN = "taken"  # Vonage's answer: it has it
    NOT_TAKEN = "not taken"  # certainly not: to be tried again
    REFUSED = "refused"  # or given up
    DOUBTED = "doubted"  # the answer says nothing, or there was none, or nobody is left to hear it
    REPEATED = "repeated"  # a doubt that no receipt has ended
    BURIED = "buried"  # the same, when it must not be sent again
    SEEN = "seen"  # a receipt shows that Vonage had it after all
    ARRIVED = "arrived"  # receipts: all parts are on the phone
    FAILED = "failed"  # a receipt: a part never will be
    RESENT = "resent"  # by an operator
    DISMISSED = "dismissed"  # by an operator
    HELD = "held"  # after a restore: for a person to look at


Q, S, A, D, N, U, X, C = (
    State.QUEUED, State.SENDING, State.ACCEPTED, State.DELIVERED,
    State.UNDELIVERED, State.UNCERTAIN, State.DEAD, State.CANCELLED,
)  # fmt: skip

# An answer still counts when its claim has been given up, as long as nothing else has happened: better than a doubt.
# A queued text is open to receipts when it waits to be sent a second time: they are about the first.
TRANSITIONS: dict[Event, tuple[tuple[State, ...], State]] = {
    Event.CLAIMED: ((Q,), S),
    Event.CANCELLED: ((Q,), C),
    Event.TAKEN: ((S, U), A),
    Event.NOT_TAKEN: ((S, U), Q),
    Event.REFUSED: ((S, U), X),
    Event.DOUBTED: ((S,), U),
    Event.REPEATED: ((U,), Q),
    Event.BURIED: ((U,), X),
    Event.SEEN: ((Q, U), A),
    Event.ARRIVED: ((Q, A, N, U, X), D),
    Event.FAILED: ((Q, A, U), N),
    Event.RESENT: ((X,), Q),
    Event.DISMISSED: ((X,), C),
    Event.HELD: ((Q, S, U), X),
}


def becomes(event: Event) -> str:
    """What stands behind SET."""
    return f"state = '{TRANSITIONS[event][1]}'"


def may(event: Event) -> str:
    """What stands behind WHERE. One state alone is spelled as in the partial indexes, which are used only then."""
    sources = TRANSITIONS[event][0]
    if len(sources) == 1:
        return f"state = '{sources[0]}'"
    return f"state IN ({', '.join(repr(state.value) for state in sources)})"


def is_allowed(event: Event, before: State) -> bool:
    return before in TRANSITIONS[event][0]
