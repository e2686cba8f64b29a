import ast
from pathlib import Path

import pytest

import commands
from bot.loops import Sign
from commands import gsm, languages
from commands.catalogue import ROOM, TIGHT, WHOLE, Catalogue, CatalogueError, fields
from commands.desk import Refused
from commands.gsm import Encoding
from commands.pairing import Reason
from commands.table import TABLE
from storage.model import Chat, Participant, Side, State
from tests.people import ALICE, BOB, LINE, NOON

LANGUAGES = languages.load()
CATALOGUE = LANGUAGES.english
OTHERS = sorted(LANGUAGES.known.keys() - {languages.ENGLISH})
FAULTS = ("needs_", "bad_number", "bad_word", "bad_time", "bad_guard", "bad_chat", "no_such_verb")
# The calls whose first text argument names a text of the catalogue.
NAMING = {"text": 0, "Refused": 0, "Unfit": 0, "Misspoken": 1, "notify": 1, "spoken": 3, "tell": 1}
# The texts that are filled into others, and where.
FRAGMENTS = {
    "check_out": "choice", "check_in": "choice", "check_blocked": "block", "check_blocked_for": "block",
    "check_free": "block", "check_chats": "chats", "check_no_chat": "chats", "check_text": "delivery",
    "check_no_text": "delivery", "last_text": "last", "last_never": "last", "ends_never": "ends", "ends_in": "ends",
    "ends_idle": "ends", "guard_off": "hidden", "guard_warn": "links", "guard_mask": "hidden", "said_both": "said",
    "said_one": "said", "said_one_only": "said",
}  # fmt: skip
# What a translation may leave out, for want of room: the shape of the answer tells it, or another command does.
LEFT_OUT = {
    ("zh", "which_chat"): {"id"},
    ("zh", "loop_broken"): {"id"},
    ("zh", "show_open"): {"line", "lines"},
    ("zh", "show_held"): {"line", "lines"},
    ("zh", "show_paused"): {"number", "count", "other", "others", "id"},
    ("zh", "show_closed"): {"line", "lines", "last"},
    ("zh", "failed"): {"message"},
    ("zh", "failed_one"): {"place"},
    ("zh", "failed_one_doubted"): {"place"},
    ("zh", "help_verb"): {"example"},
    ("zh", "help_verb_also"): {"example"},
    ("zh", "misused"): {"example"},
}


def texts_of(code: str) -> Catalogue:
    return LANGUAGES.known[code].texts


def longest(code: str, key: str, **instead: str) -> str:
    texts = texts_of(code)
    return texts.text(key, **{name: "W" * texts.room.get(name, 0) for name in fields(texts.texts[key])} | instead)


@pytest.mark.no_cover  # other tests cover it, and it would take three times as long
@pytest.mark.parametrize("code", sorted(LANGUAGES.known))
def test_every_text_fits_one_sms_with_the_longest_values(code: str) -> None:
    filled = {key: longest(code, key) for key in CATALOGUE.texts}
    if texts_of(code).encoding is Encoding.GSM:
        assert [key for key, text in filled.items() if not gsm.is_gsm(text)] == []
    told = {key: gsm.segments(text) for key, text in filled.items()}
    assert [key for key, each in told.items() if each.units > gsm.ROOM[each.encoding][0]] == []


@pytest.mark.parametrize("code", LANGUAGES.known)
def test_every_fault_fits_into_the_usage_error(code: str) -> None:
    texts = texts_of(code)
    faults = {key: longest(code, key) for key in CATALOGUE.texts if key.startswith(FAULTS)}
    assert [key for key, told in faults.items() if texts.cut("fault", told) != told] == []


@pytest.mark.parametrize("code", sorted(LANGUAGES.known))
def test_every_fragment_fits_into_the_text_around_it(code: str) -> None:
    texts, told = texts_of(code), {}
    for key in FRAGMENTS:
        told[key] = longest(code, key, **({"time": "999d23h"} if "time" in fields(texts.texts[key]) else {}))
    assert [key for key, place in FRAGMENTS.items() if texts.cut(place, told[key]) != told[key]] == []


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
def test_no_row_is_cut_where_it_is_told(command) -> None:  # type: ignore[no-untyped-def]
    for code in LANGUAGES.known:
        texts = texts_of(code)
        summary = texts.summaries.get(command.verb, command.summary)
        assert texts.cut("usage", command.usage) == command.usage
        assert texts.cut("example", command.example) == command.example
        assert texts.cut("summary", summary) == summary
    assert all(len(verb) <= CATALOGUE.room["verb"] for verb in command.verbs)


@pytest.mark.parametrize("key", [key for key, text in CATALOGUE.texts.items() if text.startswith("{service}")])
def test_a_text_to_a_person_has_no_place_for_a_number(key: str) -> None:
    for code in LANGUAGES.known:
        assert texts_of(code).texts[key].startswith("{service}")
        assert fields(texts_of(code).texts[key]) <= {"service", "label", "languages", "words"}


def test_refusals_say_what_was_done() -> None:
    raised = {key for _, key, call in named() if call == "Refused"} - {"list_over"}
    said = {
        "en": ("Nothing was", "nothing was", "is still open, so nothing"),
        "es": ("Nada cambio", "nada cambio", "No se creo", "No se envio", "no se envio"),
        "fr": ("Rien n'a", "rien n'a"),
        "de": ("Nichts wurde", "nichts wurde"),
        "zh": ("未作更改", "未创建", "未发送"),
    }
    for code, words in said.items():
        told = texts_of(code).texts
        assert [key for key in sorted(raised) if not any(word in told[key] for word in words)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_every_text_and_none_of_its_own(code: str) -> None:
    assert sorted(CATALOGUE.own.keys() - texts_of(code).own.keys()) == []
    assert sorted(texts_of(code).own.keys() - CATALOGUE.own.keys()) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_says_what_the_english_text_says(code: str) -> None:
    for key, text in texts_of(code).own.items():
        assert fields(text) | LEFT_OUT.get((code, key), set()) == fields(CATALOGUE.own[key]), key


@pytest.mark.parametrize("code", OTHERS)
def test_commands_are_named_as_they_are_given(code: str) -> None:
    """STOP, START and the verbs are words the service understands, in every language."""
    verbs = {word for command in TABLE for verb in command.verbs for word in verb.split()} - {"ALL", "HELP"}
    for key in texts_of(code).own.keys() - {"failed", "failed_one", "failed_one_doubted"}:
        english, told = _upper(CATALOGUE.own[key]), _upper(texts_of(code).own[key])
        assert english & (verbs | {"STOP", "START", "LANG"}) == told & (verbs | {"STOP", "START", "LANG"}), key


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_the_summary_of_every_command(code: str) -> None:
    assert texts_of(code).summaries.keys() == {command.verb for command in TABLE}


@pytest.mark.parametrize("code", LANGUAGES.known)
def test_words_of_ours_that_are_filled_in_have_room(code: str) -> None:
    ours = {"reason": Reason, "why": Sign, "state": State, "place": ("no chat",), "time": ("5 min",)}
    texts = texts_of(code)
    assert texts.phrases.keys() == {str(each) for phrases in ours.values() for each in phrases}
    for name, phrases in ours.items():
        for each in phrases:
            assert texts.cut(name, texts.phrases[str(each)]) == texts.phrases[str(each)]


def test_what_a_language_lacks_is_said_in_english() -> None:
    partly = Catalogue({"admin": {"none_open": "keiner offen"}}, CATALOGUE)
    assert partly.text("none_open") == "keiner offen"
    assert partly.text("list_over") == CATALOGUE.text("list_over")


def test_lengths_of_time_and_states_are_in_the_language_too() -> None:
    assert texts_of("de").text("extended", chat="Chat 1", time="2d3h", id=1).startswith("Chat 1 endet jetzt in 2T3h.")
    assert texts_of("zh").text("check_text", state=State.DELIVERED, time="5m") == "末条已送达，5分前。"
    assert (
        texts_of("fr")
        .text("show_paused", time="1d", reason=Sign.SAME, **_shown())
        .startswith("Chat 1 EN PAUSE depuis 1j: 5 fois le meme.")
    )


def test_every_text_a_command_names_is_there() -> None:
    assert {key for _, key, _ in named()} <= CATALOGUE.texts.keys()
    assert len({key for _, key, _ in named()}) > 50


def test_values_are_cut_and_stripped_to_gsm() -> None:
    assert CATALOGUE.text(
        "connected_about", service="日Private SMS and more", label="job\n7 \u202e123456789"
    ).startswith("Private SMS: you are connected about job7 1234567. ")


def test_in_chinese_a_label_keeps_its_letters_and_loses_what_cannot_be_seen() -> None:
    told = texts_of("zh").text("connected_about", service="S", label="上海\n\u202e\u200b站")
    assert told.startswith("S：关于上海站，")


def test_numbers_show_their_last_digits_only() -> None:
    assert CATALOGUE.text("bad_number", number=ALICE) == "*0001 is not a phone number."
    assert CATALOGUE.text("unknown", word=ALICE.e164()).startswith("I don't know *0001,")


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


@pytest.mark.parametrize("encoding", Encoding)
def test_as_many_entries_are_named_as_have_room(encoding: Encoding) -> None:
    texts, room = Catalogue({}, encoding=encoding), ROOM[encoding]["list"]
    entries = [str(1000 + each) for each in range(40)]
    shown = texts.fitting("list", entries, ", ", more=" ...")
    assert len(", ".join(shown)) + 4 <= room < len(", ".join(entries[: len(shown) + 1])) + 4
    assert texts.fitting("list", entries[:3], ", ", more=" ...") == entries[:3]


def test_brackets_count_twice_where_room_is_measured() -> None:
    assert len(CATALOGUE.fitting("list", ["[" * 9] * 9, ", ", more="")) == 3


def test_there_is_room_for_one_entry_at_least() -> None:
    page, listed = "1234567 " + "W" * 12 + " *0001+*0002", "1234567 " + "W" * 12
    for code in LANGUAGES.known:
        assert texts_of(code).fitting("page", [page] * 9, ", ", more="")
        assert texts_of(code).fitting("list", [listed] * 9, ", ", more=" ...")
    assert all(TIGHT[name] <= room for name, room in ROOM[Encoding.GSM].items())


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


def _upper(text: str) -> set[str]:
    words = "".join(each if each.isascii() and each.isalpha() else " " for each in text).split()
    return {word for word in words if word.isupper()}


def _shown() -> dict[str, object]:
    return {"chat": "Chat 1", "id": 1, "number": ALICE, "other": BOB, "count": 1, "others": 1, "held": 0}
