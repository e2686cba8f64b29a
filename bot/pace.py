"""How fast texts may go: token buckets towards Vonage, a person's own limit, and how many strangers are answered."""

from __future__ import annotations

from collections import deque

from storage.model import Millis
from storage.number import Number

SECOND: Millis = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
BURST = 0.1  # of a second's worth at once: Vonage counts per second, so a full second's burst could make two


class Bucket:
    """`rate` tokens a second; 0 means no limit."""

    def __init__(self, rate: float) -> None:
        self._tokens = float("inf")
        self.change(rate)
        self._at: Millis | None = None
        self._held_until: Millis = 0

    def change(self, rate: float) -> None:
        """From now on this many."""
        self._rate = rate
        self._room = max(1.0, rate * BURST)
        self._tokens = min(self._tokens, self._room)

    def available(self, now: Millis) -> float:
        if now < self._held_until:
            return 0
        if self._rate == 0:
            return float("inf")
        if self._at is not None and now > self._at:
            self._tokens = min(self._room, self._tokens + (now - self._at) * self._rate / SECOND)
        self._at = now  # also when the clock was set back: else nothing would leave until it has caught up
        return self._tokens

    def take(self, count: int) -> None:
        if self._rate:
            self._tokens -= count

    def hold(self, until: Millis) -> None:
        """Nothing before then."""
        self._held_until = max(self._held_until, until)

    def ready_at(self, now: Millis) -> Millis:
        """When a whole token is there."""
        if now < self._held_until:
            return self._held_until
        missing = 1 - self.available(now)
        return now if missing <= 0 else now + int(missing / self._rate * SECOND) + 1


class Pace:
    """One bucket for the account and one for each line."""

    def __init__(self, account_rate: float, line_rates: dict[Number, float]) -> None:
        self._account_rate = account_rate
        self._account = Bucket(account_rate)
        self._lines = {line: Bucket(rate) for line, rate in line_rates.items()}
        self._spent = self.last_counted = 0

    def allowance(self, line: Number, most: int, now: Millis) -> int:
        return max(0, int(min(self._account.available(now), self._lines[line].available(now), most)))

    def spend(self, line: Number, count: int) -> None:
        self._account.take(count)
        self._lines[line].take(count)
        self._spent += count

    def counted(self) -> int:
        """How many were sent since this was last asked."""
        self.last_counted, self._spent = self._spent, 0
        return self.last_counted

    def share(self, part: float) -> None:
        """Of the account's rate, other processes have the rest. A line's rate is its owner's alone."""
        self._account.change(self._account_rate * part)

    def hold(self, line: Number, until: Millis) -> None:
        """Vonage asked for that about one text, but the others of that line would be told the same."""
        self._lines[line].hold(until)

    def ready_at(self, line: Number, now: Millis) -> Millis:
        return max(self._account.ready_at(now), self._lines[line].ready_at(now))


class SenderLimit:
    """So many texts a minute from one person; what is above that waits its turn instead of being refused."""

    def __init__(self, a_minute: int) -> None:
        self._gap = MINUTE // a_minute if a_minute else 0
        self._paid_until: dict[Number, Millis] = {}

    def not_before(self, sender: Number, now: Millis) -> Millis:
        """When this person's next text may leave; 0: at once. Counts the text."""
        if not self._gap:
            return 0
        paid_until = max(self._paid_until.get(sender, 0), now) + self._gap
        self._paid_until[sender] = paid_until
        return paid_until - MINUTE if paid_until > now + MINUTE else 0

    def forget(self, now: Millis) -> None:
        """Drop those who have been quiet: memory is for the people texting now."""
        self._paid_until = {sender: until for sender, until in self._paid_until.items() if until > now}


class StrangerLimit:
    """So many answers an hour to all strangers together: a flood from forged numbers must not spend money."""

    def __init__(self, an_hour: int) -> None:
        self._most = an_hour
        self._given: deque[Millis] = deque()

    def left(self, now: Millis) -> int:
        """How many may be given now."""
        while self._given and self._given[0] <= now - HOUR:
            self._given.popleft()
        return max(0, self._most - len(self._given))

    def take(self, now: Millis) -> None:
        self._given.append(now)
