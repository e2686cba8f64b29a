"""Number: what is read as one, and that it never shows itself whole by accident."""

import json
import logging
import pickle
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, astuple, dataclass
from string import Template

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

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
    assert Number.parse(number.e164()) == number


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


def test_the_country_code_is_the_one_the_library_reads() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        number = Number(f"+{code}12345678")
        assert number.country_code == phonenumbers.parse(number.e164()).country_code == code


def test_the_whole_number_takes_an_explicit_call() -> None:
    assert (PERSON.e164(), PERSON.digits(), PERSON.tail) == ("+447700900123", "447700900123", "*0123")


@dataclass(frozen=True)
class Nested:
    holders: list[Holder]


OPENED: dict[str, Callable[[], object]] = {
    "asdict": lambda: asdict(Nested([Holder(PERSON)])),
    "astuple": lambda: astuple(Holder(PERSON)),
    "json of asdict": lambda: json.dumps(asdict(Holder(PERSON)), default=str, ensure_ascii=False),
    "vars": lambda: vars(Holder(PERSON)),
    "a copy": lambda: deepcopy(Holder(PERSON)),
    "a template": lambda: Template("to $number").substitute(number=PERSON),
    "a log record": lambda: logging.LogRecord("x", 10, "", 1, "to %s and %r", (PERSON, PERSON), None).getMessage(),
    "pydantic": lambda: Model(number=PERSON),
    "pydantic's dump": lambda: Model(number=PERSON).model_dump(),
    "locals of a traceback": lambda: with_locals(PERSON),
}


class Model(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: Number


def with_locals(number: Number) -> str:
    try:
        raise ValueError(number)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize("way", OPENED)
def test_whatever_walks_through_what_holds_a_number_finds_it_masked(way: str) -> None:
    shown = str(OPENED[way]())
    assert "+44•••••••123" in shown
    assert "7700900" not in shown


def test_json_refuses_a_number_rather_than_show_it() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(PERSON)
    with pytest.raises(ValueError, match="serialize") as caught:
        Model(number=PERSON).model_dump_json()
    assert "7700900" not in str(caught.value)


def test_a_number_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(PERSON)
    with pytest.raises(TypeError, match="not pickled"):
        PERSON.__getstate__()


def test_a_number_does_not_change() -> None:
    with pytest.raises(AttributeError, match="does not change"):
        setattr(PERSON, "_e164", "+1")  # noqa: B010 - mypy would not let it be written otherwise
    with pytest.raises(AttributeError, match="does not change"):
        delattr(PERSON, "_e164")
    assert not hasattr(PERSON, "__dict__")


def test_numbers_are_values() -> None:
    assert {PERSON, Number("+447700900123")} == {PERSON}
    other = Number("+12015550101")
    assert sorted([PERSON, other])[0].country_code == 1
    assert other < PERSON >= PERSON > other <= other
    assert PERSON.e164() != PERSON
    with pytest.raises(TypeError, match="not supported"):
        sorted([PERSON, PERSON.e164()])  # type: ignore[type-var]
