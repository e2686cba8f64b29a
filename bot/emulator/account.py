"""What the emulated account remembers: phones, texts, the balance, the wire log. No I/O; the clock is passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from bot.emulator.faults import Faults
from bot.emulator.feed import Change, Feed
from bot.emulator.profile import Phone, Profile
from bot.emulator.settings import told as settings_told
from bot.emulator.wirelog import Exchange, iso
from commands.gsm import Encoding, Segments, segments
from storage.model import Millis

SECOND: Millis = 1000
PRICE = Decimal("0.0412")  # a part; what Vonage asked for one to a British mobile
BINARY = "binary"
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
    encoding: str
    units: int
    segments: int
    state: State
    note: str | None = None
    message_ids: tuple[str, ...] = ()  # by which the receipts for its parts name it

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
            "message_ids": self.message_ids,
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
    blocked: set[tuple[str, str]] = field(default_factory=set)  # line and person: opted out at Vonage or the carrier
    faults: Faults = field(init=False)
    _as_started: Profile = field(init=False)
    _texts: dict[str, dict[str, Text]] = field(default_factory=dict)  # by phone, then by id, oldest first
    _requests: deque[Millis] = field(default_factory=deque)  # of the last second
    _concat_ref: int = 0
    _last_exchange: int = 0

    def __post_init__(self) -> None:
        self.faults = Faults(self.feed)
        self.faults.begin(self.profile.seed, self.profile.faults)
        self._as_started = self.profile
        self._open()

    def reset(self) -> None:
        """As started. The ids in the wire log go on, so that nobody who follows it misses anything."""
        self.profile = self._as_started
        for held in (self.phones, self.wire, self.blocked, self._texts, self._requests):
            held.clear()
        self._concat_ref = 0
        self._open()
        self.faults.begin(self.profile.seed, self.profile.faults)
        self.feed.publish(Change("settings", settings_told(self.profile)))
        self.feed.publish(Change("reset", {}))

    def change(self, profile: Profile) -> None:
        """Set up anew while running. A new balance is what is left from now on."""
        if profile.balance != self.profile.balance:
            self.balance = profile.balance
        self.profile = profile
        self.feed.publish(Change("settings", settings_told(profile)))

    def _open(self) -> None:
        self.balance = self.profile.balance
        for phone in self.profile.phones:
            self.add_phone(phone)

    def add_phone(self, phone: Phone) -> None:
        self.phones[phone.address] = phone
        self.feed.publish(Change("phone", phone.told()))

    def texts_on(self, address: str) -> list[Text]:
        """What this phone shows, oldest first."""
        return list(self._texts.get(address, {}).values())

    def send(self, phone: str, line: str, text: str) -> Text:
        """A person presses Send."""
        return self._keep(self._text(phone, line, Direction.SENT, text, segments(text)))

    def receive(
        self, phone: str, sender: str, text: str, encoding: Encoding, message_ids: tuple[str, ...] = ()
    ) -> Text:
        """A text of the service arrives on a phone."""
        arrived = self._text(phone, sender, Direction.RECEIVED, text, segments(text, encoding))
        return self._keep(replace(arrived, message_ids=message_ids))

    def send_octets(self, phone: str, line: str, octets: bytes) -> Text:
        return self._keep(self._text(phone, line, Direction.SENT, octets.hex(), None))

    def receive_octets(self, phone: str, sender: str, octets: bytes, message_ids: tuple[str, ...] = ()) -> Text:
        arrived = self._text(phone, sender, Direction.RECEIVED, octets.hex(), None)
        return self._keep(replace(arrived, message_ids=message_ids))

    def settle(self, text: Text, state: State, note: str | None = None) -> None:
        kept = self._texts.get(text.phone, {})
        if text.id in kept:
            self._keep(replace(kept[text.id], state=state, note=note))

    def charge(self, parts: int) -> bool:
        """Take the price of so many parts; False when there is not enough left."""
        if self.balance < PRICE * parts:
            return False
        self.balance -= PRICE * parts
        return True

    def refund(self, parts: int) -> None:
        self.balance += PRICE * parts

    def wait_for_room(self) -> Millis:
        """Count a request; where there were too many in the last second, in how many milliseconds to come again."""
        now, rate = self.clock(), self.profile.rate
        while self._requests and self._requests[0] <= now - SECOND:
            self._requests.popleft()
        if rate is not None and len(self._requests) >= rate:
            return self._requests[-rate] + SECOND - now
        self._requests.append(now)
        return 0

    def log(self, exchange: Exchange) -> None:
        self._last_exchange += 1
        exchange = replace(exchange, id=self._last_exchange)
        self.wire.append(exchange)
        self.feed.publish(Change("exchange", exchange.told()))

    def next_concat_ref(self) -> int:
        """From 1 to 255 and round again, as the one octet of a header allows."""
        self._concat_ref = self._concat_ref % 255 + 1
        return self._concat_ref

    def _text(self, phone: str, peer: str, direction: Direction, text: str, size: Segments | None) -> Text:
        state = State.SENDING if direction is Direction.SENT else State.DELIVERED
        return Text(
            id=self.token(8).upper(),
            phone=phone,
            peer=peer,
            direction=direction,
            text=text,
            at=self.clock(),
            encoding=size.encoding if size else BINARY,
            units=size.units if size else len(text) // 2,
            segments=size.count if size else 1,
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
