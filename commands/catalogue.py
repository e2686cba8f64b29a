"""The texts to people in one language, filled in so that each stays within one SMS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Formatter

from commands import gsm
from commands.durations import UNITS
from commands.gsm import Encoding
from storage.model import Chat
from storage.number import Number

# What may stand in a text's braces, and the units it may take there: whatever is longer is cut.
SEPTETS = {
    "admin": 5,
    "asked": 34,
    "block": 22,
    "changed": 12,  # *0123, *0124
    "chat": 22,  # Chat 1234 and a label
    "chats": 28,
    "choice": 32,
    "code": 4,
    "count": 6,
    "country": 3,
    "delivery": 46,
    "doubt": 6,
    "ends": 31,
    "example": 35,
    "failed": 6,
    "failures": 70,
    "fault": 48,
    "held": 6,
    "hidden": 10,  # or passed on: what is done about numbers
    "id": 7,
    "label": 12,
    "languages": 60,
    "last": 17,
    "left": 1,
    "line": 5,
    "lines": 5,
    "links": 10,
    "list": 59,
    "money": 12,
    "message": 12,  # a million texts a day for two thousand years
    "number": 5,  # the last four digits: *0123
    "open": 6,
    "other": 5,
    "others": 6,
    "page": 125,
    "place": 12,
    "reason": 20,
    "refused": 64,
    "said": 80,
    "seated": 18,
    "service": 12,
    "side": 1,
    "state": 11,
    "summary": 58,
    "time": 8,
    "usage": 38,
    "verb": 12,
    "verbs": 135,
    "waiting": 6,
    "why": 30,
    "word": 12,
}
# Of 70 units, where an alphabet is not GSM 03.38, less is left.
TIGHT = SEPTETS | {
    "asked": 18,
    "block": 10,
    "chat": 17,
    "chats": 15,
    "choice": 12,
    "count": 5,
    "delivery": 20,
    "doubt": 5,
    "ends": 11,
    "failed": 5,
    "failures": 38,
    "fault": 26,
    "held": 5,
    "hidden": 3,
    "last": 10,
    "links": 3,
    "list": 32,
    "open": 5,
    "others": 5,
    "page": 45,
    "place": 9,
    "reason": 9,
    "languages": 42,
    "refused": 32,
    "said": 45,
    "seated": 9,
    "state": 4,
    "summary": 15,
    "usage": 34,
    "waiting": 5,
    "why": 14,
}
ROOM = {Encoding.GSM: SEPTETS, Encoding.UCS2: TIGHT}
WHOLE = frozenset({"words"})  # an admin's own words, in SAY: passed on as they are, however many parts they take
TO_PERSON = frozenset({"service", "label", "languages", "words"})
PHRASES = frozenset({"place", "reason", "state", "time", "why"})  # words of ours, in English until here
SPELLED = re.compile(r"(?:[0-9]+[dhms])+")


class CatalogueError(Exception):
    """A text is missing, or does not fit the values it was given: a fault in the program or in its files."""


class Catalogue:
    """`sections` of texts by their names, and of summaries and phrases by what these are in English.

    What they lack is taken from `english`. `units`: the letters for days, hours, minutes and seconds.
    """

    def __init__(
        self,
        sections: Mapping[str, Mapping[str, str]],
        english: Catalogue | None = None,
        *,
        encoding: Encoding = Encoding.GSM,
        units: str = "".join(UNITS),
    ) -> None:
        self.own: dict[str, str] = {}
        self.encoding = encoding
        self.room = ROOM[encoding]
        self.summaries: dict[str, str] = dict(sections.get("summary", {}))
        self.phrases: dict[str, str] = dict(sections.get("phrase", {}))
        self._units = str.maketrans("".join(UNITS), units)
        for section, texts in sections.items():
            for key, text in texts.items() if section not in ("summary", "phrase") else ():
                self._add(section, key, text)
        self.texts: dict[str, str] = self.own if english is None else english.texts | self.own

    def text(self, key: str, /, **values: object) -> str:
        """The text of that name. Every value is cut to its room and to the alphabet, whoever supplied it."""
        try:
            return self.texts[key].format_map({name: self._fitted(name, value) for name, value in values.items()})
        except KeyError as error:
            raise CatalogueError(f"text {key!r} lacks {error}") from error

    def cut(self, name: str, value: str) -> str:
        """As much of it as has room in the field of that name."""
        return gsm.cut(value, self.room[name], self.encoding)

    def fitting(self, name: str, entries: Sequence[str], joint: str, *, more: str) -> Sequence[str]:
        """As many of `entries` as have room in the field of that name, and after them `more` if some do not."""
        if self._length(joint.join(entries)) <= self.room[name]:
            return entries
        count, used = 0, self._length(more) - self._length(joint)
        for entry in entries:
            used += self._length(joint) + self._length(entry)
            if used > self.room[name]:
                break
            count += 1
        return entries[:count]

    def _add(self, section: str, key: str, text: str) -> None:
        if key in self.own:
            raise CatalogueError(f"text {key!r} is there twice")
        # A text to a participant has no place where a digit of the other's number could stand.
        known = TO_PERSON if section == "person" else self.room.keys()
        if unknown := fields(text) - known:
            raise CatalogueError(f"text {key!r} in [{section}] cannot hold {sorted(unknown)}")
        self.own[key] = text

    def _fitted(self, name: str, value: object) -> str:
        shown = _masked(str(value)) if name == "word" else _shown(value)
        if name in WHOLE:
            return shown
        return self.cut(name, self._said(shown) if name in PHRASES else shown)

    def _said(self, phrase: str) -> str:
        if (known := self.phrases.get(phrase)) is not None:
            return known
        return phrase.translate(self._units) if SPELLED.fullmatch(phrase) else phrase

    def _length(self, text: str) -> int:
        return gsm.segments(text, self.encoding).units


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _shown(value: object) -> str:
    match value:
        case Number():
            return value.tail
        case Chat():
            return value.name
        case _:
            return str(value)


def _masked(word: str) -> str:
    """A word of theirs that we repeat may be a telephone number."""
    digits = "".join(filter(str.isdigit, word))
    return word if len(digits) <= 4 else f"*{digits[-4:]}"
