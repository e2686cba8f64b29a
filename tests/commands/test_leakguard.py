"""The leak guard: every spelling of the two's own numbers, what others' are found, and what must pass as it is."""

import re
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import gsm
from commands.leakguard import ANY_DIGIT, OWN_ONLY, Guarded, Kind, Rules, guard
from storage.model import Guard
from storage.number import Number
from tests.people import BOB
from tests.spellings import HOPELESS, MANNERS, NUMBERS, Manner, national, spellings

GB, US = Number("+447700900123"), Number("+12125550142")
OWN = (GB, US)
EVERYTHING = Rules(Guard.MASK, Guard.MASK)
SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def digits(text: str) -> str:
    """All that is left to be read of them, in their row."""
    values = (unicodedata.digit(each, None) for each in text)
    return "".join(str(value) for value in values if value is not None)


def local(number: Number) -> str:
    return national(number)[-7:]


def test_of_three_hundred_spellings_of_ones_own_number_each_is_caught(
    record_property: Callable[[str, object], None],
) -> None:
    each = list(spellings())
    missed = [written for number, written in each if local(number) in digits(passed(written, number))]
    record_property("told", f"leak guard: {300 - len(missed)} of 300 spellings of own numbers caught")
    assert len(MANNERS) * len(NUMBERS) == len(each) == 300
    assert missed == []


def passed(written: str, number: Number) -> str:
    return guard(f"Hi, {written} thanks", (number, BOB), OWN_ONLY).text


def test_of_the_same_spellings_of_somebody_elses_number_most_are_caught(
    record_property: Callable[[str, object], None],
) -> None:
    own = (BOB, Number("+12025550177"))
    caught = [
        written
        for number, written in spellings()
        if local(number) not in digits(guard(f"Hi, {written} thanks", own, Rules()).text)
    ]
    record_property("told", f"leak guard: {len(caught)} of 300 spellings of other people's numbers caught")
    assert len(caught) >= 242


@pytest.mark.parametrize("manner", HOPELESS.values(), ids=HOPELESS)
def test_what_is_written_without_its_digits_comes_through_as_the_readme_says(manner: Manner) -> None:
    assert guard(manner(GB), OWN, OWN_ONLY).masked == frozenset()


@pytest.mark.parametrize("manner", MANNERS)
def test_a_masked_text_is_not_longer_and_stays_in_its_alphabet(manner: Manner) -> None:
    text = f"Hi, {manner(GB)} thanks"
    guarded = guard(text, OWN, EVERYTHING).text
    assert gsm.segments(guarded).units <= gsm.segments(text).units
    assert gsm.is_gsm(guarded) or not gsm.is_gsm(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ring +44 (0)7700 900123 at 5", "ring +** (*)**** ****** at 5"),
        ("ring 00447700900123, flat 12", "ring **************, flat 12"),
        ("011 44 7700 900123", "*** ** **** ******"),
        ("0900123 is enough from here", "******* is enough from here"),
        ("00900123", "********"),
        ("my number: 07700, then 900, then 123.", "my number: *****, then ***, then ***."),
        ("0️⃣7️⃣7️⃣0️⃣0️⃣9️⃣0️⃣0️⃣1️⃣2️⃣3️⃣", "*️⃣" * 11),
        ("bus 4 at 4 o'clock: 7700900123", "bus 4 at 4 o'clock: **********"),
        ("⑩⑩ 077 009 001 23", "⑩⑩ *** *** *** **"),
        ("077009001⑳3 ⑫", "077009001⑳3 ⑫"),
        ("77009001㉓", "*********"),
        ("07700900123 and 2125550142", "*********** and **********"),
    ],
)
def test_the_digits_of_ones_own_number_are_hidden_and_all_else_stays(text: str, expected: str) -> None:
    assert guard(text, OWN, OWN_ONLY).text == expected
    assert bool(guard(text, OWN, OWN_ONLY).masked) == (text != expected)


def test_a_number_of_an_island_is_hidden_though_it_is_short() -> None:
    assert guard("ring 0000", (Number("+6830000"), BOB), OWN_ONLY).text == "ring ****"


def test_a_number_within_a_number_leaves_none_behind() -> None:
    assert digits(guard("07700 90 07700900123 0123", OWN, OWN_ONLY).text) == ""


def test_a_number_that_shows_itself_once_another_is_hidden_is_hidden_too() -> None:
    guarded = guard("07700 900 +14155550199 123", OWN, Rules())
    assert guarded.text == "***** *** +*********** ***"
    assert guarded.masked == {Kind.OWN, Kind.NUMBER}
    assert digits(guard("07700 900 a1b@example.org 123", OWN, EVERYTHING).text) == ""


def test_what_is_nested_deeper_than_anybody_writes_loses_all_its_digits() -> None:
    # Each number that is hidden leaves another alone, which stood between the halves of one of the two's.
    text = "07700 9, 6135550188 2125, 4155550188 07700 900 and +14155550199 123, 550142, 00123. At 5"
    guarded = guard(text, OWN, Rules()).text
    assert digits(guarded) == ""
    assert re.sub(r"[0-9]", "*", text) == guarded


def test_what_nobody_sees_keeps_no_number_apart() -> None:
    text = "ring 07700" + "\u200b\u2060" * 5 + "900456"
    assert digits(guard(text, OWN, Rules()).text) == ""


def test_the_twos_own_numbers_are_hidden_whatever_is_set() -> None:
    for rules in (OWN_ONLY, Rules(Guard.WARN, Guard.WARN), EVERYTHING):
        assert guard("07700 900123", OWN, rules).masked == {Kind.OWN}


@pytest.mark.parametrize(
    ("text", "kind", "hidden"),
    [
        ("ring 07700 900456 then", Kind.NUMBER, "ring ***** ****** then"),
        ("see https://example.org/a?b=c now", Kind.LINK, "see ************************* now"),
        ("WWW.example.org", Kind.LINK, "***************"),
        ("at example.org/a", Kind.LINK, "at *************"),
        ("me@example.org!", Kind.MAIL, "**************!"),
        ("ｍe＠example.org", Kind.MAIL, "**************"),
    ],
)
def test_what_else_leads_to_somebody_goes_by_the_rules(text: str, kind: Kind, hidden: str) -> None:
    assert guard(text, OWN, EVERYTHING) == Guarded(hidden, masked=frozenset({kind}))
    assert guard(text, OWN, Rules(Guard.WARN, Guard.WARN)) == Guarded(text, warned=frozenset({kind}))
    assert guard(text, OWN, OWN_ONLY) == Guarded(text)


def test_a_chats_own_guard_counts_for_all_alike() -> None:
    assert Rules(Guard.MASK, Guard.OFF).of_chat(Guard.WARN) == Rules(Guard.WARN, Guard.WARN)
    assert Rules(Guard.MASK, Guard.OFF).of_chat(None) == Rules(Guard.MASK, Guard.OFF)


def test_every_digit_that_can_be_read_is_looked_for() -> None:
    every = [chr(point) for point in range(0x110000)]
    assert [each for each in every if unicodedata.digit(each, None) is not None and not ANY_DIGIT.match(each)] == []


JOINTS = st.sampled_from(
    ["", "", " ", ".", "-", "\u200b", "\u202e", "\n", ") (", "/", " and ", "\ufe0f\u20e3", "🙂", "*"]
)
NUMBER = st.one_of(
    st.integers(0, 999).map(lambda end: Number(f"+447700900{end:03}")),
    st.builds(lambda area, end: Number(f"+1{area}55501{end:02}"), st.integers(201, 989), st.integers(0, 99)),
)
BESIDE = st.text(st.one_of(st.characters(), st.sampled_from("0123456789+*@./ ")), max_size=30)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[Number, str]:
    number = draw(NUMBER)
    code = str(number.country_code)
    way = draw(st.sampled_from([f"+{code}", f"00{code}", f"011{code}", f"{code}0", "0", ""]))
    row = way + national(number) if draw(st.booleans()) else local(number)
    script, joint = draw(st.sampled_from(SCRIPTS)), draw(JOINTS)
    return number, "".join(joint + (script[int(each)] if each.isdigit() else each) for each in row)


@pytest.mark.no_cover
@given(spelled(), BESIDE, BESIDE)
@settings(max_examples=150, deadline=None)
def test_no_spelling_of_a_number_survives(one: tuple[Number, str], before: str, after: str) -> None:
    number, written = one
    guarded = guard(f"{before} {written} {after}", (number, BOB), Rules())
    assert local(number) not in digits(guarded.text)
    assert guarded.masked


@pytest.mark.no_cover
@given(st.lists(st.one_of(BESIDE, spelled().map(lambda one: one[1])), max_size=5), st.sampled_from(Guard))
@settings(max_examples=150, deadline=None)
def test_what_was_guarded_is_not_changed_again(texts: list[str], own: Guard) -> None:
    rules = Rules(own, Guard.MASK)
    once = guard("".join(texts), OWN, rules)
    assert guard(once.text, OWN, rules).text == once.text
    assert len(once.text) == len("".join(texts))


@pytest.mark.no_cover
@given(st.text(st.characters(exclude_categories=("Nd", "Nl", "No"), exclude_characters="@＠/.")))
@settings(max_examples=100, deadline=None)
def test_a_text_without_digits_and_links_stays_as_it_is(text: str) -> None:
    assert guard(text, OWN, EVERYTHING) == Guarded(text)


HOSTILE = [
    "3",
    "7",
    "0900123",
    "9001230",
    "@",
    "a@",
    "+",
    "+44 ",
    "www.",
    "http://",
    "a.",
    "a.b/",
    "(",
    "[]",
    "1 1 1 ",
    "0 ",
    "é1-",
]


@pytest.mark.no_cover  # it would take four times as long: what it alone runs does not count
@pytest.mark.parametrize("junk", HOSTILE)
def test_hostile_texts_cost_as_much_as_they_are_long(junk: str) -> None:
    def cost(length: int) -> float:
        text, spent = (f"{local(GB)} {junk * length}")[:length], []
        for _ in range(2):
            start = time.process_time()
            guard(text, OWN, EVERYTHING)
            spent.append(time.process_time() - start)
        return min(spent)

    # Four times as long: squared it would be sixteen times as dear.
    assert cost(64 * 1024) < 10 * cost(16 * 1024) + 0.01


def test_no_mask_is_a_digit() -> None:
    assert re.fullmatch(r"[^\d]+", guard("07700900123", OWN, OWN_ONLY).text)
