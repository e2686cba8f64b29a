"""What Vonage's answer means for the text it answers. Pure: a claim and an outcome in, a verdict out."""

from __future__ import annotations

from bot.spending import units
from bot.vonage.sending import Accepted, AccountTrouble, Doubt, NotTaken, Outcome, Refused
from commands.gsm import segments
from storage.model import Claim, Millis
from storage.outbox import Back, Buried, Doubtful, Sent

SECOND: Millis = 1000
MOST_TRIES = 8
LONGEST_HOLD = 600 * SECOND  # a head that cannot leave holds up its conversation so long and no longer
LONGEST_PAUSE = 60 * SECOND

Verdict = Sent | Back | Doubtful | Buried


def verdict(claim: Claim, outcome: Outcome, *, now: Millis, jitter: float, spared: bool = False) -> Verdict:
    """`jitter`: between 0 and 1, so that texts put back together do not come again together.

    `spared`: Vonage cannot be reached by anybody, so that this text's try does not count.
    """
    match outcome:
        case Accepted(message_ids=message_ids, price=price):
            return Sent(claim, message_ids, units(price))
        case NotTaken(reason=reason, answered=False) if spared:
            return Back(claim, now, reason, counts=False)
        case NotTaken(reason=reason, wait=wait):
            return _again(claim, reason, wait or 0, now=now, jitter=jitter)
        case Doubt(reason=reason, message_ids=taken):
            return Doubtful(claim, reason, partly=bool(taken), parts=segments(claim.text).count)
        case Refused(reason=reason, opted_out=opted_out):
            return Buried(claim, reason, opted_out)
        case AccountTrouble(reason=reason):
            return Back(claim, now, reason, counts=False)


def pause(tries: int, jitter: float) -> Millis:
    """1, 2, 4 … 60 seconds, of which the last quarter is left to chance."""
    longest = min(LONGEST_PAUSE, SECOND << min(tries, 10))
    return int(longest * (0.75 + 0.25 * jitter))


def _again(claim: Claim, reason: str, wait: Millis, *, now: Millis, jitter: float) -> Verdict:
    since = claim.tried_at if claim.tried_at is not None else now
    if claim.tries + 1 >= MOST_TRIES or now - since >= LONGEST_HOLD:
        return Buried(claim, f"given up: {reason}")
    # A wait that was named is kept, but not beyond what those behind this one can be asked to wait.
    return Back(claim, min(now + max(wait, pause(claim.tries, jitter)), since + LONGEST_HOLD), reason)
