"""Webhooks refused of late: how many and why, and whether it looks as if Vonage itself is refused."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from bot.webhooks import Event
from commands.durations import HOUR, MINUTE
from storage.model import Millis

WINDOW = 10 * MINUTE
# One that is right amid those that are wrong shows that the secret is right, and that somebody else has a wrong one.
# For so long after it a stranger cannot make the service look broken, however quiet it is.
VINDICATED = 6 * HOUR

SAID = {
    Event.BAD_SIGNATURE: ("wrong signatures", "check VONAGE_SIGNATURE_SECRET"),
    Event.STALE: ("signed too long ago", "check this machine's clock"),
    Event.BAD_TOKEN: ("wrong tokens", "check the URLs set at Vonage"),
}
KINDS = {event: event for event in SAID} | {Event.SLOWED: Event.BAD_TOKEN}


class Refusals:
    """Vonage may never send again what was refused, so a wrong secret of ours would lose texts in silence."""

    def __init__(self, clock: Callable[[], Millis]) -> None:
        self._clock = clock
        self._minutes: deque[tuple[int, Counter[Event]]] = deque()
        self._accepted_at: Millis | None = None
        self._vindicated_at: Millis | None = None

    def note(self, event: Event) -> str | None:
        """A webhook was refused. Of the first of its kind within the window it returns what happened, in words."""
        if (kind := KINDS.get(event)) is None:  # other reasons say nothing about secrets
            return None
        first = not self._counts()[kind]
        minute = self._clock() // MINUTE
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
        self._minutes[-1][1][kind] += 1
        return f"webhooks refused: {SAID[kind][0]}" if first else None

    def accepted(self) -> None:
        """One was right."""
        self._accepted_at = self._clock()
        if self._minutes and self._counts():
            self._vindicated_at = self._accepted_at

    def told(self) -> str | None:
        """The most frequent refusal of the window, in a few words; None: there was none."""
        if not (counts := self._counts()):
            return None
        [(kind, count)] = counts.most_common(1)
        what, remedy = SAID[kind]
        return f"{count} {what} in 10 min, {remedy}"

    def reason(self) -> str | None:
        """Why it may be deaf: some were refused and none was right, nor lately one amid others that were wrong."""
        if self._within(self._accepted_at, WINDOW) or self._within(self._vindicated_at, VINDICATED):
            return None
        told = self.told()
        return f"webhooks are refused, and none was accepted: {told}" if told else None

    def _within(self, at: Millis | None, length: Millis) -> bool:
        return at is not None and self._clock() - at < length

    def _counts(self) -> Counter[Event]:
        oldest = (self._clock() - WINDOW) // MINUTE
        while self._minutes and self._minutes[0][0] <= oldest:
            self._minutes.popleft()
        return sum((counts for _, counts in self._minutes), Counter())
