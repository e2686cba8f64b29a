import pytest

from commands import grammar
from commands.arguments import Label
from commands.durations import DAY, HOUR
from commands.extend import Extend
from commands.grammar import Misspoken, Reading, Spoken
from commands.pair import Pair
from commands.say import Say, Tell
from commands.table import TABLE
from storage.model import Side
from tests.people import ALICE, BOB

TWO = "+447700900001 +447700900002"


def read(text: str, region: str | None = None) -> Reading:
    return grammar.read(text, region, TABLE)


def one(text: str) -> Spoken | Misspoken:
    [item] = read(text).items
    return item


@pytest.mark.parametrize(
    ("text", "verb", "arguments"),
    [
        (f"PAIR {TWO}", "PAIR", Pair(ALICE, BOB)),
        ("pair +44 7700 900001 and +44 7700 900002 please.", "PAIR", Pair(ALICE, BOB)),
        (f"Pair: {TWO} as Job7 for 2h", "PAIR", Pair(ALICE, BOB, "Job7", 2 * HOUR)),
        (f"PAIR {TWO} FOR 1d12h AS job7!", "PAIR", Pair(ALICE, BOB, "job7", 36 * HOUR)),
        ("END", "END", None),
        ("End.", "END", None),
        ("\u200bＥＮＤ １２", "END", 12),
        ("end the chat please", "END", None),
        ("close 12", "END", 12),
        ("END Chat 12", "END", 12),
        ("END job7", "END", Label("job7")),
        ("END +447700900001", "END", ALICE),
        ("/end 12", "END", 12),
        ("END ALL", "END ALL", None),
        ("close  all.", "END ALL", None),
        ("REOPEN 12", "REOPEN", 12),
        ("EXTEND 12 2D", "EXTEND", Extend(12, 2 * DAY)),
        ("extend job7 by 2 d", "EXTEND", Extend(Label("job7"), 2 * DAY)),
        ("LIST", "LIST", None),
        ("list Job", "LIST", "Job"),
        ("NEXT", "NEXT", None),
        ("SHOW 12", "SHOW", 12),
        ("SAY 12 The taxi's late!", "SAY", Say(12, "The taxi's late!")),
        ("say chat 12: “Hi” ５", "SAY", Say(12, "“Hi” ５")),
        ("TELL 12a Look  outside…", "TELL", Tell(12, Side.A, "Look  outside…")),
        ("tell 12B hi", "TELL", Tell(12, Side.B, "hi")),
        ("STATUS?", "STATUS", None),
        ("WHOAMI", "WHOAMI", None),
        ("HELP", "HELP", None),
        ("ok 4821", "OK", "4821"),
    ],
)
def test_a_command_is_read(text: str, verb: str, arguments: object) -> None:
    item = one(text)
    assert isinstance(item, Spoken)
    assert (item.command.verb, item.arguments) == (verb, arguments)
    assert read(text).is_command


@pytest.mark.parametrize(
    ("text", "verb", "key"),
    [
        ("pair of shoes?", "PAIR", "needs_two_numbers"),
        ("PAIR +447700900001", "PAIR", "needs_two_numbers"),
        (f"PAIR {TWO} +447700900003", "PAIR", "needs_two_numbers"),
        ("PAIR 07700900001 07700900002", "PAIR", "needs_plus"),
        (f"PAIR up {TWO}", "PAIR", "bad_word"),
        (f"PAIR {TWO} AS job 7", "PAIR", "bad_word"),
        (f"PAIR {TWO} AS job7 AS job8", "PAIR", "bad_word"),
        (f"PAIR {TWO} FOR ever", "PAIR", "bad_time"),
        ("End of story", "END", "bad_word"),
        ("End all this nonsense", "END ALL", "bad_word"),
        ("reopen the shop", "REOPEN", "bad_chat"),
        ("extend", "EXTEND", "needs_chat"),
        ("extend 12", "EXTEND", "needs_time"),
        ("extend your stay", "EXTEND", "bad_time"),
        ("list of things", "LIST", "bad_word"),
        ("next week?", "NEXT", "bad_word"),
        ("show me", "SHOW", "bad_chat"),
        ("say hello to her", "SAY", "needs_chat"),
        ("say 12", "SAY", "needs_words"),
        ("say 12A hi", "SAY", "bad_chat"),
        ("say 12th of May", "SAY", "needs_chat"),
        ("tell 12 hi", "TELL", "needs_side"),
        ("status of it", "STATUS", "bad_word"),
        ("help me", "HELP", "no_such_verb"),
        ("ok", "OK", "needs_code"),
        ("ok 48211", "OK", "needs_code"),
        ("ok see you at 1230", "OK", "bad_word"),
    ],
)
def test_a_verb_whose_arguments_do_not_fit_is_no_command(text: str, verb: str, key: str) -> None:
    item = one(text)
    assert isinstance(item, Misspoken)
    assert item.command is not None
    assert (item.command.verb, item.key) == (verb, key)
    assert not read(text).is_command


@pytest.mark.parametrize("text", ["helpful of you", "2024 was a good year", "paired", "the end", "please END 12", "hi"])
def test_a_first_word_that_is_no_verb_makes_no_command(text: str) -> None:
    item = one(text)
    assert isinstance(item, Misspoken)
    assert item.command is None


def test_a_slip_is_met_with_a_suggestion() -> None:
    assert one("piar 1 2") == Misspoken("piar 1 2", "unknown_like", {"word": "PIAR", "verb": "PAIR"})
    assert one("banana") == Misspoken("banana", "unknown", {"word": "BANANA"})


def test_national_numbers_are_read_where_a_region_is_set() -> None:
    [item] = read("PAIR 07700900001 07700900002", "GB").items
    assert isinstance(item, Spoken)
    assert item.arguments == Pair(ALICE, BOB)


def test_several_lines_are_several_commands_in_order() -> None:
    items = read("END 12\r\n\nbanana\nEND 13\nEND of it").items
    assert [(item.line, type(item)) for item in items] == [
        ("END 12", Spoken), ("banana", Misspoken), ("END 13", Spoken), ("END of it", Misspoken),
    ]  # fmt: skip


def test_one_line_that_is_no_command_makes_the_whole_text_none() -> None:
    assert read("END 12\nEND 13").is_command
    assert not read("END 12\nsee you").is_command


def test_ordinary_writing_in_several_lines_is_answered_once() -> None:
    assert len(read("hello\nhow are you\nbye").items) == 1


def test_lines_below_a_say_belong_to_its_text_until_a_command() -> None:
    said, end = read("SAY 12 Bring:\n\n- two pairs of shoes\npair of gloves\nEND 12").items
    assert isinstance(said, Spoken)
    assert said.arguments == Say(12, "Bring:\n\n- two pairs of shoes\npair of gloves")
    assert end.line == "END 12"


def test_lines_below_other_commands_stand_alone() -> None:
    assert len(read("END 12\nand thank you").items) == 2


@pytest.mark.parametrize("text", ["", "/", " \n ", "\u200b"])
def test_a_text_without_a_word_holds_no_command(text: str) -> None:
    item = one(text)
    assert isinstance(item, Misspoken)
    assert item.key == "no_command"


def test_a_slash_forces_a_command() -> None:
    assert grammar.is_forced(" /end")
    assert grammar.is_forced("\u200b／end")
    assert not grammar.is_forced("and/or")


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        (".END 12", "END 12"),
        (" . end", "end"),
        ("...well", None),
        (".", None),
        ("END.", None),
        ("5.30", None),
        ("", None),
    ],
)
def test_a_dot_forces_a_relay_and_is_not_passed_on(text: str, passed_on: str | None) -> None:
    assert grammar.undotted(text) == passed_on


def test_what_was_said_does_not_reach_a_log_by_its_repr() -> None:
    shown = repr(read("PAIR +447700900003 +447700900004\n+447700900003\nEND +447700900003 x\nSAY 12 secret"))
    assert "7700900003" not in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("END ALL 123456", "END ALL"),
        ("end all 123456.", "END ALL"),
        ("ADMIN ADD +44 7700 900003 123456", "ADMIN ADD"),
        ("END 12 123456", "END"),
        ("UNDO 123456", "UNDO"),
    ],
)
def test_an_authenticators_digits_may_end_a_command(text: str, verb: str) -> None:
    item = one(text)
    assert isinstance(item, Spoken)
    assert (item.command.verb, item.digits, item.line) == (verb, "123456", text)


@pytest.mark.parametrize(
    "text", ["LIST job 123456", "END ALL 12345", "END ALL 1234567", "END ALL 123456 123456", "HELP 123456"]
)
def test_other_digits_do_not_make_a_command_fit(text: str) -> None:
    item = one(text)
    assert isinstance(item, Misspoken)


def test_what_fits_as_a_whole_is_read_without_its_digits_when_asked_for() -> None:
    item = one("END 123456")
    assert isinstance(item, Spoken)
    assert (item.arguments, item.digits) == (123456, None)
    bare = grammar.signed(item, None)
    assert bare is not None
    assert (bare.arguments, bare.digits) == (None, "123456")


def test_what_ends_in_no_digits_is_not_signed() -> None:
    item = one("END 12")
    assert isinstance(item, Spoken)
    assert grammar.signed(item, None) is None
