"""Who plays: people and admins of several countries with numbers of their own, and texts that are like no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from random import Random

from storage.number import Number

AREAS = ("212", "415", "613", "876", "787", "204")  # United States, Canada, Jamaica, Puerto Rico
COUNTRIES = "GB,US,CA,JM,PR"
NAMES = ("Ann", "Ben", "Cai", "Dot", "Eve", "Flo", "Gus", "Hal", "Ida", "Jim")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    number: Number

    @property
    def phone(self) -> str:
        return self.number.e164()


@dataclass
class Cast:
    """`admins` stand in the settings; `made` is made one by text; `stranger` is in no chat."""

    people: list[Person]
    admins: list[Person]
    made: Person
    stranger: Person
    stem: str  # what all tokens of this play begin with
    readers: dict[str, frozenset[str]] = field(default_factory=dict)  # by token, the phones it may be seen on
    _tokens: count[int] = field(default_factory=count)

    @property
    def everybody(self) -> list[Person]:
        return [*self.people, *self.admins, self.made, self.stranger]

    def token(self, *readers: Person) -> str:
        token = f"{self.stem}{next(self._tokens):04x}"
        self.readers[token] = frozenset(reader.phone for reader in readers)
        return token


def cast(chance: Random) -> Cast:
    """Of each country's numbers some that nobody has, so that no two end in the same three digits."""
    british = [f"+447700900{end}" for end in chance.sample(range(200, 950), 7)]
    american = [f"+1{area}55501{end}" for area, end in zip(AREAS, chance.sample(range(10, 100), 6), strict=True)]
    numbers = [Number(each) for each in chance.sample(british + american, 13)]
    people = [Person(*each) for each in zip(NAMES, numbers, strict=False)]
    ada, abe, made = (Person(*each) for each in zip(("Ada", "Abe", "Amy"), numbers[10:], strict=True))
    return Cast(people[:9], [ada, abe], made, people[9], f"canary-{chance.getrandbits(32):08x}-")
