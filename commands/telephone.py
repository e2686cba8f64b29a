"""Telephone numbers in ordinary writing, told from dates, prices and the numbers of orders. Pure, in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

Span = tuple[int, int]

FEWEST, MOST = 7, 17  # digits, with what is dialled before them
USUAL = 10  # digits of a number at home, in most countries
LOOKS = 40  # at the plans of countries in one text; beyond, whatever looks like a number counts as one
JOINT = r"[ \t.\-‐‑‒–—−/()\[\]_·•|~']"
CHAIN = re.compile(rf"\+?[0-9]+(?:{JOINT}{{1,3}}[0-9]+)*")
DIGITS = re.compile("[0-9]+")
OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
# What has the digits of a telephone number and is none. Each stands alone, so that no number can hide in a longer row.
OTHERWISE = re.compile(
    r"(?<![0-9+./-])(?:"
    r"(?:19|20)[0-9]{2}([-./])[0-9]{1,2}\1[0-9]{1,2}"
    r"|[0-9]{1,2}([-./])[0-9]{1,2}\2(?:[0-9]{4}|[0-9]{2})"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    rf"|{OCTET}(?:\.{OCTET}){{3}}"
    r")(?![0-9]|[./:-][0-9])"
)
# Digits after one of these are the number of a thing.
THING = re.compile(
    r"(?:[$€£¥₹&?]|(?<!phone)=|(?<!wa.me)/|\b(?:order|ref|reference|invoice"
    r"|booking|ticket|tracking|parcel|account|card|code|pin|id|isbn|ean"
    r"|serial|model|case|claim|policy|customer|member|receipt|transaction|licen[cs]e|part|item|lot|batch|sku)"
    r"(?:[ :.#-]{1,3}(?:number|no|nr|code|id|is|was))?)[ :.#-]{0,3}$",
    re.IGNORECASE,
)
BEFORE = 32  # characters in which such a word is looked for
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def numbers_in(text: str, codes: Collection[int]) -> Iterator[Span]:
    """Where they stand in a text with plain digits. `codes`: of the countries where a number needs none."""
    if sum(map(str.isdigit, text)) < FEWEST:
        return
    plain = OTHERWISE.sub(lambda found: "x" * len(found[0]), text)
    plans = Plans(codes)
    for chain in CHAIN.finditer(plain):
        yield from _in_chain(plain, chain.span(), plans)


def _in_chain(text: str, chain: Span, plans: Plans) -> Iterator[Span]:
    """Of the groups of digits that stand in a row: the longest that is a number, and on after it."""
    groups = [each.span() for each in DIGITS.finditer(text, *chain)]
    first, fresh = 0, True
    while first < len(groups):
        last = _last_group(text, groups, first, plans, fresh=fresh)
        if last is None:
            first, fresh = first + 1, False
        else:
            yield groups[first][0], groups[last][1]
            first, fresh = last + 1, True


def _last_group(text: str, groups: Sequence[Span], first: int, plans: Plans, *, fresh: bool) -> int | None:
    """Where the number ends that begins with this group. `fresh`: nothing of another kind stands before it."""
    start, end, whole = groups[first][0], _reach(groups, first), len(groups) - 1
    if fresh and _is_after_plus(text, start):
        return _longest(text, groups, first, range(end, first - 1, -1), plans.is_abroad)
    if not fresh and (text[start] != "0" or end != whole):
        return None
    if _is_letter(text, start - 1) or THING.search(text[max(start - BEFORE, 0) : start]) is not None:
        return None
    if text[start] == "0":
        ends = range(end, first - 1 if fresh else whole - 1, -1)
        return _longest(text, groups, first, ends, lambda digits: plans.is_home(digits, sure=not fresh))
    return _longest(text, groups, first, range(end, whole - 1, -1), plans.is_bare)


def _longest(
    text: str, groups: Sequence[Span], first: int, ends: Iterable[int], is_number: Callable[[str], bool]
) -> int | None:
    for last in ends:
        digits = "".join(text[start:end] for start, end in groups[first : last + 1])
        joined = _is_letter(text, groups[last][1]) and not _is_after_plus(text, groups[first][0])
        if len(digits) >= FEWEST and not joined and is_number(digits):
            return last
    return None


def _is_after_plus(text: str, place: int) -> bool:
    return text[place - 1 : place] == "+"


def _reach(groups: Sequence[Span], first: int) -> int:
    """The last group that could still belong to a number which begins with this one."""
    count, last = 0, first - 1
    while last + 1 < len(groups):
        count += groups[last + 1][1] - groups[last + 1][0]
        if count > MOST:
            break
        last += 1
    return last


def _is_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place].isalpha()


@dataclass(slots=True)
class Plans:
    """What the countries say is a number. `left`: how often they are still asked."""

    codes: Collection[int]
    left: int = LOOKS

    def is_abroad(self, digits: str) -> bool:
        """After a plus."""
        return self._is_number("+" + digits)

    def is_home(self, digits: str, *, sure: bool) -> bool:
        """After a 0: with a trunk digit, or as dialled from one country to another."""
        if digits.startswith("00"):
            return self._is_number("+" + digits[2:], sure=sure)
        if digits.startswith("011") and 1 in self.codes and self._is_number("+" + digits[3:], sure=sure):
            return True
        sure = sure or len(digits) < USUAL
        return any(self._is_number(digits, region, sure=sure) for region in self._regions())

    def is_bare(self, digits: str) -> bool:
        """With nothing before it: a number of one of these countries, with the country's code or without."""
        for code in self.codes:
            if digits.startswith(str(code)) and self._is_number("+" + digits, sure=code == 1 or len(digits) <= USUAL):
                return True
        return len(digits) > FEWEST and any(self._is_number(digits, each, bare=True) for each in self._regions())

    def _regions(self) -> Iterable[str]:
        return map(phonenumbers.region_code_for_country_code, sorted(self.codes))

    def _is_number(self, digits: str, region: str | None = None, *, sure: bool = False, bare: bool = False) -> bool:
        """`sure`: not only as long as numbers are there. `bare`: where a trunk digit is usual, only of a mobile."""
        if not self.left:
            return True
        self.left -= 1
        try:
            number = phonenumbers.parse(digits, region)
        except NumberParseException:
            return False
        if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            return False
        if not sure and not bare:
            return True
        return phonenumbers.is_valid_number(number) and not (bare and _has_trunk(region) and not _is_mobile(number))


def _has_trunk(region: str | None) -> bool:
    plan = None if region is None else PhoneMetadata.metadata_for_region(region)
    return plan is not None and plan.national_prefix not in (None, "1")


def _is_mobile(number: PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in MOBILE
