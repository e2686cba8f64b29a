"""Which receipts follow a text, in which order and how much later; also when they are to go wrong on purpose. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.emulator.account import Account
from bot.emulator.callbacks import receipt, uuid

LATE = 60.0  # seconds
BUFFERED = 5.0  # seconds, until such a text is delivered
NOTHING = "0.00000000"  # the price of what was not delivered
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One receipt: what it says of which part, and how many seconds after the text was taken."""

    message_id: str
    status: str
    err_code: str
    price: str
    after: float = 0.0
    knows_ref: bool = True


# Those faults with which the text never arrives, and what the receipt says then.
ENDS = {
    "receipt-failed": ("failed", "6"),
    "receipt-expired": ("expired", "2"),
    "receipt-rejected": ("rejected", "14"),
    "receipt-opted-out": ("failed", "9"),
}


def arrives(fault: str | None) -> bool:
    return fault not in ENDS


def due(account: Account, taken: Sequence[Mapping[str, str]], fault: str | None) -> list[Word]:
    """`taken`: what was answered about each part."""
    status, err_code = ENDS.get(fault or "", ("delivered", "0"))
    words = [
        Word(
            part["message-id"],
            status,
            err_code,
            NOTHING if err_code == "9" else part["message-price"],
            account.profile.receipt_delay,
        )
        for part in taken
    ]
    match fault:
        case "receipt-lost":
            return []
        case "receipt-late":
            return [replace(word, after=word.after + LATE) for word in words]
        case "receipt-repeated":
            return words * REPEATS
        case "receipt-buffered-first":
            return [_buffered(word) for word in words] + [replace(word, after=word.after + BUFFERED) for word in words]
        case "receipt-reordered":
            return [each for word in reversed(words) for each in (word, _buffered(word))]
        case "receipt-false":
            return words + [replace(word, message_id=uuid(account), knows_ref=False) for word in words]
        case "receipt-no-ref":
            return [replace(word, knows_ref=False) for word in words]
        case _:
            return words


def spelled(account: Account, sent: Mapping[str, str], word: Word) -> dict[str, str]:
    """As the webhook's parameters."""
    told = receipt(account, sent, word.message_id, word.price, word.status, word.err_code)
    return {key: value for key, value in told.items() if word.knows_ref or key != "client-ref"}


def _buffered(word: Word) -> Word:
    return replace(word, status="buffered", err_code="0")
