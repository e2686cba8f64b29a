import pytest

from commands.destinations import Barred, Destinations, country
from storage.number import Number
from tests.people import ALICE

HOME = Destinations(frozenset({"GB", "US"}))
ABROAD, DEAR = Barred.COUNTRY, Barred.DEAR


def number(*parts: str) -> Number:
    """In parts, so that nobody's number stands in the file."""
    return Number("+" + "".join(parts))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (ALICE, None),
        (number("1201", "5550123"), None),
        (number("1800", "5550199"), None),  # toll-free numbers can text
        (number("1416", "5550123"), ABROAD),  # Canada
        (number("1876", "5550100"), ABROAD),  # Jamaica
        (number("44", "7797", "700100"), ABROAD),  # Jersey
        (number("33", "6", "12345678"), ABROAD),
        (number("8829", "91234567"), ABROAD),  # a satellite's, in no country
        (number("1900", "5550100"), DEAR),
        (number("44", "9098", "790000"), DEAR),
        (number("44", "845", "1234567"), DEAR),  # shared cost
        (number("44", "70", "00000000"), DEAR),  # a personal number
        (number("44", "76", "00123456"), DEAR),  # a pager
        (number("33", "899", "123456"), DEAR),
    ],
)
def test_who_may_be_texted_from_britain_and_america(number: Number, expected: Barred | None) -> None:
    assert HOME.barred(number) is expected


def test_without_a_list_all_of_the_world_may_be_texted_but_no_dear_number() -> None:
    assert Destinations().barred(number("33", "6", "12345678")) is None
    assert Destinations().barred(number("33", "899", "123456")) is DEAR


@pytest.mark.parametrize(("e164", "expected"), [("+999", DEAR), ("+112", DEAR)])
def test_an_emergency_number_is_none_even_with_a_country_before_it(e164: str, expected: Barred) -> None:
    assert Destinations().barred(Number("+44" + e164[1:])) is expected


@pytest.mark.parametrize("short", ["62442", "85075"])
def test_a_short_code_is_none_even_with_a_country_before_it(short: str) -> None:
    assert Destinations().barred(Number("+1" + short)) is DEAR


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (ALICE, "GB"),  # fictional, so the number itself tells nothing: the largest country of +44
        (number("1201", "5550123"), "US"),
        (number("1416", "5550123"), "CA"),
        (number("1787", "5550100"), "PR"),
        (number("1555", "1234567"), "US"),
        (number("7701", "5550100"), "KZ"),
        (number("8829", "91234567"), "001"),
    ],
)
def test_the_country_is_told_by_the_number_where_several_share_a_code(number: Number, expected: str) -> None:
    assert country(number) == expected
