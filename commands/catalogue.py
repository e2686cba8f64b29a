"""The texts to people: read from one file per language, filled in so that each stays within one SMS."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Formatter

from commands import gsm
from storage.model import Chat
from storage.number import Number

# What may stand in a text's braces, and the septets it may take there: whatever is longer is cut.
ROOM = {
    "admin": 5,
    "asked": 34,
    "block": 22,
    "chat": 22,  # Chat 1234 and a label
    "chats": 28,
    "choice": 32,
    "code": 4,
    "count": 6,
    "country": 3,
    "delivery": 46,
    "doubt": 6,
    "ends": 28,
    "example": 35,
    "failed": 6,
    "failures": 70,
    "fault": 48,
    "held": 6,
    "hidden": 9,  # or passed on: what is done about numbers
    "id": 7,
    "label": 12,
    "last": 17,
    "left": 1,
    "line": 5,
    "lines": 5,
    "links": 9,
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
WHOLE = frozenset({"words"})  # an admin's own words, in SAY: passed on as they are, however many parts they take
TO_PERSON = frozenset({"service", "label", "words"})


class CatalogueError(Exception):
    """A text is missing, or does not fit the values it was given: a fault in the program or in its files."""


class Catalogue:
    def __init__(self, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.texts: dict[str, str] = {}
        for section, texts in sections.items():
            for key, text in texts.items():
                self._add(section, key, text)

    @classmethod
    def load(cls, language: str = "en") -> Catalogue:
        file = resources.files("commands") / "texts" / f"{language}.toml"
        return cls(tomllib.loads(file.read_text("utf-8")))

    def text(self, key: str, **values: object) -> str:
        """The text of that name. Every value is cut to its room and to GSM 03.38, whoever supplied it."""
        try:
            return self.texts[key].format_map({name: _fitted(name, value) for name, value in values.items()})
        except KeyError as error:
            raise CatalogueError(f"text {key!r} lacks {error}") from error

    def _add(self, section: str, key: str, text: str) -> None:
        if key in self.texts:
            raise CatalogueError(f"text {key!r} is there twice")
        # A text to a participant has no place where a digit of the other's number could stand.
        known = TO_PERSON if section == "person" else ROOM.keys()
        if unknown := fields(text) - known:
            raise CatalogueError(f"text {key!r} in [{section}] cannot hold {sorted(unknown)}")
        self.texts[key] = text


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def fitting(name: str, entries: Sequence[str], joint: str, *, more: str) -> Sequence[str]:
    """As many of `entries` as have room in the field of that name, and after them `more` if some do not."""
    if _septets(joint.join(entries)) <= ROOM[name]:
        return entries
    count, used = 0, _septets(more) - _septets(joint)
    for entry in entries:
        used += _septets(joint) + _septets(entry)
        if used > ROOM[name]:
            break
        count += 1
    return entries[:count]


def _septets(text: str) -> int:
    return gsm.segments(text).units


def _fitted(name: str, value: object) -> str:
    shown = _masked(str(value)) if name == "word" else _shown(value)
    return shown if name in WHOLE else gsm.cut(shown, ROOM[name])


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
