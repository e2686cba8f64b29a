"""What people do in the simulation: a few of them, in a few chats, in bursts, with an admin who meddles."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from storage.model import Inbound, Millis, Part
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE
from tests.simulator.carrier import Carrier, Parcel
from tests.simulator.database import POISON
from tests.simulator.timeline import Timeline
from tests.simulator.weather import SECOND, Weather

PEOPLE = (ALICE, BOB, CAROL, DAVE)
STRANGER = Number("+447700900005")
LINES = (LINE, OTHER_LINE)
PAIRS = ((ALICE, BOB), (CAROL, DAVE), (ALICE, CAROL), (BOB, DAVE))
LONG = " and so on" * 18  # two parts on their way out


class Script:
    def __init__(
        self,
        timeline: Timeline,
        rng: Random,
        weather: Weather,
        carrier: Carrier,
        known_line: Callable[[Number], Number | None],
    ) -> None:
        self.texts: list[Parcel] = []
        self._timeline = timeline
        self._rng = rng
        self._weather = weather
        self._carrier = carrier
        self._known_line = known_line
        self._count = 0
        self._poisoned = weather.poisoned

    def begin(self) -> None:
        for a, b in PAIRS[: self._rng.randint(1, 3)]:
            self._soon(500, lambda a=a, b=b: self._admin(f"PAIR {a.e164()} {b.e164()}"))  # type: ignore[misc]
        self._count_texts()
        for act in (
            self._end,
            self._reopen,
            self._stop,
            self._stop,
            self._start,
            self._pair,
            self._stranger,
            self._see_to_the_dead,
        ):
            for _ in range(self._rng.choice((0, 0, 0, 1, 1, 2))):
                self._later(act)

    def _count_texts(self) -> None:
        left = self._weather.texts
        while left > 0:
            burst = min(left, self._rng.choice((1, 1, 2, 5)))
            left -= burst
            self._later(lambda burst=burst: self._burst(burst))  # type: ignore[misc]

    def _soon(self, most: Millis, act: Callable[[], None]) -> None:
        self._timeline.after(self._rng.randint(0, most), act)

    def _later(self, act: Callable[[], None]) -> None:
        self._timeline.after(self._rng.randint(2 * SECOND, self._weather.calm_at), act)

    def _burst(self, count: int) -> None:
        sender = self._rng.choice(PEOPLE)
        line = self._line_of(sender)
        if count == 1 and self._rng.random() < 0.25:
            self._in_parts(sender, line)
            return
        wait = 0
        for _ in range(count):
            self._text(sender, self._words(), line, wait)
            wait += self._rng.choice((0, 0, 300, 2000))

    def _line_of(self, person: Number) -> Number:
        if self._rng.random() < 0.1:
            return self._rng.choice(LINES)
        return self._known_line(person) or LINE

    def _words(self) -> str:
        self._count += 1
        words = f"text {self._count:03}."
        if self._poisoned and self._rng.random() < 0.15:
            self._poisoned = False
            return f"{words} {POISON}"
        return words + LONG if self._rng.random() < 0.25 else words

    def _in_parts(self, sender: Number, line: Number) -> None:
        total = self._rng.choice((2, 3))
        ref = f"{self._rng.randrange(256)}"
        wait = 0
        for index in self._rng.sample(range(1, total + 1), total):
            if self._rng.random() < 0.15:
                continue
            self._text(sender, self._words(), line, wait, Part(ref, total, index))
            wait += self._rng.choice((0, 1000, 4000, 45_000))

    def _text(self, sender: Number, words: str, line: Number, wait: Millis = 0, part: Part | None = None) -> None:
        now = self._timeline.now
        message_id = f"M{len(self.texts):03}"
        text = Inbound(message_id, sender, sender.digits(), line, words, now, now, part)
        self.texts.append(self._carrier.post(text, wait))

    def _admin(self, command: str) -> None:
        self._text(ADMIN, command, LINE)

    def _end(self) -> None:
        self._admin(f"END {self._rng.randint(1, 3)}")

    def _reopen(self) -> None:
        self._admin(f"REOPEN {self._rng.randint(1, 3)}")

    def _see_to_the_dead(self) -> None:
        self._admin(f"{self._rng.choice(('RESEND', 'DISMISS'))} {self._rng.randint(1, 30)}")

    def _pair(self) -> None:
        a, b = self._rng.choice(PAIRS)
        self._admin(f"PAIR {a.e164()} {b.e164()}")

    def _stop(self) -> None:
        self._say_to_us("STOP")

    def _start(self) -> None:
        self._say_to_us("START")

    def _say_to_us(self, word: str) -> None:
        person = self._rng.choice(PEOPLE)
        self._text(person, word, self._line_of(person))

    def _stranger(self) -> None:
        self._text(STRANGER, self._words(), self._rng.choice(LINES))
