"""A telephone number: E.164, made by one parser only, and never shown whole by accident."""

from __future__ import annotations

from functools import lru_cache, total_ordering
from typing import NoReturn

import phonenumbers
from phonenumbers import NumberParseException


class NotANumber(ValueError):
    """The text is no telephone number that could exist."""


@total_ordering
class Number:
    """An E.164 number. It shows itself masked; the whole takes a call, `e164` or `digits`.

    No dataclass: `asdict` would open it, and so would whatever walks the fields of what holds it.
    """

    __slots__ = ("_e164",)

    _e164: str

    def __init__(self, e164: str) -> None:
        if not e164.startswith("+"):  # bare digits would be somebody else's key, and the mask would show more of them
            raise NotANumber("no E.164 number")
        object.__setattr__(self, "_e164", e164)

    @classmethod
    def parse(cls, text: str, region: str | None = None) -> Number:
        """Read a number as a person writes it; without `region` it needs its `+`. Raises NotANumber."""
        return cls(_parse(text, region))

    def e164(self) -> str:
        """The whole, with its `+`: for the wire, a look-up, a comparison; never for a person or a log."""
        return self._e164

    def digits(self) -> str:
        """The same without the `+`, as Vonage writes it."""
        return self._e164[1:]

    @property
    def tail(self) -> str:
        """The last four digits as texts and pages show them: `*0123`."""
        return "*" + self._e164[-4:]

    @property
    def country_code(self) -> int:
        return _country_code(self._e164)

    def __str__(self) -> str:
        return _masked(self._e164)

    def __repr__(self) -> str:
        return f"Number({self})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return self._e164 == other._e164 if type(other) is Number else NotImplemented

    def __hash__(self) -> int:
        return hash(self._e164)

    def __lt__(self, other: Number) -> bool:
        return self._e164 < other._e164 if type(other) is Number else NotImplemented

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Number does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Number does not change")

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: object) -> Number:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Number is not pickled: it would lie readable in whatever holds the bytes")

    def __getstate__(self) -> NoReturn:  # what other picklers ask for, past __reduce__
        raise TypeError("a Number is not pickled: it would lie readable in whatever holds the bytes")


@lru_cache(maxsize=4096)
def _parse(text: str, region: str | None) -> str:
    if any(map(str.isalpha, text)):  # the library would read letters as a keypad, or as an extension
        raise NotANumber("letters in a telephone number")
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise NotANumber("not a telephone number") from error
    # Possible, not valid: a regulator's new ranges reach the library's tables months after they reach phones.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise NotANumber("not a telephone number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def _masked(e164: str) -> str:
    # Country code and last three digits: enough to tell two people apart in a log, not to call one.
    start = 1 + len(str(_country_code(e164)))
    return e164[:start] + "•" * (len(e164) - start - 3) + e164[-3:]


def _country_code(e164: str) -> int:
    # No country's code begins with another's, so the first that fits is it: a twentieth of the time of a parse.
    codes = (int(e164[1:end]) for end in (2, 3, 4))
    return next((code for code in codes if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)
