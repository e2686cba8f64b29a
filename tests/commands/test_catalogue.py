import ast
from importlib import resources
from pathlib import Path

import pytest

import commands
from commands import gsm
from commands.catalogue import ROOM, WHOLE, Catalogue, CatalogueError, fields, fitting
from commands.desk import Refused
from commands.table import TABLE
from storage.model import Chat, Participant, Side
from tests.people import ALICE, BOB, LINE, NOON

CATALOGUE = Catalogue.load()
FAULTS = ("needs_", "bad_number", "bad_word", "bad_time", "bad_guard", "bad_chat", "no_such_verb")
# The calls whose first text argument names a text of the catalogue.
NAMING = {"text": 0, "Refused": 0, "Unfit": 0, "Misspoken": 1, "notify": 1}


def longest(key: str) -> str:
    return CATALOGUE.text(key, **{name: "W" * ROOM.get(name, 0) for name in fields(CATALOGUE.texts[key])})


@pytest.mark.parametrize("key", CATALOGUE.texts)
def test_every_text_fits_one_sms_with_the_longest_values(key: str) -> None:
    assert gsm.is_gsm(longest(key))
    assert gsm.segments(longest(key)).count == 1
    assert gsm.segments(longest(key)).units <= 160


@pytest.mark.parametrize("key", [key for key in CATALOGUE.texts if key.startswith(FAULTS)])
def test_every_fault_fits_into_the_usage_error(key: str) -> None:
    assert gsm.segments(longest(key)).units <= ROOM["fault"]


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
def test_no_row_is_cut_where_it_is_told(command) -> None:  # type: ignore[no-untyped-def]
    for name, value in (("usage", command.usage), ("example", command.example), ("summary", command.summary)):
        assert gsm.cut(value, ROOM[name]) == value
    assert all(len(verb) <= ROOM["verb"] for verb in command.verbs)


@pytest.mark.parametrize("key", [key for key, text in CATALOGUE.texts.items() if text.startswith("{service}")])
def test_a_text_to_a_person_has_no_place_for_a_number(key: str) -> None:
    assert fields(CATALOGUE.texts[key]) <= {"service", "label", "words"}


def test_refusals_say_what_was_done() -> None:
    raised = {key for _, key, call in named() if call == "Refused"} - {"list_over"}
    said = ("Nothing was", "nothing was", "is still open, so nothing")
    assert [key for key in sorted(raised) if not any(word in CATALOGUE.texts[key] for word in said)] == []


def test_every_text_a_command_names_is_there() -> None:
    assert {key for _, key, _ in named()} <= CATALOGUE.texts.keys()
    assert len({key for _, key, _ in named()}) > 50


def test_values_are_cut_and_stripped_to_gsm() -> None:
    assert CATALOGUE.text(
        "connected_about", service="日Private SMS and more", label="job\n7 \u202e123456789"
    ).startswith("Private SMS: you are connected about job7 1234567. ")


def test_numbers_show_their_last_digits_only() -> None:
    assert CATALOGUE.text("bad_number", number=ALICE) == "*0001 is not a phone number."
    assert CATALOGUE.text("unknown", word=ALICE.e164).startswith("I don't know *0001,")


def test_a_chat_is_named_by_its_id_and_what_gsm_can_spell_of_its_label() -> None:
    sides = Participant(Side.A, ALICE, LINE), Participant(Side.B, BOB, LINE)
    chats = [Chat(12, label, True, *sides, NOON, None, None) for label in (None, "job7", "日本")]
    told = [CATALOGUE.text("still_open", chat=chat, id=chat.id).partition(" is")[0] for chat in chats]
    assert told == ["Chat 12", "Chat 12 job7", "Chat 12"]


def test_an_admins_own_words_are_passed_on_whole() -> None:
    words = "Treffen um 8 日本 {service}\n" * 20
    assert CATALOGUE.text("said", service="S", words=words) == f"S: {words}"


def test_braces_in_a_value_are_letters_like_others() -> None:
    assert "{id}" in CATALOGUE.text("connected_about", service="S", label="{id}")


def test_a_missing_text_or_value_is_an_error() -> None:
    with pytest.raises(CatalogueError):
        CATALOGUE.text("no such text")
    with pytest.raises(CatalogueError):
        CATALOGUE.text("ended")


def test_a_place_that_nothing_can_fill_stops_the_load() -> None:
    with pytest.raises(CatalogueError, match="colour"):
        Catalogue({"admin": {"x": "{colour}"}})


def test_a_place_for_a_number_in_a_persons_text_stops_the_load() -> None:
    with pytest.raises(CatalogueError, match="number"):
        Catalogue({"person": {"ended": "{service}: {number}"}})


def test_a_text_given_twice_stops_the_load() -> None:
    with pytest.raises(CatalogueError, match="twice"):
        Catalogue({"person": {"x": "one"}, "admin": {"x": "two"}})


def test_as_many_entries_are_named_as_have_room() -> None:
    entries = [str(1000 + each) for each in range(40)]
    shown = fitting("list", entries, ", ", more=" ...")
    assert len(", ".join(shown)) + 4 <= ROOM["list"] < len(", ".join(entries[: len(shown) + 1])) + 4
    assert fitting("list", entries[:3], ", ", more=" ...") == entries[:3]


def test_brackets_count_twice_where_room_is_measured() -> None:
    assert len(fitting("list", ["[" * 9] * 9, ", ", more="")) == 3


def test_every_language_file_loads() -> None:
    for file in (resources.files("commands") / "texts").iterdir():
        assert Catalogue.load(file.name.removesuffix(".toml")).texts.keys() == CATALOGUE.texts.keys()


def test_only_an_admins_words_go_uncut() -> None:
    assert {"words"} == WHOLE
    assert Refused("x").code == "x"


def named() -> list[tuple[str, str, str]]:
    """(module, key, call) wherever the commands name a text."""
    found = []
    for module in Path(commands.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                found += [(module.stem, key, call) for key, call in _keys(node)]
    return found


def _keys(node: ast.Call) -> list[tuple[str, str]]:
    call = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if call not in NAMING or len(node.args) <= NAMING[call]:
        return []
    constants = [each.value for each in ast.walk(node.args[NAMING[call]]) if isinstance(each, ast.Constant)]
    return [(key, call) for key in constants if isinstance(key, str)]
