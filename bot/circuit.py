"""Whether texts may go to Vonage at all: open while it takes none, with one text now and then to see if it does again.

Texts that meet an open circuit spend none of their tries: their time is for their own faults. Pure; time is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.vonage.sending import Accepted, AccountTrouble, Doubt, NotTaken, Outcome, Refused
from storage.model import Millis

SECOND: Millis = 1000
UNANSWERED_IN_A_ROW = 5  # of all texts: one alone is that text's or that moment's bad luck
UNREACHABLE = "Vonage cannot be reached"
LONGEST_PAUSE = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Opened:
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    reason: str
    lasted: Millis


class Circuit:
    def __init__(self) -> None:
        self.reason: str | None = None  # why nothing is sent just now
        self._account = False  # the reason is the account's own, not the way to Vonage
        self._since: Millis = 0
        self._probe_at: Millis = 0
        # After a start the first one tells: a restart in an outage must not cost each text as much again.
        self._unanswered = UNANSWERED_IN_A_ROW - 1

    @property
    def is_open(self) -> bool:
        return self.reason is not None

    def room(self, most: int, under_way: int, now: Millis) -> int:
        """How many texts may be sent now, of `most`."""
        if not self.is_open:
            return most
        return min(most, 1) if now >= self._probe_at and not under_way else 0

    @property
    def next_at(self) -> Millis:
        return self._probe_at

    def note(self, outcome: Outcome, began: Millis, now: Millis) -> Opened | Closed | None:
        """What the outcome of a send that began then means for all others."""
        self._unanswered = self._unanswered + 1 if _is_unanswered(outcome) else 0
        if isinstance(outcome, AccountTrouble):
            return self._open(outcome.reason, account=True, now=now)
        if self._unanswered >= UNANSWERED_IN_A_ROW and not self._account:
            return self._open(UNREACHABLE, account=False, now=now)
        if not self.is_open or began <= self._since:
            return None
        if self._is_cure(outcome):
            return self._close(now)
        self._probe_at = now + LONGEST_PAUSE
        return None

    def _open(self, reason: str, *, account: bool, now: Millis) -> Opened | None:
        news = None if self.is_open and self._account == account else Opened(reason)
        if not self.is_open:
            self._since = now
        self.reason, self._account = reason, account
        self._probe_at = now + (LONGEST_PAUSE if account else self._pause())
        return news

    def _close(self, now: Millis) -> Closed:
        assert self.reason is not None
        news = Closed(self.reason, now - self._since)
        self.reason, self._account = None, False
        return news

    def _is_cure(self, outcome: Outcome) -> bool:
        """Only the account's own word ends its trouble; to know that Vonage is there, any answer will do."""
        return isinstance(outcome, Accepted | Refused) if self._account else not _is_unanswered(outcome)

    def _pause(self) -> Millis:
        """1, 2, 4 … 30 seconds."""
        probes = self._unanswered - UNANSWERED_IN_A_ROW
        return min(LONGEST_PAUSE, SECOND << min(probes, 10))


def _is_unanswered(outcome: Outcome) -> bool:
    return isinstance(outcome, NotTaken | Doubt) and not outcome.answered
