"""The words that anybody's text is read for: opting out, opting in, HELP; and how spelling is evened out first."""

from __future__ import annotations

import re
import unicodedata

OPT_OUT = frozenset(
    {
        "stop", "stop all", "stopall", "please stop", "stop please", "stop thank you", "unsubscribe", "cancel", "end",
        "quit", "revoke", "optout", "opt out", "opt-out", "remove me", "arret", "arrêt",
    }
)  # fmt: skip
OPT_IN = frozenset({"start", "unstop", "subscribe"})
HELP = frozenset({"help", "info"})

HINTS = (
    "stop texting", "stop messaging", "stop contacting", "stop calling", "stop sending", "stop bothering",
    "wrong number", "wrong person", "don't text me", "dont text me", "do not text me", "don't message me",
    "do not message me", "don't contact me", "do not contact me", "unsubscribe me", "opt me out", "leave me alone",
)  # fmt: skip

GATES = ("stop ", "wrong ", " me")  # every hint holds one; most texts hold none, and cost no more

CLOSING = " \t\r\n.!?…"
OPENING = " \t\r\n\"'(*"
# Zero-width characters, bidi marks, fillers and variation selectors: phones add them unasked.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
PLAIN = str.maketrans("‘’‚‛“”„‟′″«»", '\'\'\'\'""""\'"""')
BETWEEN = re.compile(r"""[\s.,;:!?…"'()*]+""")

# Nearly every relayed text ends its search at one of these: it is longer, or begins otherwise.
LONGEST = 2 * max(map(len, OPT_OUT | OPT_IN | HELP))
OPENINGS = frozenset(phrase[:3] for phrase in OPT_OUT | OPT_IN | HELP)


def plain(text: str) -> str:
    """Full-width made ordinary, the invisible dropped, quotes straight: what the eye reads, in its own case."""
    if text.isascii():
        return text
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(PLAIN)


def normalise(text: str) -> str:
    """As texts are compared: plain, in one case, without outer space and closing punctuation."""
    return plain(text).lstrip().rstrip(CLOSING).casefold()


def is_opt_out(text: str) -> bool:
    return _phrase(text) in OPT_OUT


def is_opt_in(text: str) -> bool:
    return _phrase(text) in OPT_IN


def is_yes(text: str) -> bool:
    """Means opting in only when it comes from somebody who has opted out."""
    return _is_short(text) and _spaced(text) == "yes"


def is_help(text: str) -> bool:
    return _phrase(text) in HELP or (len(text) < LONGEST and plain(text).strip() == "?")


def hints_at_opt_out(text: str) -> bool:
    """`stop texting me`: relayed, and the sender may be told which word works."""
    lowered = text.lower().replace("’", "'")
    return any(gate in lowered for gate in GATES) and any(hint in lowered for hint in HINTS)


def _phrase(text: str) -> str:
    """The text as a phrase of the lists, `Stop. Thank you` as `stop thank you`; empty when it cannot be one."""
    opening = text.lstrip(OPENING)[:3]
    if opening.isascii() and opening.lower() not in OPENINGS:
        return ""
    return _spaced(text) if _is_short(text) else ""


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST or len(text.strip(CLOSING)) <= LONGEST


def _spaced(text: str) -> str:
    return BETWEEN.sub(" ", normalise(text)).strip()
