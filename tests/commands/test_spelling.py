import pytest

from commands.spelling import distance, nearest

VERBS = ["PAIR", "END", "REOPEN", "EXTEND", "LIST", "STATUS", "SAY"]


@pytest.mark.parametrize(
    ("a", "b", "slips"),
    [("PAIR", "PAIR", 0), ("PIAR", "PAIR", 1), ("PAR", "PAIR", 1), ("PAIRR", "PAIR", 1), ("", "END", 3)],
)  # fmt: skip
def test_slips_are_counted(a: str, b: str, slips: int) -> None:
    assert distance(a, b) == distance(b, a) == slips


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("PIAR", "PAIR"), ("EDN", "END"), ("LSIT", "LIST"), ("REOEPN", "REOPEN"), ("STATSU", "STATUS"),
        ("EXTND", "EXTEND"), ("HELLO", None), ("BANANA", None), ("A", None), ("", None), ("P" * 17, None),
        ("XAIRY", "PAIR"), ("PARE", None),
    ],
)  # fmt: skip
def test_one_suggestion_within_reach(word: str, meant: str | None) -> None:
    assert nearest(word, VERBS) == meant


def test_nothing_known_is_nothing_meant() -> None:
    assert nearest("PAIR", []) is None


def test_a_single_letter_is_no_slip() -> None:
    assert nearest("K", ["OK"]) is None


def test_a_word_of_a_million_letters_is_not_compared() -> None:
    assert nearest("P" * 10_000_000, VERBS) is None
