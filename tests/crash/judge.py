"""Whether the promise was kept: what was texted, what the provider saw, and what the service's own outbox says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.model import Millis
from tests.crash.ledger import Arrival, Conversation, Ledger

NOT_DELIVERED = "Private SMS: your last text was NOT delivered. You can send it again."
WAITING = ("queued", "sending", "uncertain")
BLUR: Millis = 2  # times are rounded to milliseconds, a begin and a length each


@dataclass(frozen=True, slots=True)
class Row:
    """Of the service's outbox."""

    line: str
    recipient: str
    text: str
    state: str
    may_repeat: int
    tries: int
    reason: str | None = None

    @property
    def given_up(self) -> bool:
        """In doubt twice: then it is not sent a third time, and its writer is told."""
        return self.state == "dead" and self.may_repeat == 1 and self.tries >= 2


def faults(texts: Mapping[str, Conversation], ledger: Ledger, rows: Sequence[Row]) -> list[str]:
    """`texts`: every text that a phone sent, with where it belongs."""
    outbox: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        outbox[row.text].append(row)
    return [
        *(f"{row.state} still: {row.text!r}" for row in rows if row.state in WAITING),
        *(f"never acknowledged: {text!r}" for text in texts if text not in ledger.acknowledged),
        *_lost(texts, ledger, outbox),
        *_told_too_little(texts, ledger, rows),
        *_repeated(texts, ledger, outbox),
        *_astray(texts, ledger.arrived),
        *_out_of_order(texts, ledger),
    ]


def _lost(texts: Mapping[str, Conversation], ledger: Ledger, outbox: Mapping[str, list[Row]]) -> Iterator[str]:
    arrived = {(each.line, each.reader, each.text) for each in ledger.arrived}
    for text in ledger.acknowledged:
        where = texts[text]
        if (where.line, where.reader, text) not in arrived and not any(row.given_up for row in outbox.get(text, ())):
            ends = [(row.state, row.reason, row.tries, row.may_repeat) for row in outbox.get(text, ())]
            yield f"acknowledged and lost: {text!r}: {ends}"


def _told_too_little(texts: Mapping[str, Conversation], ledger: Ledger, rows: Iterable[Row]) -> Iterator[str]:
    """A notice can fall victim to two kills as well; its row is then what is visibly held."""
    due = Counter((row.line, texts[row.text].writer) for row in rows if row.state == "dead" and row.text in texts)
    told = Counter((each.line, each.reader) for each in ledger.arrived if each.text == NOT_DELIVERED)
    told.update((row.line, row.recipient) for row in rows if row.text == NOT_DELIVERED and row.given_up)
    for seat, count in due.items():
        if told[seat] < count:
            yield f"{count} texts of {seat} were given up, and it was told {told[seat]} times"


def _repeated(texts: Mapping[str, Conversation], ledger: Ledger, outbox: Mapping[str, list[Row]]) -> Iterator[str]:
    for text, count in Counter(each.text for each in ledger.arrived if each.text in texts).items():
        if count > 2:
            yield f"arrived {count} times: {text!r}"
        if count > 1 and not any(row.may_repeat for row in outbox.get(text, ())):
            yield f"a copy that nobody marked: {text!r}"
    for text in texts:
        if len(outbox.get(text, ())) > 1:
            yield f"taken {len(outbox[text])} times: {text!r}"


def _astray(texts: Mapping[str, Conversation], arrived: Iterable[Arrival]) -> Iterator[str]:
    for each in arrived:
        where = texts.get(each.text)
        if where is None and not each.text.startswith("Private SMS: "):
            yield f"{each.reader} got what nobody wrote: {each.text!r}"
        if where is not None and (where.line, where.reader) != (each.line, each.reader):
            yield f"{each.reader} got a text of another chat: {each.text!r}"


def _out_of_order(texts: Mapping[str, Conversation], ledger: Ledger) -> Iterator[str]:
    """Two texts have an order where the one was acknowledged before the service can have had the other.

    Vonage itself promises none for texts that wait to be tried again: those may be acknowledged in any order.
    """
    newest: defaultdict[Conversation, tuple[Millis, str]] = defaultdict(lambda: (0, ""))
    for text in dict.fromkeys(each.text for each in ledger.arrived if each.text in ledger.acknowledged):
        where = texts[text]
        since, overtaker = newest[where]
        if ledger.acknowledged[text] + BLUR < since:
            yield f"{overtaker!r} came before {text!r}, which was acknowledged earlier"
        newest[where] = max(newest[where], (ledger.first_had[text], text))
