import pytest

from commands import arguments
from commands.arguments import Label, Tail, Unfit
from storage.number import Number
from tests.people import ALICE, BOB

WASHINGTON = Number("+12025550123")


def unfit(read, *given: object) -> tuple[str, dict[str, object]]:  # type: ignore[no-untyped-def]
    with pytest.raises(Unfit) as caught:
        read(*given)
    return caught.value.key, caught.value.values


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+447700900001 +447700900002", None),
        ("+44 7700 900001 and +44-7700-900002", None),
        ("+447700900001,+447700900002", None),
        ("＋４４７７００９００００１ & +44.7700.900002", None),
        ("+44 (0)7700 900001 with +447700900002", None),
        ("\u202a+447700900001\u202c \u202a+447700900002\u202c", None),
        ("+44\u200b7700\u2060900001 +447700900002", None),
        ("07700900001 07700900002", "GB"),
        ("07700 900001 and +44 7700 900002", "GB"),
    ],
)
def test_numbers_are_found_as_people_write_them(text: str, region: str | None) -> None:
    assert arguments.numbers(text, region) == ([ALICE, BOB], [])


def test_numbers_of_two_countries_are_told_apart() -> None:
    assert arguments.numbers("+1 (202) 555-0123 and +44 7700 900001", None) == ([WASHINGTON, ALICE], [])


def test_words_beside_the_numbers_are_handed_back() -> None:
    assert arguments.numbers("+447700900001 tomorrow please", None) == ([ALICE], ["tomorrow"])


@pytest.mark.parametrize(
    ("text", "region", "key", "shown"),
    [
        ("07700900001 +447700900002", None, "needs_plus", "*0001"),
        ("447700900001", None, "needs_plus", "*0001"),
        ("０７７００９００００１", None, "needs_plus", "*0001"),
        ("+4477009000011234567", None, "bad_number", "*4567"),
        ("+12", None, "", ""),
        ("555-0123", "US", "bad_number", "*0123"),
        ("+447700900001 x5", None, "bad_number", "*0015"),
        ("1234567890123456789", "GB", "bad_number", "*6789"),
    ],
)
def test_what_looks_like_a_number_but_is_none_is_said(text: str, region: str | None, key: str, shown: str) -> None:
    if not key:
        assert arguments.numbers(text, region) == ([], [text])
        return
    assert unfit(arguments.numbers, text, region) == (key, {"number": shown})


@pytest.mark.parametrize(
    ("text", "region", "ref"),
    [
        ("", None, None), ("the chat please", None, None), ("12", None, 12), ("chat #12", None, 12), ("１２", None, 12),
        ("12.", None, 12), ("job7", None, Label("job7")), ("Job-7!", None, Label("Job-7")),
        ("+44 7700 900001", None, ALICE), ("07700 900001", "GB", ALICE), ("12345", None, 12345),
    ],
)  # fmt: skip
def test_a_chat_is_named_by_id_label_or_number(text: str, region: str | None, ref: object) -> None:
    assert arguments.chat(text, region) == ref


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("of story", "bad_word"), ("12 13", "bad_word"), ("012", "bad_chat"), ("0", "bad_chat"), ("*0123", "bad_chat"),
        ("07700900001", "needs_plus"), ("+447700900001 +447700900002", "bad_word"), ("+447700900001 now", "bad_word"),
        ("+12345", "bad_number"),
    ],
)  # fmt: skip
def test_what_names_no_chat_does_not_fit(text: str, key: str) -> None:
    assert unfit(arguments.chat, text, None)[0] == key


def test_a_number_too_many_is_shown_by_its_last_digits() -> None:
    assert unfit(arguments.chat, "+447700900001 +447700900002", None)[1] == {"word": "*0002"}


def test_a_chat_id_is_a_whole_number_without_leading_zero() -> None:
    assert arguments.chat_id("chat 12", None) == 12
    assert unfit(arguments.chat_id, "", None)[0] == "needs_chat"
    assert unfit(arguments.chat_id, "job7", None)[0] == "bad_chat"
    assert unfit(arguments.chat_id, "12345678", None)[0] == "bad_chat"


def test_nothing_means_nothing_but_fillers() -> None:
    arguments.nothing("the chat, please", None)
    assert unfit(arguments.nothing, "week?", None) == ("bad_word", {"word": "week"})


def test_one_word_is_one_at_most() -> None:
    assert (arguments.one_word("", None), arguments.one_word("job7", None)) == (None, "job7")
    assert unfit(arguments.one_word, "of things", None) == ("bad_word", {"word": "things"})


def test_a_length_of_time_is_read_or_named() -> None:
    assert arguments.duration("2H") == 7_200_000
    assert unfit(arguments.duration, "soon") == ("bad_time", {"word": "soon"})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0001", Tail("0001")),
        ("*0001", Tail("0001")),
        ("the 0001.", Tail("0001")),
        ("+447700900001", ALICE),
        ("+44 7700 900001 please", ALICE),
    ],
)
def test_a_person_is_named_by_number_or_last_four_digits(text: str, meant: object) -> None:
    assert arguments.person(text, None) == meant


@pytest.mark.parametrize("text", ["", "him", "001", "0001 0002", "07700900001", "+447700900001 and +447700900002"])
def test_what_names_no_one_person_does_not_fit(text: str) -> None:
    with pytest.raises(Unfit):
        arguments.person(text, None)


@pytest.mark.parametrize(
    ("text", "region", "shown"),
    [
        ("PAIR +447700900001 +44 (7700) 900-002 AS job7", None, "PAIR *0001 *0002 AS job7"),
        ("BLOCK 07700900001 FOR 2D", "GB", "BLOCK *0001 FOR 2D"),
        ("BLOCK 07700900001", None, "BLOCK *0001"),
        ("EXTEND 12 2D", None, "EXTEND 12 2D"),
        ("SAY 12 call 7700 900 001 now", None, "SAY 12 call *0001 now"),
    ],
)
def test_a_command_is_repeated_without_its_numbers(text: str, region: str | None, shown: str) -> None:
    assert arguments.masked(text, region) == shown
