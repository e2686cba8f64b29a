"""What a writer could know: with whom each person texts on each line, as far as they were told. A model of a page."""

from __future__ import annotations

from dataclasses import dataclass, field

from commands.durations import HOUR
from storage.model import Millis
from storage.number import Number

QUARANTINE = 96 * HOUR
ALWAYS = -(2**62)  # whom somebody texts with first on a line, they had in mind before


@dataclass(frozen=True, slots=True)
class Use:
    partner: Number
    ended_at: Millis
    unsure: bool  # they may not have noticed whom they texted with


@dataclass(slots=True)
class Guard:
    """Until when the first text is to be sent back, and whether one was. It holds up nothing taken before `since`."""

    since: Millis
    until: Millis
    sent_back: bool = False


Place = tuple[Number, Number]  # a person, and the line on which they text


@dataclass(slots=True)
class Beliefs:
    changeover: Millis
    told: dict[Place, list[tuple[Millis, Number]]] = field(default_factory=dict)
    uses: dict[Place, Use] = field(default_factory=dict)
    guards: dict[tuple[int, Number], Guard] = field(default_factory=dict)
    unsure: set[tuple[int, Number]] = field(default_factory=set)

    def partner(self, place: Place, at: Millis) -> Number | None:
        """Whom this person took for the partner there and then."""
        return next((partner for since, partner in reversed(self.told.get(place, [])) if since <= at), None)

    def opened(self, chat: int, place: Place, partner: Number, *, by: Millis, now: Millis) -> None:
        """`by`: when who opened it wrote that, or two minutes ago where no text did."""
        self.guards.pop((chat, place[0]), None)
        self.unsure.discard((chat, place[0]))
        if not self.is_good(place, partner, now):
            self.unsure.add((chat, place[0]))
        told = self.told.setdefault(place, [])
        if not told:
            told.append((ALWAYS, partner))
        elif told[-1][1] != partner and self.is_good(place, partner, now):
            told.append((by, partner))
        elif told[-1][1] != partner:
            self.guards[chat, place[0]] = Guard(now, self.uses[place].ended_at + self.changeover)

    def closed(self, chat: int, place: Place, partner: Number, now: Millis) -> None:
        self.uses[place] = Use(partner, now, (chat, place[0]) in self.unsure)

    def is_told(self, place: Place, partner: Number, now: Millis) -> None:
        self.told[place].append((now, partner))

    def is_fit(self, place: Place, partner: Number, now: Millis) -> bool:
        """Whether nobody else was there in the time of the quarantine."""
        use = self.uses.get(place)
        return use is None or use.partner == partner or use.ended_at + QUARANTINE <= now

    def is_good(self, place: Place, partner: Number, now: Millis) -> bool:
        """Whether it is fit, and known to be."""
        use = self.uses.get(place)
        return self.is_fit(place, partner, now) and not (use and use.unsure and use.ended_at + QUARANTINE > now)
