"""The leak guard: what in a text would give a number away, found in every spelling, and hidden. Pure, linear time.

The two people's own numbers are looked for in the row of all digits of a text, whatever stands between them. What is
written in words or in letters, or spread over two texts, is not promised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from commands.telephone import numbers_in
from storage.model import Guard
from storage.number import Number

MASK = "*"  # of the GSM alphabet, or the text would be dearer
LOCAL = 7  # digits at a number's end by which somebody nearby can be called
NEAR = 4  # characters from one digit to the next, where a prefix is to belong to a number
ROUNDS = 3  # of hiding what shows itself only once something else is hidden; nobody honest needs more than two
FEWEST = 4  # digits of a number at home, on the smallest islands
DIGIT = re.compile("[0-9]")
# With those that Unicode counts among the signs: superscripts, subscripts, circled and bracketed ones.
ANY_DIGIT = re.compile(
    "[\\d²³¹⁰⁴-⁹₀-₉①-⒛⓪⓵-⓽⓿❶-❾➀-➈➊-➒㉑-㉟㊱-㊿㍸-㍹㎟-㎦፩-፱\u19da\U00010a40-\U00010a43\U00010e60-\U00010e68"
    "\U00011052-\U0001105a\U0001f100-\U0001f10a]"
)
NO_DIGIT = re.compile("[^0-9]+")
LINK = re.compile(
    r"""(?:https?://|www\.)[^\s<>"]+|(?<![\w.@-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/[^\s<>"]+""", re.IGNORECASE
)
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{1,63}")
LINKED = ("@", "＠", "/", "www.")  # every link and address holds one
UNSEEN = ("Cf", "Mn", "Me")  # joiners, bidi marks, the frame of a keycap
Span = tuple[int, int]


class Kind(StrEnum):
    OWN = "own"  # a number of one of the two
    NUMBER = "number"  # somebody else's
    LINK = "link"
    MAIL = "mail"


NOTHING: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What is done about all but the two's own numbers; those are hidden whatever is set."""

    numbers: Guard = Guard.MASK
    links: Guard = Guard.OFF  # e-mail addresses too

    def of_chat(self, own: Guard | None) -> Rules:
        """As a chat has them that may have its own: that counts for everything alike."""
        return self if own is None else Rules(own, own)

    def about(self, kind: Kind) -> Guard:
        match kind:
            case Kind.OWN:
                return Guard.MASK
            case Kind.NUMBER:
                return self.numbers
            case Kind.LINK | Kind.MAIL:
                return self.links


OWN_ONLY = Rules(Guard.OFF, Guard.OFF)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The text as it may be passed on, what was hidden in it, and what stands in it that somebody should mind."""

    text: str = field(repr=False)
    masked: frozenset[Kind] = NOTHING
    warned: frozenset[Kind] = NOTHING


def guard(text: str, own: Sequence[Number], rules: Rules) -> Guarded:
    """`own`: the numbers of the two. Not longer than it was, and of the same alphabet."""
    if not _is_worth_a_look(text, own, rules):
        return Guarded(text)
    now, masked, found = text, set[Kind](), dict[Kind, list[Span]]()
    for _ in range(ROUNDS):
        now, before = _without_own(now, own), now
        if now != before:
            masked.add(Kind.OWN)
        found = _found(now, own, rules)
        hidden = [kind for kind in found if rules.about(kind) is Guard.MASK]
        if not hidden:
            break
        masked.update(hidden)
        # What is hidden now may have stood between the halves of a number: look again.
        now = _without(now, hidden, found)
    else:
        now = _masked(now, (place for place, each in enumerate(now) if _is_digit(each)))
    return Guarded(now, frozenset(masked), frozenset(kind for kind in found if rules.about(kind) is Guard.WARN))


def _is_worth_a_look(text: str, own: Sequence[Number], rules: Rules) -> bool:
    """Most texts hold no digit, or only those of a time, and cost no more than this."""
    digits = DIGIT if text.isascii() else ANY_DIGIT
    if digits.search(text) is not None and len(digits.findall(text)) >= _fewest(text, own):
        return True
    return rules.links is not Guard.OFF and any(each in text.lower() for each in LINKED)


def _fewest(text: str, own: Sequence[Number]) -> int:
    """Of digits that could be a number: on the smallest islands it is four, and a circled ten is two in one."""
    usual = text.isascii() and all(len(each.digits()) >= LOCAL + 3 for each in own)
    return LOCAL if usual else FEWEST


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with plain digits and without what nobody sees; `places`: where each character stood."""

    text: str = field(repr=False)
    places: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        return self.places[start], self.places[end - 1] + 1


def _fold(text: str) -> Folded:
    if text.isascii():
        return Folded(text, range(len(text)))
    pairs = [(plain, place) for place, character in enumerate(text) for plain in _plain(character)]
    return Folded("".join(plain for plain, _ in pairs), [place for _, place in pairs])


def _plain(character: str) -> str:
    """One character as the eye reads it: a digit of any script as 0 to 9, a circled ten as 10, a joiner as nothing."""
    if character.isascii():
        return character
    if (value := unicodedata.digit(character, None)) is not None:
        return str(value)
    category = unicodedata.category(character)
    if category in UNSEEN:
        return ""
    spelled = unicodedata.normalize("NFKC", character)
    return " " if category == "Zs" else spelled if spelled.isascii() else character


def _without_own(text: str, own: Sequence[Number]) -> str:
    folded = _fold(text)
    row = NO_DIGIT.sub("", folded.text)
    written = [_written(number) for number in own]
    if not any(each.end in row for each in written):
        return text
    places = [folded.places[found.start()] for found in DIGIT.finditer(folded.text)]
    return _masked(text, _own_places(row, places, written))


@dataclass(frozen=True, slots=True)
class Written:
    """A number of one of the two: its digits at home, their end, and what people write before them."""

    national: str = field(repr=False)
    end: str = field(repr=False)
    prefixes: tuple[str, ...] = field(repr=False)


@lru_cache(maxsize=4096)
def _written(number: Number) -> Written:
    code = str(number.country_code)
    national = number.digits().removeprefix(code)
    abroad = [f"{way}{code}{trunk}" for way in ("011", "00", "") for trunk in ("0", "")]
    return Written(national, national[-LOCAL:], (*abroad, "0"))


def _own_places(row: str, places: Sequence[int], written: Sequence[Written]) -> Iterator[int]:
    """The digits are laid on a stack, and whatever ends as a number does is taken off: so none can be left in what
    remains, however they are nested."""
    stack: list[int] = []

    def top(count: int, below: int = 0) -> str:
        end = len(stack) - below
        return "".join(row[each] for each in stack[max(end - count, 0) : end])

    for index, digit in enumerate(row):
        stack.append(index)
        for each in written:
            if digit == each.end[-1] and top(len(each.end)) == each.end:
                for _ in range(_count(each, top, stack, places)):
                    yield places[stack.pop()]
                break


def _count(number: Written, top: Callable[[int, int], str], stack: Sequence[int], places: Sequence[int]) -> int:
    """How many digits on the stack belong to the number that ends there."""
    count = len(number.end)
    while count < len(number.national) and top(1, count) == number.national[-1 - count]:
        count += 1
    if count < len(number.national):
        return count
    for prefix in number.prefixes:
        if top(len(prefix), count) == prefix and _is_near(stack[-count - len(prefix) : len(stack) - count + 1], places):
            return count + len(prefix)
    return count


def _is_near(indices: Sequence[int], places: Sequence[int]) -> bool:
    return all(places[after] - places[one] <= NEAR for one, after in pairwise(indices))


def _found(text: str, own: Sequence[Number], rules: Rules) -> dict[Kind, list[Span]]:
    """All but the two's own numbers, as far as it is asked for."""
    folded = _fold(text)
    found: dict[Kind, Iterable[Span]] = {}
    if rules.numbers is not Guard.OFF:
        found[Kind.NUMBER] = numbers_in(folded.text, {number.country_code for number in own})
    if rules.links is not Guard.OFF:
        found[Kind.LINK] = (each.span() for each in LINK.finditer(folded.text))
        found[Kind.MAIL] = (each.span() for each in MAIL.finditer(folded.text))
    spans = {kind: [folded.span(*each) for each in spans] for kind, spans in found.items()}
    return {kind: each for kind, each in spans.items() if each}


def _without(text: str, kinds: Iterable[Kind], found: dict[Kind, list[Span]]) -> str:
    """Of a number the digits are hidden, of a link or an address everything."""
    hidden = [
        place
        for kind in kinds
        for start, end in found[kind]
        for place in range(start, end)
        if kind is not Kind.NUMBER or _is_digit(text[place])
    ]
    return _masked(text, hidden)


def _is_digit(character: str) -> bool:
    return DIGIT.search(_plain(character)) is not None


def _masked(text: str, places: Iterable[int]) -> str:
    characters = list(text)
    for place in places:
        characters[place] = MASK
    return "".join(characters)
