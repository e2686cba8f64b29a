"""The nouns: what a text, a chat and a person's standing are. Values only, compared with `==`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from storage.number import Number

Millis = int  # milliseconds since 1970, UTC; also lengths of time


class Side(StrEnum):
    A = "A"
    B = "B"


class Kind(StrEnum):
    RELAY = "relay"  # another person's text, passed on
    REPLY = "reply"  # our answer to a text
    NOTICE = "notice"  # our text unasked: introduction, ended, not delivered


class Guard(StrEnum):
    """What is done about a telephone number, a link or an e-mail address in a text."""

    OFF = "off"
    WARN = "warn"  # passed on as it is, and its sender told
    MASK = "mask"


class State(StrEnum):
    """Where an outbound text is on its way to Vonage and to the phone."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Part:
    """Which piece of a long text this is: `index` of `total`, counted from 1, under a small recycled `ref`."""

    ref: str
    total: int
    index: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text somebody sent to a line. `sender` is None when it is no phone: a short code, or letters."""

    message_id: str
    sender: Number | None
    raw_sender: str = field(repr=False)
    line: Number
    text: str | None = field(repr=False)  # None: binary, nothing a person could read
    stamped_at: Millis  # the provider's clock, whole seconds; without a stamp, when it came
    received_at: Millis
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """A text to send. `chat` is set for whatever belongs to a chat; `sender` for a relay only."""

    line: Number
    recipient: Number
    text: str = field(repr=False)
    kind: Kind
    chat: int | None = None
    sender: Seat | None = None
    cause: str | None = None  # message id of the inbound text behind it
    not_before: Millis = 0  # held back until then
    resend: bool = True  # False: in doubt never sent again
    introduces: Side | None = None  # it tells that side of the chat that the other is somebody new


@dataclass(frozen=True, slots=True)
class Seat:
    """A person and the line on which that person texts."""

    number: Number
    line: Number


@dataclass(frozen=True, slots=True)
class Participant:
    side: Side
    number: Number
    line: Number
    texts: int = 0  # how many texts of theirs were taken for this chat
    language: str | None = None  # that this person has chosen
    guarded_until: Millis | None = None  # they texted with somebody else here not long ago: see storage/lines.py
    introduced: bool = True  # False: not yet told for certain that it is somebody new

    def is_changing_over(self, now: Millis) -> bool:
        """Whether a text of theirs would be sent back, and not passed on."""
        return not self.introduced or (self.guarded_until is not None and self.guarded_until >= now)

    @property
    def seat(self) -> Seat:
        return Seat(self.number, self.line)


@dataclass(frozen=True, slots=True)
class Chat:
    id: int
    label: str | None
    open: bool
    a: Participant
    b: Participant
    opened_at: Millis
    expires_at: Millis | None  # the fixed end of FOR and EXTEND; the idle end is a setting's
    last_text_at: Millis | None
    closed_at: Millis | None = None
    closed_reason: str | None = None
    paused_at: Millis | None = None  # since when the loop breaker holds its relays
    paused_reason: str | None = None
    guard: Guard | None = None  # of this chat's own; None: as the settings say

    @property
    def name(self) -> str:
        """As people are told it: `Chat 12`, or `Chat 12 job7`."""
        return f"Chat {self.id} {self.label}" if self.label else f"Chat {self.id}"

    @property
    def participants(self) -> tuple[Participant, Participant]:
        return (self.a, self.b)

    def side(self, side: Side) -> Participant:
        return self.a if side is Side.A else self.b


@dataclass(frozen=True, slots=True)
class Standing:
    """All that routing needs to know about a sender on a line."""

    is_admin: bool = False
    opted_out: bool = False
    blocked: bool = False  # by an admin
    chat: int | None = None
    side: Side | None = None
    partner: Seat | None = None
    partner_opted_out: bool = False
    code_pending: bool = False
    told_stranger_at: Millis | None = None  # when the one neutral answer of the day was given
    told_stop_at: Millis | None = None  # when the day's hint that STOP works was given
    paused: bool = False  # the chat's relays are held
    told_paused: bool = False
    texts_today: int = 0  # of this person's, on all lines: passed on or answered
    held_today: int = 0  # above the limit of the day
    answers_today: int = 0  # given while in no chat
    guard: Guard | None = None  # of the chat's own
    told_guard_at: Millis | None = None  # when the day's warning about a number in a text was given
    language: str | None = None  # that this person has chosen
    fresh_from: Millis | None = None  # stamped up to then, a text may have been meant for a former partner
    guarded_until: Millis | None = None  # the first text stamped up to then is sent back
    introduced: bool = True  # False: not yet told for certain that the partner is somebody new


@dataclass(frozen=True, slots=True)
class Receipt:
    """What Vonage says later of one part of a text. Roles are reversed on the wire; here they are ours."""

    message_id: str
    client_ref: str | None
    recipient: Number | None  # None: no telephone number; a receipt for it must still be kept
    status: str  # accepted, buffered, delivered, expired, failed, rejected, unknown
    err_code: str
    received_at: Millis


@dataclass(frozen=True, slots=True)
class Claim:
    """An outbound text taken to be sent; id, owner and attempt are the proof that it is still ours to settle."""

    id: int
    owner: str
    attempt: int
    tries: int
    line: Number
    recipient: Number
    text: str = field(repr=False)
    kind: Kind
    client_ref: str
    chat: int | None
    sender: Seat | None
    created_at: Millis
    tried_at: Millis | None
    may_repeat: bool
