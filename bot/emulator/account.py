"""What the emulated account remembers: phones, texts, the balance, the wire log. No I/O; the clock is passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from bot.emulator.feed import Change, Feed
from bot.emulator.profile import Phone, Profile
from commands.gsm import Encoding, segments
from storage.model import Millis

PRICE = Decimal("0.0412")  # a part; what Vonage asked for one to a British mobile
KEPT_TEXTS = 2000  # on each phone
KEPT_EXCHANGES = 1000


class Direction(StrEnum):
    """As seen from the phone."""

    SENT = "sent"
    RECEIVED = "received"


class State(StrEnum):
    SENDING = "sending"
    DELIVERED = "delivered"  # received: it is on the phone; sent: the service took every part
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a phone shows it. `note` says what is the matter with one that is not delivered."""

    id: str
    phone: str
    peer: str  # the virtual number, or the letters, at the other end
    direction: Direction
    text: str
    at: Millis
    encoding: Encoding
    units: int
    segments: int
    state: State
    note: str | None = None

    def told(self) -> dict[str, object]:
        sender, recipient = (self.phone, self.peer) if self.direction is Direction.SENT else (self.peer, self.phone)
        return {
            "id": self.id,
            "from": sender,
            "to": recipient,
            "text": self.text,
            "at": iso(self.at),
            "direction": self.direction,
            "encoding": self.encoding,
            "units": self.units,
            "segments": self.segments,
            "state": self.state,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, in either direction, for the wire log."""

    at: Millis
    about: str  # sms, inbound, receipt
    method: str
    url: str
    parameters: dict[str, str]
    status: int | None  # None: there was no answer
    answer: str
    took: Millis = 0

    def told(self) -> dict[str, object]:
        return {
            "at": iso(self.at),
            "about": self.about,
            "method": self.method,
            "url": self.url,
            "parameters": self.parameters,
            "status": self.status,
            "answer": self.answer,
            "took_ms": self.took,
        }


@dataclass(slots=True)
class Account:
    profile: Profile
    clock: Callable[[], Millis]
    token: Callable[[int], str]  # so many random bytes, in hex
    feed: Feed = field(default_factory=Feed)
    phones: dict[str, Phone] = field(default_factory=dict)
    wire: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT_EXCHANGES))
    balance: Decimal = Decimal(0)
    _texts: dict[str, dict[str, Text]] = field(default_factory=dict)  # by phone, then by id, oldest first
    _concat_ref: int = 0

    def __post_init__(self) -> None:
        self.balance = self.profile.balance
        for phone in self.profile.phones:
            self.add_phone(phone)

    def add_phone(self, phone: Phone) -> None:
        self.phones[phone.address] = phone
        self.feed.publish(
            Change("phone", {"number": phone.address, "name": phone.name, "suggestions": phone.suggestions})
        )

    def texts_on(self, address: str) -> list[Text]:
        """What this phone shows, oldest first."""
        return list(self._texts.get(address, {}).values())

    def send(self, phone: str, line: str, text: str) -> Text:
        """A person presses Send."""
        return self._keep(self._text(phone, line, Direction.SENT, text, None))

    def receive(self, phone: str, sender: str, text: str, encoding: Encoding) -> Text:
        """A text of the service arrives on a phone."""
        return self._keep(self._text(phone, sender, Direction.RECEIVED, text, encoding))

    def settle(self, text: Text, state: State, note: str | None = None) -> None:
        kept = self._texts[text.phone]
        if text.id in kept:
            self._keep(replace(kept[text.id], state=state, note=note))

    def charge(self, parts: int) -> bool:
        """Take the price of so many parts; False when there is not enough left."""
        if self.balance < PRICE * parts:
            return False
        self.balance -= PRICE * parts
        return True

    def log(self, exchange: Exchange) -> None:
        self.wire.append(exchange)
        self.feed.publish(Change("exchange", exchange.told()))

    def next_concat_ref(self) -> int:
        """From 1 to 255 and round again, as the one octet of a header allows."""
        self._concat_ref = self._concat_ref % 255 + 1
        return self._concat_ref

    def _text(self, phone: str, peer: str, direction: Direction, text: str, encoding: Encoding | None) -> Text:
        size = segments(text, encoding)
        state = State.SENDING if direction is Direction.SENT else State.DELIVERED
        return Text(
            id=self.token(8).upper(),
            phone=phone,
            peer=peer,
            direction=direction,
            text=text,
            at=self.clock(),
            encoding=size.encoding,
            units=size.units,
            segments=size.count,
            state=state,
        )

    def _keep(self, text: Text) -> Text:
        if text.phone not in self.phones:  # a number nobody prepared: its phone appears
            self.add_phone(Phone(text.phone, text.phone))
        kept = self._texts.setdefault(text.phone, {})
        kept[text.id] = text
        if len(kept) > KEPT_TEXTS:
            del kept[next(iter(kept))]
        self.feed.publish(Change("text", {"phone": text.phone, **text.told()}))
        return text


def iso(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
