"""How the emulated account is set up: what Vonage's dashboard would show. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bot.emulator.faults import FIRST_SEED, Rule
from bot.vonage.signatures import Method

DIGITS = re.compile(r"\d{3,15}")
LETTERS = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &._-]{1,11}")
PUNCTUATION = str.maketrans("", "", " -.()")
DAY = 24 * 3600.0  # seconds
SHORT = 6  # a short code has no country code, so it is never written with a plus


class NotAnAddress(ValueError):
    """Neither a telephone number, nor a short code, nor up to eleven letters."""


def address(text: str) -> str:
    """One spelling for each sender and recipient: `+447700900123`, `12345`, `PROMO`. Raises NotAnAddress."""
    text = text.strip()
    digits = text.translate(PUNCTUATION).removeprefix("+")
    if DIGITS.fullmatch(digits) and digits.isascii():
        return digits if len(digits) <= SHORT else f"+{digits}"
    if LETTERS.fullmatch(text):
        return text
    raise NotAnAddress("expected a telephone number, a short code, or up to 11 letters")


def on_the_wire(address: str) -> str:
    """Vonage's spelling: bare digits."""
    return address.removeprefix("+")


class Shape(StrEnum):
    """How the account wants its webhooks."""

    GET = "GET"
    POST = "POST"
    POST_JSON = "POST-JSON"


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone on the page. Its suggestions are texts that one click sends, in their order."""

    address: str
    name: str
    suggestions: tuple[str, ...] = ()

    def told(self) -> dict[str, object]:
        return {"number": self.address, "name": self.name, "suggestions": self.suggestions}


class Stamps(StrEnum):
    """Whether a webhook that comes again is stamped and signed anew. Nobody outside Vonage knows which it does."""

    FROZEN = "frozen"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class Retries:
    """When a webhook that was not taken is tried again, in seconds: doubling, until it is given up."""

    first: float = 5.0
    longest: float = 15 * 60.0
    give_up_after: float = DAY
    give_up_receipts_after: float = DAY
    whatever_the_answer: bool = False  # also after a 4xx, which a repetition will hardly cure

    def waits(self, about: str) -> Iterator[float]:
        wait, waited = self.first, 0.0
        end = self.give_up_receipts_after if about == "receipt" else self.give_up_after
        while waited + wait <= end:
            yield wait
            waited += wait
            wait = min(wait * 2, self.longest)


# Vonage has published both, and not said which of them counts.
RETRIES = {
    "A": Retries(60.0, 60.0, give_up_receipts_after=3 * DAY, whatever_the_answer=True),
    "B": Retries(),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """The account. Without a key and secret any pair will do, and without lines any number is one."""

    key: str | None = None
    secret: str | None = None
    lines: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    inbound_url: str | None = None
    receipt_url: str | None = None
    webhooks: Shape = Shape.POST
    signature_secret: str | None = None
    signature_method: Method = Method.MD5HASH
    signs_webhooks: bool = True  # if there is a secret to sign with
    balance: Decimal = Decimal("1000")  # in euros, as Vonage counts
    rate: int | None = 30  # requests a second, of the whole account
    trial: bool = False
    test_numbers: tuple[str, ...] = ()  # whom a trial account may text; the first phone when there are none
    opt_out_assist: bool = False
    retries: Retries = field(default_factory=Retries)
    in_order: bool = True  # the webhooks of one person and line; Vonage promises no order
    stamps: Stamps = Stamps.FROZEN
    receipt_delay: float = 0.0  # seconds
    faults: tuple[Rule, ...] = ()  # switched on from the start
    seed: int = FIRST_SEED
    time_factor: float = 1.0  # so many times faster pass the emulator's own waits

    def owns(self, address: str) -> bool:
        return not self.lines or address in self.lines

    def may_text(self, address: str) -> bool:
        return not self.trial or address in (self.test_numbers or tuple(phone.address for phone in self.phones[:1]))

    def compressed(self, seconds: float) -> float:
        return seconds / self.time_factor
