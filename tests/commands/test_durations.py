"""Lengths of time: read as people write them, spelled as briefly as they can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.durations import DAY, HOUR, LONGEST, MINUTE, SECOND, NotADuration, parse, spell


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("90s", 90 * SECOND),
        ("30m", 30 * MINUTE),
        ("2h", 2 * HOUR),
        ("2H", 2 * HOUR),
        (" 7d ", 7 * DAY),
        ("2h30m", 150 * MINUTE),
        ("1d2h3m4s", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("3650d", LONGEST),
        ("007d", 7 * DAY),
    ],
)
def test_a_length_is_read_as_people_write_it(written: str, length: int) -> None:
    assert parse(written) == length


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "2",
        "h",
        "2 h",
        "2x",
        "-2h",
        "2.5h",
        "30m2h",
        "2h2h",
        "0s",
        "0d0h",
        "3651d",
        "3650d1s",
        "9999999d",
        "٢h",
        "2hours",
        "2h\n3m",
    ],
)
def test_what_is_no_length_is_refused(written: str) -> None:
    with pytest.raises(NotADuration):
        parse(written)


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    try:
        length = parse(text)
    except NotADuration:
        return
    assert SECOND <= length <= LONGEST


@pytest.mark.parametrize(
    ("length", "spelled"),
    [
        (0, "0s"),
        (999, "0s"),
        (SECOND, "1s"),
        (150 * MINUTE, "2h30m"),
        (DAY + MINUTE, "1d1m"),
        (DAY + HOUR + MINUTE, "1d1h"),
    ],
)
def test_a_length_is_spelled_by_its_two_largest_units(length: int, spelled: str) -> None:
    assert spell(length) == spelled


@given(st.integers(SECOND, LONGEST))
def test_what_is_spelled_reads_back_as_no_more_than_it_was(length: int) -> None:
    back = parse(spell(length))
    assert back <= length < back + (HOUR if length >= DAY else MINUTE if length >= HOUR else SECOND)
