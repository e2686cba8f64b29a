"""Number: what is read as one, and that it never shows itself whole by accident."""

import json
from dataclasses import asdict, dataclass

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.number import NotANumber, Number

PERSON = Number("+447700900123")


@pytest.mark.parametrize(
    "written",
    [
        "+447700900123",
        "+44 7700 900123",
        "+44 (7700) 900-123",
        "+44.7700.900.123",
        " +447700900123 ",
        "＋４４７７００９００１２３",
    ],
)
def test_a_number_is_read_as_people_write_it(written: str) -> None:
    assert Number.parse(written) == PERSON


def test_bare_digits_are_no_number_of_ours() -> None:
    with pytest.raises(NotANumber):
        Number("447700900123")


def test_a_number_without_its_country_needs_a_region() -> None:
    assert Number.parse("07700 900123", "GB") == PERSON
    with pytest.raises(NotANumber):
        Number.parse("07700 900123")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+",
        "+44",
        "+44 7700",
        "+447700900123456789",
        "+999 555 0100",
        "Vonage",
        "+44 7700 9OO123",
        "+44770090012x5",
        "\0",
        "++",
    ],
)
def test_what_cannot_be_dialled_is_no_number(written: str) -> None:
    with pytest.raises(NotANumber):
        Number.parse(written)


def test_a_refusal_does_not_quote_what_was_written() -> None:
    with pytest.raises(NotANumber) as caught:
        Number.parse("+44 7700 900123 456789")
    assert not any(map(str.isdigit, str(caught.value)))


@given(st.text(max_size=30))
def test_no_text_makes_the_parser_fall_over(text: str) -> None:
    try:
        number = Number.parse(text)
    except NotANumber:
        return
    assert Number.parse(number.e164) == number


@dataclass
class Holder:
    number: Number


SHOWN = {
    "str": str(PERSON),
    "repr": repr(PERSON),
    "f-string": f"{PERSON}",
    "f-string with repr": f"{PERSON!r}",
    "padded": f"{PERSON:>20}",
    "percent": "%s %r" % (PERSON, PERSON),  # noqa: UP031
    "format": "{}".format(PERSON),  # noqa: UP032
    "in a list": str([PERSON]),
    "in a dataclass": repr(Holder(PERSON)),
    "in an exception": str(ValueError(PERSON)),
    "json": json.dumps(PERSON, default=str),
}


@pytest.mark.parametrize("way", SHOWN)
def test_a_number_shows_itself_masked(way: str) -> None:
    assert "•••••••123" in SHOWN[way] or "\\u2022" in SHOWN[way]
    assert "7700900" not in SHOWN[way]


def test_the_mask_keeps_the_country_and_three_digits() -> None:
    assert str(PERSON) == "+44•••••••123"
    assert str(Number("+12015550101")) == "+1•••••••101"


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_the_country_code_is_the_one_the_library_reads(code: int) -> None:
    number = Number(f"+{code}12345678")
    assert number.country_code == phonenumbers.parse(number.e164).country_code == code


def test_the_whole_number_takes_an_explicit_word() -> None:
    assert (PERSON.e164, PERSON.digits, PERSON.tail) == ("+447700900123", "447700900123", "*0123")
    assert asdict(PERSON) == {"e164": "+447700900123"}


def test_numbers_are_values() -> None:
    assert {PERSON, Number("+447700900123")} == {PERSON}
    assert sorted([PERSON, Number("+12015550101")])[0].country_code == 1
