"""GSM 03.38 and segments, against two independent implementations."""

import gsmcodecs  # noqa: F401 (registers the codec gsm23.038)
import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from commands.gsm import ALPHABET, EXTENDED, Encoding, Segments, cut, is_gsm, segments, split

EVERY_BMP = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
# Long enough to reach the third part; the costly characters often enough to fall on a border.
dear = st.sampled_from(sorted(EXTENDED))
plain = st.sampled_from(sorted(ALPHABET - EXTENDED))
gsm_text = st.lists(st.tuples(st.one_of(plain, dear), st.integers(1, 160)), min_size=1, max_size=5).map(
    lambda runs: "".join(character * times for character, times in runs)
)
any_text = st.lists(st.tuples(st.sampled_from("aé€ç’中😀👍🏽\u0301"), st.integers(1, 80)), min_size=1, max_size=6).map(
    lambda runs: "".join(character * times for character, times in runs)
)


def in_the_codec(character: str) -> bool:
    try:
        character.encode("gsm23.038")
    except UnicodeEncodeError:
        return False
    return True


def test_the_alphabet_is_the_codecs() -> None:
    # The codec also takes the escape itself, which is no character a person could text.
    assert {each for each in EVERY_BMP if in_the_codec(each)} - {"\x1b"} == set(ALPHABET)


@given(gsm_text)
def test_septets_are_counted_as_the_codec_encodes(text: str) -> None:
    assert segments(text).encoding is Encoding.GSM
    assert segments(text).units == len(text.encode("gsm23.038"))


@given(st.one_of(gsm_text, any_text))
def test_parts_are_cut_where_smsutil_cuts(text: str) -> None:
    theirs = smsutil.split(text)
    assert split(text) == [part.content for part in theirs.parts]
    assert segments(text).count == len(theirs.parts)


@given(any_text)
def test_units_of_other_texts_are_utf_16(text: str) -> None:
    if not is_gsm(text):
        assert segments(text) == Segments(Encoding.UCS2, len(text.encode("utf-16-be")) // 2, len(split(text)))


@given(st.text(max_size=400))
def test_nothing_is_lost_in_cutting(text: str) -> None:
    assert "".join(split(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(Encoding.GSM, 0, 1)),
        ("a" * 160, Segments(Encoding.GSM, 160, 1)),
        ("a" * 161, Segments(Encoding.GSM, 161, 2)),
        ("a" * 306, Segments(Encoding.GSM, 306, 2)),
        ("a" * 307, Segments(Encoding.GSM, 307, 3)),
        ("€" * 80, Segments(Encoding.GSM, 160, 1)),
        ("a" * 152 + "€" * 76 + "ab", Segments(Encoding.GSM, 306, 3)),  # an escape pair is not torn at the border
        ("ç" * 70, Segments(Encoding.UCS2, 70, 1)),
        ("ç" * 71, Segments(Encoding.UCS2, 71, 2)),
        ("😀" * 35, Segments(Encoding.UCS2, 70, 1)),
        ("ç" * 66 + "😀" * 3, Segments(Encoding.UCS2, 72, 2)),
    ],
)
def test_the_borders_are_where_carriers_bill(text: str, expected: Segments) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize("character", "ç`\t\u00a0’“”–…œ")
def test_what_looks_plain_but_is_not_gsm(character: str) -> None:
    assert not is_gsm(character)


@given(st.text(max_size=40), st.integers(0, 12))
def test_what_was_cut_fits_and_is_gsm_on_one_line(text: str, septets: int) -> None:
    kept = cut(text, septets)
    assert is_gsm(kept)
    assert segments(kept).units <= septets
    assert not set(kept) & set("\r\n\f")


@given(gsm_text)
def test_cutting_twice_changes_nothing_more(text: str) -> None:
    assert cut(cut(text, 12), 12) == cut(text, 12)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("job7", "job7"),
        ("job 日本 7", "job  7"),
        ("a^^^^^^^", "a^^^^^"),
        (" job7 ", "job7"),
        ("a\nb", "ab"),
        ("日本", ""),
    ],
)
def test_a_label_keeps_what_gsm_can_spell(text: str, kept: str) -> None:
    assert cut(text, 12) == kept
