"""What a simulated world leaves for its judges: the service's rows and journal, Vonage's ledger, and the webhooks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from storage.model import Inbound, Millis, Receipt
from tests.simulator import journal
from tests.simulator.carrier import Parcel
from tests.simulator.database import Disk
from tests.simulator.journal import Change, Entry
from tests.simulator.provider import Send

ROWS = """
    SELECT id, line, recipient, CAST(text AS TEXT), kind, chat, sender, sender_line, cause, client_ref,
           state, tries, resend, may_repeat, reason, created_at
    FROM outbound ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """Of the outbox, in the end."""

    id: int
    line: str
    recipient: str
    text: str
    kind: str
    chat: int | None
    sender: str | None
    sender_line: str | None
    cause: str | None
    client_ref: str
    state: str
    tries: int
    resend: int
    may_repeat: int
    reason: str | None
    created_at: Millis

    @property
    def conversation(self) -> tuple[str, str]:
        return (self.line, self.recipient)

    def __str__(self) -> str:
        return f"{self.kind} {self.client_ref} ({self.state})"


@dataclass(frozen=True, slots=True)
class Kept:
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Texted:
    """A text, or a part of one, that the service has taken."""

    text: Inbound
    handed_at: Millis
    taken_at: Millis


@dataclass(frozen=True, slots=True)
class Evidence:
    rows: list[Row]
    kept: list[Kept]
    journal: list[Entry]
    sends: dict[str, list[Send]]  # by client-ref
    texts: list[Texted]
    resent: Counter[int]  # how often an operator had a text sent again, by row
    receipts: dict[str, dict[str, Millis]]  # the words that the service has taken and when, by message id

    def sent(self, row: Row) -> list[Send]:
        return self.sends[row.client_ref]

    def arrivals(self, row: Row) -> list[Send]:
        """In their order; times of the ledger, not of the answers."""
        return sorted((send for send in self.sent(row) if send.taken_at is not None), key=_taken_at)


def gathered(disk: Disk, *, sends: Sequence[Send], parcels: Sequence[Parcel]) -> Evidence:
    by_ref = defaultdict(list)
    for send in sends:
        by_ref[send.client_ref].append(send)
    entries = journal.read(disk.rows("SELECT what, a, b, c, d, e, f, g FROM journal ORDER BY id"))
    return Evidence(
        rows=[Row(*row) for row in disk.rows(ROWS)],
        kept=[
            Kept(message_id, text or "")
            for message_id, text in disk.rows("SELECT message_id, CAST(text AS TEXT) FROM kept")
        ],
        journal=entries,
        sends=by_ref,
        texts=_texted(parcels),
        resent=Counter(each.text for each in entries if isinstance(each, Change) and each.before == "dead"),
        receipts=_receipts(parcels),
    )


def _taken_at(send: Send) -> Millis:
    assert send.taken_at is not None
    return send.taken_at


def _texted(parcels: Sequence[Parcel]) -> list[Texted]:
    return [
        Texted(each.item, each.handed_at, each.taken_at)
        for each in parcels
        if isinstance(each.item, Inbound) and each.handed_at is not None and each.taken_at is not None
    ]


def _receipts(parcels: Sequence[Parcel]) -> dict[str, dict[str, Millis]]:
    words: dict[str, dict[str, Millis]] = defaultdict(dict)
    for each in parcels:
        if isinstance(each.item, Receipt) and each.taken_at is not None:
            words[each.item.message_id].setdefault(each.item.status, each.taken_at)
    return words
