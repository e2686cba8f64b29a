"""The loop breaker: two machines that text each other through a chat are noticed by their pace or their sameness."""

from __future__ import annotations

from enum import StrEnum

from storage.model import Inbound, Millis, Side

SECOND: Millis = 1000
FAST, FAST_WITHIN = 30, 30 * SECOND
SAME, SAME_WITHIN = 5, 600 * SECOND


class Sign(StrEnum):
    """What gave a loop away."""

    FAST = "30 texts in 30 s"
    SAME = "same text 5 times"


Passed = tuple[Millis, int, int]  # when a text went through, and hashes of its id and of its words


class Loops:
    """Remembers for ten minutes, in memory and without a word, what each side of each chat has texted.

    A loop that a restart interrupts shows itself again. Plain tuples in lists: this is asked for every text.
    """

    def __init__(self) -> None:
        self._passed: dict[tuple[int, Side], list[Passed]] = {}

    def note(self, chat: int, side: Side, text: Inbound) -> Sign | None:
        """Count a text; what it gives away, if anything: from then on this side begins anew.

        By the provider's stamps: what was held up somewhere and comes all at once is no loop.
        """
        # Two pictures are not the same because neither is a text.
        seen = (text.stamped_at, hash(text.message_id), hash(text.message_id if text.text is None else text.text))
        passed = self._passed.setdefault((chat, side), [])
        if passed and passed[0][0] <= seen[0] - SAME_WITHIN:
            passed[:] = [each for each in passed if each[0] > seen[0] - SAME_WITHIN]
        sign = _sign(passed, seen)
        if sign is not None:
            del self._passed[chat, side]
        return sign

    def forget(self, now: Millis) -> None:
        """Drop the sides that have been quiet: memory is for the chats that are alive."""
        before = now - SAME_WITHIN
        self._passed = {side: passed for side, passed in self._passed.items() if passed[-1][0] > before}


def _sign(passed: list[Passed], seen: Passed) -> Sign | None:
    """Adds it, unless it is there: then its transaction was undone, and Vonage has sent it again."""
    now, message_id, words = seen
    alike = fast = 1
    for at, other_id, other_words in passed:
        if other_id == message_id:
            return None
        alike += other_words == words
        fast += at > now - FAST_WITHIN
    passed.append(seen)
    if alike >= SAME:
        return Sign.SAME
    return Sign.FAST if fast >= FAST else None
