"""Whom we may text at all: the countries that are allowed, and never a number that costs more than a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from storage.number import Number

DEAR = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.PAGER,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOICEMAIL,
    }
)


class Barred(StrEnum):
    """Why a number is not texted."""

    COUNTRY = "country not allowed"
    DEAR = "premium, short or emergency"


@dataclass(frozen=True, slots=True)
class Destinations:
    """`countries`: of two letters, as libphonenumber names them; None: all of the world."""

    countries: frozenset[str] | None = None

    def barred(self, number: Number) -> Barred | None:
        """Why that number must not be texted; None: it may be."""
        if _is_dear(number.e164()):
            return Barred.DEAR
        allowed = self.countries is None or country(number) in self.countries
        return None if allowed else Barred.COUNTRY


def country(number: Number) -> str:
    """Where several share a code (+1, +7, +44), the number itself tells; one that does not is of the largest.

    Two letters, or 001 for satellites and the like, which are in no country.
    """
    return _country(number.e164())


@lru_cache(maxsize=4096)
def _country(e164: str) -> str:
    parsed = phonenumbers.parse(e164)
    return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )


@lru_cache(maxsize=4096)
def _is_dear(e164: str) -> bool:
    parsed = phonenumbers.parse(e164)
    if phonenumbers.number_type(parsed) in DEAR:
        return True
    # Emergency numbers are among the short ones. Not valid alone says nothing: new ranges reach the tables late.
    return not phonenumbers.is_valid_number(parsed) and phonenumbers.is_valid_short_number(parsed)
