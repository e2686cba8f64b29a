"""The loop breaker: two machines that text each other through a chat are noticed by their pace or their sameness."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from storage.model import Inbound, Millis, Side

SECOND: Millis = 1000
FAST, FAST_WITHIN = 30, 30 * SECOND
SAME, SAME_WITHIN = 5, 600 * SECOND


class Sign(StrEnum):
    """What gave a loop away."""

    FAST = "30 texts in 30 s"
    SAME = "same text 5 times"


@dataclass(frozen=True, slots=True)
class Passed:
    """A text that went through, as far as it is remembered: for ten minutes, in memory, and never its words."""

    at: Millis
    message_id: str
    likeness: int


class Loops:
    """Remembers what each side of each chat has texted. A loop that a restart interrupts shows itself again."""

    def __init__(self) -> None:
        self._passed: dict[tuple[int, Side], deque[Passed]] = {}

    def note(self, chat: int, side: Side, text: Inbound) -> Sign | None:
        """Count a text; what it gives away, if anything: from then on this side begins anew.

        By the provider's stamps: what was held up somewhere and comes all at once is no loop.
        """
        passed = self._passed.setdefault((chat, side), deque())
        # Two pictures are not the same because neither is a text.
        seen = Passed(text.stamped_at, text.message_id, hash(text.message_id if text.text is None else text.text))
        if any(each.message_id == seen.message_id for each in passed):
            return None  # its transaction was undone, and Vonage has sent it again
        passed.append(seen)
        while passed[0].at <= seen.at - SAME_WITHIN:
            passed.popleft()
        sign = _sign(passed, seen)
        if sign is not None:
            del self._passed[chat, side]
        return sign

    def forget(self, now: Millis) -> None:
        """Drop the sides that have been quiet: memory is for the chats that are alive."""
        before = now - SAME_WITHIN
        self._passed = {side: passed for side, passed in self._passed.items() if passed[-1].at > before}


def _sign(passed: deque[Passed], seen: Passed) -> Sign | None:
    if sum(each.likeness == seen.likeness for each in passed) >= SAME:
        return Sign.SAME
    if len(passed) >= FAST and sum(each.at > seen.at - FAST_WITHIN for each in passed) >= FAST:
        return Sign.FAST
    return None
