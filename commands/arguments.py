"""Reading what follows a verb: numbers, chats, lengths of time. Pure; raises Unfit where it does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from commands import durations
from commands.words import CLOSING, plain
from storage.model import Millis
from storage.number import NotANumber, Number

FILLERS = frozenset({"and", "&", "with", "to", "the", "chat", "please"})
PUNCTUATION = ",;:/()-"
CHAT_ID = re.compile(r"#?([1-9][0-9]{0,6})")
TAIL = re.compile(r"\*?([0-9]{4})")
DIGITS = re.compile(r"\+?[0-9](?:[ ().\-]*[0-9]){4,}")  # what a person would take for a telephone number


class Unfit(Exception):
    """A command's arguments do not fit. `key` names the text that says why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Label:
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    """The last four digits of a number, as texts show them."""

    digits: str


ChatRef = int | Label | Number
PersonRef = Number | Tail


def words(text: str) -> list[str]:
    """The words that matter, plain but in their own case."""
    found = (word.strip(PUNCTUATION) for word in plain(text).rstrip(CLOSING).split())
    return [word for word in found if word not in ("", "+") and word.casefold() not in FILLERS]


def nothing(text: str, region: str | None) -> None:
    if found := words(text):
        raise Unfit("bad_word", word=found[0])


def one_word(text: str, region: str | None) -> str | None:
    found = words(text)
    if len(found) > 1:
        raise Unfit("bad_word", word=found[1])
    return found[0] if found else None


def chat_id(text: str, region: str | None) -> int:
    word = one_word(text, region)
    if word is None:
        raise Unfit("needs_chat")
    if (found := CHAT_ID.fullmatch(word)) is None:
        raise Unfit("bad_chat", word=word)
    return int(found[1])


def chat(text: str, region: str | None) -> ChatRef | None:
    """A chat by its id, its label or a number in it; None when none is named."""
    match words(text):
        case []:
            return None
        case [word] if (shaped := CHAT_ID.fullmatch(word)) is not None:
            return int(shaped[1])
        case _ if DIGITS.search(plain(text)) is not None:
            return one_number(text, region)
        case [word] if any(map(str.isalpha, word)):
            return Label(word)
        case [word]:
            raise Unfit("bad_chat", word=word)
        case several:
            raise Unfit("bad_word", word=several[1])


def person(text: str, region: str | None) -> PersonRef:
    """Somebody by number, or by its last four digits."""
    match words(text):
        case []:
            raise Unfit("needs_person")
        case [word] if (shaped := TAIL.fullmatch(word)) is not None:
            return Tail(shaped[1])
        case [word, *_] if DIGITS.search(plain(text)) is None:
            raise Unfit("bad_word", word=word)
        case _:
            return one_number(text, region)


def masked(text: str, region: str | None) -> str:
    """As it was written, but of each telephone number the last four digits."""
    text = plain(text)
    shown, done = [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE):
        shown += [_without_digits(text[done : match.start]), _tail(match.raw_string)]
        done = match.end
    return "".join([*shown, _without_digits(text[done:])])


def one_number(text: str, region: str | None) -> Number:
    found, left = numbers(text, region)
    if left or len(found) > 1:
        raise Unfit("bad_word", word=left[0] if left else found[1].tail)
    return found[0]


def numbers(text: str, region: str | None) -> tuple[list[Number], list[str]]:
    """The telephone numbers in a text, and the words that are left without them."""
    text = plain(text)
    found, rest, done = [], [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE):
        found.append(_number(match.raw_string, region))
        rest.append(text[done : match.start])
        done = match.end
    left = " ".join([*rest, text[done:]])
    if (odd := DIGITS.search(left)) is not None:
        raise _not_a_number(odd[0], region)
    return found, words(left)


def duration(text: str) -> Millis:
    try:
        return durations.parse(text)
    except durations.NotADuration as error:
        raise Unfit("bad_time", word=text) from error


def _number(text: str, region: str | None) -> Number:
    try:
        return Number.parse(text, region)
    except NotANumber as error:
        raise _not_a_number(text, region) from error


def _not_a_number(text: str, region: str | None) -> Unfit:
    without_country = region is None and not text.startswith("+")
    return Unfit("needs_plus" if without_country else "bad_number", number=_tail(text))


def _without_digits(text: str) -> str:
    return DIGITS.sub(lambda found: _tail(found[0]), text)


def _tail(text: str) -> str:
    return "*" + "".join(filter(str.isdigit, text))[-4:]
