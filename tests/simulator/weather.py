"""What a seed means: which faults there are in its world, how often and when. All else is chance of the moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from storage.model import Millis
from tests.simulator.run import Place, Strike

SECOND: Millis = 1000
MINUTE = 60 * SECOND


class Fault(StrEnum):
    """What Vonage does with a send."""

    NONE = "accepted"
    SLOW = "accepted late"
    BUSY = "status 1"
    TOO_MANY = "429"
    UNAVAILABLE = "5xx"
    UNREACHABLE = "no connection"
    TIME_OUT = "time-out"
    BROKEN = "broken line"
    NONSENSE = "no JSON"
    INTERNAL = "status 5"
    PARTLY = "partly taken"
    REFUSED = "refused"
    OPTED_OUT = "refused as opted out"
    ACCOUNT = "account trouble"
    BUG = "a bug in sending"
    STUCK = "stuck for minutes"


DOUBTS = (Fault.UNAVAILABLE, Fault.TIME_OUT, Fault.BROKEN, Fault.NONSENSE, Fault.PARTLY)
EVERYDAY = tuple(fault for fault in Fault if fault not in (Fault.NONE, Fault.STUCK))
LONG_ENOUGH_TO_GET_STUCK = 200 * SECOND


PLACES = tuple(place for place in Place if place is not Place.ANYWHERE)
MOST_PASSED = {Place.STATEMENT: 300, Place.COMMIT: 40, Place.COMMITTED: 40}


@dataclass(frozen=True, slots=True)
class Window:
    begin: Millis
    end: Millis

    def holds(self, now: Millis) -> bool:
        return self.begin <= now < self.end


@dataclass(frozen=True, slots=True)
class Mail:
    """How webhooks fare on their way, each a chance."""

    lost: float  # receipts
    failed: float
    carrier_opt_out: float
    early: float
    repeated: float
    answer_lost: float
    buffered: float
    false: float


@dataclass(frozen=True, slots=True)
class Weather:
    calm_at: Millis  # from when nothing goes wrong any more
    faults: tuple[Fault, ...]
    fault_rate: float
    outages: tuple[Window, ...]
    troubles: tuple[Window, ...]
    full_disk: tuple[Window, ...]
    glitches: tuple[Millis, ...]
    mail: Mail
    strikes: tuple[Strike | Millis, ...]  # of each run in turn: the place or the time to fall
    stops: tuple[Millis, ...]
    texts: int
    poisoned: bool
    commits_take: tuple[Millis, Millis]
    tick: Millis
    doubt_after: Millis
    sender_limit: int
    rate: float
    chat_ttl: Millis | None


def forecast(rng: Random) -> Weather:
    faults, fault_rate = _sky(rng)
    calm_at = rng.choice((15, 25, 40, 80)) * SECOND if Fault.STUCK not in faults else LONG_ENOUGH_TO_GET_STUCK
    return Weather(
        calm_at=calm_at,
        faults=faults,
        fault_rate=fault_rate,
        outages=tuple(_windows(rng, calm_at, 0.2, longest=rng.choice((1, 1, 2, 4)) * MINUTE)),
        troubles=tuple(_windows(rng, calm_at, 0.15, longest=rng.choice((1, 1, 3)) * MINUTE)),
        full_disk=tuple(_windows(rng, calm_at, 0.2, longest=rng.choice((5, 5, 30, 150)) * SECOND)),
        glitches=tuple(rng.randrange(calm_at) for _ in range(rng.choice((0, 0, 0, 1, 3)))),
        mail=_mail(rng),
        strikes=tuple(_strike(rng, calm_at) for _ in range(rng.choice((0, 1, 1, 2, 3)))),
        stops=tuple(rng.randrange(calm_at) for _ in range(rng.choice((0, 0, 1)))),
        texts=rng.randint(5, 16),
        poisoned=rng.random() < 0.15,
        commits_take=rng.choice(((0, 0), (0, 0), (1, 10), (0, 400), (500, 3000))),
        tick=rng.choice((2, 4, 6)) * SECOND,
        doubt_after=rng.choice((15, 15, 30, 120)) * SECOND,
        sender_limit=rng.choice((0, 0, 0, 10)),
        rate=rng.choice((0, 0, 1, 5)),
        chat_ttl=rng.choice((None, None, None, MINUTE)),
    )


def _sky(rng: Random) -> tuple[tuple[Fault, ...], float]:
    """A few kinds of faults and how many sends meet one: worlds with few kinds go further in each than one with all."""
    kind = rng.random()
    if kind < 0.25:
        return tuple(rng.sample(DOUBTS, rng.randint(1, 3))), rng.choice((0.3, 0.7))
    if kind < 0.3:
        return (Fault.STUCK, Fault.BROKEN), 0.5
    return tuple(rng.sample(EVERYDAY, rng.randint(1, 6))), rng.choice((0.0, 0.1, 0.2, 0.4))


def _windows(rng: Random, calm_at: Millis, chance: float, *, longest: Millis) -> Iterator[Window]:
    if rng.random() < chance:
        begin = rng.randrange(calm_at)
        yield Window(begin, begin + rng.randint(SECOND, longest))


def _mail(rng: Random) -> Mail:
    def now_and_then(*chances: float) -> float:
        return rng.choice((0.0, *chances))

    return Mail(
        lost=now_and_then(0.1, 0.5),
        failed=now_and_then(0.1, 0.3),
        carrier_opt_out=now_and_then(0.0, 0.05),
        early=now_and_then(0.3),
        repeated=now_and_then(0.1, 0.3),
        answer_lost=now_and_then(0.05, 0.2),
        buffered=now_and_then(0.3),
        false=now_and_then(0.05),
    )


def _strike(rng: Random, calm_at: Millis) -> Strike | Millis:
    if rng.random() < 0.2:
        return rng.randrange(1, calm_at)
    place = rng.choice(PLACES)
    return Strike(place, rng.randint(1, MOST_PASSED.get(place, 12)))
