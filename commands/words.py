"""What anybody's text is read for: opting out, opting in, HELP, #LANG; and how spelling is evened out first."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from commands import languages
from commands.gsm import unaccented

CLOSING = " \t\r\n.!?…。"
OPENING = " \t\r\n\"'(*¡¿"
# Zero-width characters, bidi marks, fillers and variation selectors: phones add them unasked.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
ENDING = CLOSING + "\"',;:)*"
PLAIN = str.maketrans("‘’‚‛“”„‟′″«»", '\'\'\'\'""""\'"""')
BETWEEN = re.compile(r"""[\s.,;:!?…"'()*¡¿。、「」]+""")
LANGUAGE = re.compile(r"#\s?lang(?:[\s:=]+(\S{1,20}))?")


@dataclass(frozen=True, slots=True)
class LanguageAsked:
    """`code`: None where none was named that we have."""

    code: str | None
    named: bool


def plain(text: str) -> str:
    """Full-width made ordinary, the invisible dropped, quotes straight: what the eye reads, in its own case."""
    if text.isascii():
        return text
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(PLAIN)


def normalise(text: str) -> str:
    """As texts are compared: plain, in one case, without outer space and closing punctuation."""
    return plain(text).lstrip().rstrip(CLOSING).casefold()


def _spaced(text: str) -> str:
    return BETWEEN.sub(" ", unaccented(normalise(text))).strip()


def _phrases(kind: str) -> frozenset[str]:
    return frozenset(map(_spaced, languages.load().phrases(kind)))


OPT_OUT, OPT_IN, HELP, YES = map(_phrases, ("opt_out", "opt_in", "help", "yes"))
NAMES = {
    _spaced(name): code for code, language in languages.load().known.items() for name in (code, language.name)
}  # fmt: skip
HINTS = frozenset(spelled for hint in languages.load().phrases("hints") for spelled in (hint, unaccented(hint)))
HINT = re.compile("|".join(map(re.escape, sorted(HINTS))))
SPACED = frozenset(hint for hint in HINTS if hint.isascii() or " " in hint)
# Of each its longest word, as splitting at spaces leaves it: most texts hold none of these, and cost no more.
TELLING = frozenset(
    f"{opening}{max(hint.split(), key=len)}{closing}"
    for hint in SPACED for opening in ("", "(", '"', "¡") for closing in ("", *".,;:!?)", "...")
)  # fmt: skip
UNSPACED = re.compile("|".join(map(re.escape, sorted(HINTS - SPACED))))

# Nearly every relayed text ends its search at one of these: it is longer, or begins otherwise.
MARK = 16  # a question mark, and what a phone may have put around it
LONGEST = 2 * max(map(len, OPT_OUT | OPT_IN | HELP))
OPENING_LENGTH = 4
OPENINGS = frozenset(
    opening[:OPENING_LENGTH] for phrase in OPT_OUT | OPT_IN | HELP for opening in (phrase, phrase.split()[0])
)
IDEOGRAPHS = "一", "鿿"  # what lies between has one spelling only


def is_opt_out(text: str) -> bool:
    return _phrase(text) in OPT_OUT


def is_opt_in(text: str) -> bool:
    return _phrase(text) in OPT_IN


def is_yes(text: str) -> bool:
    """Means opting in only when it comes from somebody who has opted out."""
    return _is_short(text) and _spaced(text) in YES


def is_help(text: str) -> bool:
    return _phrase(text) in HELP or (len(text) <= MARK and plain(text).strip() == "?")


def hints_at_opt_out(text: str) -> bool:
    """`stop texting me`: relayed, and the sender may be told which word works."""
    lowered = text.lower().replace("’", "'")
    if TELLING.isdisjoint(lowered.rstrip(CLOSING).split()) and (text.isascii() or UNSPACED.search(lowered) is None):
        return False
    return HINT.search(lowered) is not None


def language_asked(text: str) -> LanguageAsked | None:
    """`#LANG es`, alone in a text; None: it is about something else."""
    if "#" not in text and "＃" not in text:
        return None
    if (found := LANGUAGE.fullmatch(normalise(text).rstrip())) is None:
        return None
    name = re.split("[-_]", found[1] or "")[0]  # zh-CN
    return LanguageAsked(NAMES.get(_spaced(name)), bool(name))


def _phrase(text: str) -> str:
    """The text as a phrase of the lists, `Stop. Thank you` as `stop thank you`; empty when it cannot be one."""
    return _spaced(text) if _may_begin(text.lstrip(OPENING)[:OPENING_LENGTH]) and _is_short(text) else ""


def _may_begin(opening: str) -> bool:
    """Whether a phrase may begin so, in a spelling that is still to be evened out."""
    if opening.isascii():
        return opening.lower() in OPENINGS or opening.rstrip(ENDING).lower() in OPENINGS
    first, last = IDEOGRAPHS
    return opening in OPENINGS or not (first <= min(opening) and max(opening) <= last)


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST or len(text.strip(CLOSING)) <= LONGEST
