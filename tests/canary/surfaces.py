"""Surfaces: everything of the service that somebody could look at, and what must not be found on each.

People's and admins' numbers, those of the settings too, may be found nowhere, not even by those whose they are: no
text, line, answer or file needs one whole. Our own lines are public: people text them. So they may be in texts, in
answers of the API (a program must know them) and in the clear on the disk; in logs, metrics and names of files nobody
needs them. A text may be on the phones it was for and nowhere else. Secrets may be nowhere; labels are none. The file
of keys is not searched: it is what opens the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.canary import needles
from tests.canary.cast import Cast
from tests.canary.needles import Haystack, Needle, Shape, found
from tests.people import LINE, OTHER_LINE


class Kind(StrEnum):
    TEXT = "text"  # on a phone
    DISK = "disk"  # database, write-ahead log, shared memory, lock, tokens, backup
    NAME = "name"  # of a file
    LOG = "log"  # stdout and stderr
    METRICS = "metrics"
    ANSWER = "answer"  # head and body, to whoever asked
    TOOL = "tool"  # what a command of the program printed


SHAPES = {Kind.TEXT: Shape.TEXT, Kind.DISK: Shape.BYTES}
WITHOUT_LINES = frozenset({Kind.LOG, Kind.METRICS, Kind.NAME})


@dataclass(frozen=True, slots=True)
class Surface:
    kind: Kind
    name: str
    seen: bytes
    reader: str | None = None  # whose phone it is


class Search:
    """Everything that must not be found, spelled once for all surfaces."""

    def __init__(self, cast: Cast, secrets: Sequence[str]) -> None:
        self._cast = cast
        self._token = re.compile(re.escape(cast.stem) + "[0-9a-f]{4}")
        self._always: list[Needle] = [
            *(needles.number(f"{each.name}'s number", each.number) for each in cast.everybody),
            *(needles.word("a secret", secret) for secret in secrets),
        ]
        self._lines = [needles.number("a line", line) for line in (LINE, OTHER_LINE)]
        self._texts = [needles.word("a text", cast.stem)]

    def leaks(self, surface: Surface) -> list[str]:
        hay = Haystack(surface.seen, SHAPES.get(surface.kind, Shape.LINES))
        wanted = self._always + (self._lines if surface.kind in WITHOUT_LINES else [])
        if surface.kind is Kind.TEXT:
            here = [*found(hay, wanted), *self._strays(surface)]
        else:
            here = found(hay, wanted + self._texts)
        return [f"{surface.kind} {surface.name}: {what}" for what in here]

    def _strays(self, surface: Surface) -> list[str]:
        tokens = self._token.findall(surface.seen.decode("utf-8", "replace"))
        return [f"{each} was not for this phone" for each in tokens if surface.reader not in self._cast.readers[each]]


def heard(cast: Cast, surfaces: Sequence[Surface]) -> set[str]:
    """The tokens that did arrive: a play in which nobody hears anybody shows nothing."""
    seen = " ".join(each.seen.decode("utf-8", "replace") for each in surfaces if each.kind is Kind.TEXT)
    return {token for token in cast.readers if token in seen}
