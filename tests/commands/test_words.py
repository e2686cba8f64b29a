import pytest

from commands import words

ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize("text", sorted(words.OPT_OUT))
def test_every_word_of_the_list_opts_out_in_any_case(text: str) -> None:
    assert words.is_opt_out(text)
    assert words.is_opt_out(text.upper())


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
