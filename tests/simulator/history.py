"""The journal read from its begin: each change is held against the diagram, and against who sat where just then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bot.vonage.sending import AccountTrouble
from tests.simulator.assembly import house
from tests.simulator.evidence import Evidence, Row
from tests.simulator.journal import Change, OptedIn, OptedOut, Seated

# As the design draws it; '' is before the text was queued.
ALLOWED = {
    "": {"queued"},
    "queued": {
        "sending",
        "cancelled",
        "accepted",
        "delivered",
        "undelivered",
    },  # the last three: receipts of a repeat's first
    "sending": {"accepted", "queued", "dead", "uncertain", "cancelled"},
    "uncertain": {"accepted", "delivered", "undelivered", "queued", "dead"},
    "accepted": {"delivered", "undelivered"},
    "undelivered": {"delivered"},
    "dead": {"queued", "cancelled", "delivered"},
    "delivered": set(),
    "cancelled": set(),
}
SETTLED = ("accepted", "queued", "dead")
LOST = ("dead", "undelivered", "cancelled")
NEUTRAL = ("not_delivered", "not_delivered_ended", "partner_not_receiving")


class History:
    def __init__(self, evidence: Evidence) -> None:
        self._rows = {row.id: row for row in evidence.rows}
        self._seats: dict[int, dict[str, Seated]] = defaultdict(dict)
        self._silent: set[str] = set()
        self._evidence = evidence
        self._entries = evidence.journal
        self._last: dict[int, Change] = {}
        self._confirmation = house().text("opted_out")
        neutral = {house().text(key) for key in NEUTRAL}
        self._told = {
            (row.line, row.recipient, row.created_at)
            for row in evidence.rows
            if row.kind == "notice" and row.text in neutral
        }

    def walk(self) -> Iterator[str]:
        for index, entry in enumerate(self._entries):
            match entry:
                case Seated():
                    self._seats[entry.chat][entry.side] = entry
                case OptedOut():
                    self._silent.add(entry.number)
                    yield from self._queue_is_cleared(entry, index)
                case OptedIn():
                    self._silent.discard(entry.number)
                case Change():
                    yield from self._change(entry, index)

    def _change(self, change: Change, index: int) -> Iterator[str]:
        row = self._rows[change.text]
        if change.after not in ALLOWED[change.before] and change.after != change.before:
            yield f"{row}: {change.before} -> {change.after}"
        before, self._last[change.text] = self._last.get(change.text, change), change
        if row.kind == "relay" and change.before == "" and not self._is_partner(row):
            yield f"{row} is for somebody who is not the partner"
        if change.after == "sending" and not self._is_cancelled_at_once(change, index):
            yield from self._may_go(row)
        if change.before == "sending" and change.after in SETTLED:
            yield from self._is_its_own_answer(row, change)
        if change.after == "cancelled" and change.attempt > before.attempt and row.text == self._confirmation:
            yield f"{row}, the confirmation of an opt-out, is not sent"  # only the next opt-out may cancel it
        if row.kind == "relay" and change.after in LOST and change.before not in LOST:
            yield from self._is_told(row, change, index)

    def _is_partner(self, row: Row) -> bool:
        seats = self._seats[row.chat or 0].values()
        here = {(seat.number, seat.line) for seat in seats if seat.open}
        return here == {(row.sender, row.sender_line), (row.recipient, row.line)}

    def _is_cancelled_at_once(self, change: Change, index: int) -> bool:
        return any(
            isinstance(entry, Change) and entry.text == change.text and entry.after == "cancelled"
            for entry in self._entries[index + 1 : index + 30]
            if isinstance(entry, Change) and entry.at == change.at
        )

    def _may_go(self, row: Row) -> Iterator[str]:
        if row.recipient in self._silent and not (row.kind == "reply" and row.resend == 0):
            yield f"{row} went to somebody who had opted out"
        if row.kind == "relay":
            seats = self._seats[row.chat or 0].values()
            if not any(seat.open and (seat.number, seat.line) == (row.recipient, row.line) for seat in seats):
                yield f"{row} went out though its chat had ended"

    def _is_its_own_answer(self, row: Row, change: Change) -> Iterator[str]:
        send = [send for send in self._evidence.sent(row) if send.at < change.at][-1]
        if send.answered_at is None or send.answered_at > change.at:
            yield f"{row} was settled as {change.after} by the answer to another send of it"
        if isinstance(send.outcome, AccountTrouble) and change.tries > change.tries_before:
            yield f"{row} has spent a try on the account's trouble"

    def _is_told(self, row: Row, change: Change, index: int) -> Iterator[str]:
        if row.sender in self._silent or self._opts_out_at_once(row.sender, change, index):
            return
        if (row.sender_line, row.sender, change.at) not in self._told:
            yield f"the writer of {row} was not told that it is {change.after}"

    def _opts_out_at_once(self, number: str | None, change: Change, index: int) -> bool:
        """Receipts of one batch may say that a text failed, and that its writer wants no more."""
        return any(
            isinstance(entry, OptedOut) and entry.number == number and entry.at == change.at
            for entry in self._entries[index + 1 : index + 60]
        )

    def _queue_is_cleared(self, out: OptedOut, index: int) -> Iterator[str]:
        """Whatever waited for this person is cancelled in the same transaction."""
        waiting = {
            text for text, last in self._last.items() if last.after == "queued" and self._is_for(text, out.number)
        }
        for entry in self._entries[index + 1 : index + 1 + 4 * len(waiting) + 30]:
            if isinstance(entry, Change) and entry.after == "cancelled" and entry.at == out.at:
                waiting.discard(entry.text)
        yield from (f"{self._rows[text]} still waits for somebody who has opted out" for text in sorted(waiting))

    def _is_for(self, text: int, number: str) -> bool:
        return self._rows[text].recipient == number


def each_change_is_right(evidence: Evidence) -> Iterator[str]:
    yield from History(evidence).walk()
