import pytest

from commands import languages, words
from commands.gsm import unaccented
from tests.commands.phrasings import ALL, Must

ZERO_WIDTH = "\u200b"


def test_there_are_phrasings_enough() -> None:
    assert len(dict(ALL)) == len(ALL) >= 300


def read(text: str) -> Must:
    if words.is_opt_out(text):
        return Must.OPT_OUT
    return Must.HINT if words.hints_at_opt_out(text) else Must.RELAY


def test_each_phrasing_is_read_for_what_it_means() -> None:
    assert [(text, must, read(text)) for text, must in ALL if read(text) is not must] == []
    assert [text for text, _ in ALL if words.is_opt_in(text) or words.is_help(text)] == []


def test_a_word_means_one_thing_whatever_language_it_is_from() -> None:
    kinds = [words.OPT_OUT, words.OPT_IN, words.HELP, words.YES]
    assert len(frozenset().union(*kinds)) == sum(map(len, kinds))


def test_the_words_of_a_language_are_not_taken_for_hints_of_another() -> None:
    for phrase in words.OPT_IN | words.HELP | words.YES:
        assert not words.hints_at_opt_out(phrase)


@pytest.mark.parametrize("kind", ["opt_out", "opt_in", "help", "yes"])
def test_each_word_of_the_files_is_found_as_it_is_written_and_without_accents(kind: str) -> None:
    is_one = {"opt_out": words.is_opt_out, "opt_in": words.is_opt_in, "help": words.is_help, "yes": words.is_yes}[kind]
    for phrase in languages.load().phrases(kind):
        for spelled in (phrase, phrase.upper(), phrase.title(), unaccented(phrase), f"“{phrase}”", f"{phrase} !"):
            assert is_one(spelled), spelled


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#LANG es", "es"), ("#lang ES", "es"), ("＃ＬＡＮＧ　ｅｓ", "es"), (" #Lang: de. ", "de"), ("# lang fr", "fr"),
        ("#LANG=zh", "zh"), ("#lang zh-CN", "zh"), ("#LANG en_GB", "en"), ("#LANG Español", "es"),
        ("#lang FRANÇAIS", "fr"), ("#LANG 中文", "zh"), ("#la\u200bng de", "de"), ("#lang", None), ("#LANG xx", None),
        ("#LANG Klingon!", None), ("#lang -", None), ("#lang espanol", "es"),
    ],
)  # fmt: skip
def test_a_language_is_asked_for_by_letters_or_by_name(text: str, code: str | None) -> None:
    asked = words.language_asked(text)
    assert asked is not None
    assert asked.code == code


@pytest.mark.parametrize(
    "text", ["LANG es", "#language", "#lang es please", "my #lang is es", "#langes", "##lang es", "#", "No. #5", "lang"]
)
def test_what_only_looks_like_it_is_an_ordinary_text(text: str) -> None:
    assert words.language_asked(text) is None


def test_every_word_of_the_list_opts_out_in_any_case() -> None:
    assert [word for word in words.OPT_OUT if not (words.is_opt_out(word) and words.is_opt_out(word.upper()))] == []


@pytest.mark.parametrize(
    "text",
    [
        " Stop ", "STOP.", "stop!!!", "Stop…", "Stop. Thank you", "STOP, PLEASE!", "“Stop”", "'stop'", "ＳＴＯＰ",
        f"{ZERO_WIDTH}ST{ZERO_WIDTH}OP", "\u202astop\u202c", "Arre\u0302t", "stop\n", "End",
        "stop" + 40 * "!", "Opt-Out",
    ],
)  # fmt: skip
def test_spelling_does_not_keep_a_person_in(text: str) -> None:
    assert words.is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    [
        "we have got to STOP this bill", "End of story", "stop texting me", "wrong number", "don't stop", "",
        "the end", "quit it", "2024 was a good year", "\u200b", "unstoppable", "stop" + 60 * "x",
    ],
)  # fmt: skip
def test_a_longer_sentence_is_no_opt_out(text: str) -> None:
    assert not words.is_opt_out(text)


@pytest.mark.parametrize("text", ["START", "start!", "Unstop", "subscribe", "ＳＴＡＲＴ"])
def test_opt_in_words_opt_in(text: str) -> None:
    assert words.is_opt_in(text)
    assert not words.is_opt_out(text)


@pytest.mark.parametrize("text", ["start the car", "yes", "started", "join"])
def test_other_texts_do_not_opt_in(text: str) -> None:
    assert not words.is_opt_in(text)


def test_yes_is_yes_alone() -> None:
    assert [words.is_yes(text) for text in ("Yes!", "yes please", "ｙｅｓ", "y")] == [True, False, True, False]
    assert all(map(words.is_yes, ("Sí", "si!", "OUI", "Ja.", "是", "是的。")))


def test_help_is_asked_for_by_word_or_question_mark() -> None:
    assert all(map(words.is_help, ("HELP", "Help?", "info", " ? ", "？")))
    assert not any(map(words.is_help, ("helpful of you", "help me", "??", "what?", "")))


def test_wishes_to_be_left_alone_are_hints() -> None:
    assert all(map(words.hints_at_opt_out, ("Stop texting me", "sorry, WRONG number", "don’t text me again")))
    assert not any(map(words.hints_at_opt_out, ("stop by at noon", "let me know", "the number is right")))


def test_every_hint_passes_the_gate_before_it() -> None:
    assert all(map(words.hints_at_opt_out, words.HINTS))


def test_texts_are_compared_without_their_ornaments() -> None:
    assert words.normalise(" \u200bＰａｉｒ ‘x’ … ! ") == "pair 'x'"


def test_plain_keeps_the_case() -> None:
    assert words.plain("“Ｊｏｂ７”") == '"Job7"'
