"""Needles and haystacks: all the ways in which a number, a text or a secret could stand where it must not."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from urllib.parse import unquote_to_bytes

from storage.number import Number
from tests.spellings import national

TAIL = 7  # digits: what somebody in the same town dials
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Needle:
    """`exact`: its encodings, byte for byte. `plain`: in letters. `joined`: in digits, whatever stands between them."""

    name: str
    exact: tuple[tuple[str, bytes], ...]
    plain: tuple[tuple[str, re.Pattern[bytes]], ...]
    joined: bytes | None = None

    def found_in(self, hay: Haystack) -> Iterator[str]:
        yield from (f"{self.name}, {how}" for how, what in self.exact if what in hay.raw)
        yield from (f"{self.name}, {how}" for how, what in self.plain if what.search(hay.plain))
        if self.joined and self.joined in hay.joined:
            yield f"{self.name}, with something between its digits"


def number(name: str, number: Number) -> Needle:
    """Whatever holds all digits without the country's code holds E.164, bare digits, and how it is dialled."""
    home = national(number).encode()
    end = home[-TAIL:]
    alone = re.compile(
        end + rb"(?<![0-9]" + end + rb")(?![0-9])"
    )  # begins with what is rare: that is what makes it fast
    return Needle(name, encoded(home), (("in digits", _plain(home)), ("its end", alone)), home)


def word(name: str, text: str) -> Needle:
    return Needle(name, encoded(text.encode()), (("as it is", _plain(text.lower().encode())),))


def encoded(text: bytes) -> tuple[tuple[str, bytes], ...]:
    """In hex, and in base64 wherever in it the text begins."""
    cores = [_core(text, shift) for shift in range(3)]
    safe = [core.translate(bytes.maketrans(b"+/", b"-_")) for core in cores]
    hexed = text.hex().encode()
    return tuple(
        dict.fromkeys(
            [("in base64", each) for each in (*cores, *safe)] + [("in hex", hexed), ("in hex", hexed.upper())]
        )
    )


def _core(text: bytes, shift: int) -> bytes:
    """Those characters of its base64, after `shift` other octets, that depend on it alone."""
    whole = base64.b64encode(bytes(shift) + text)
    return whole[-(-shift * 8 // 6) : (shift + len(text)) * 8 // 6]


def _plain(text: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(text))


class Shape(StrEnum):
    """How far the digits of one number may lie apart, whatever is between them."""

    TEXT = "text"  # as far as the text goes
    LINES = "lines"  # in one line
    BYTES = "bytes"  # not at all: among random bytes anything lies somewhere


class Haystack:
    def __init__(self, raw: bytes, shape: Shape = Shape.TEXT) -> None:
        self.raw = raw
        self.shape = shape

    @cached_property
    def plain(self) -> bytes:
        """Without URL encoding, once and twice, without what UTF-16 puts between letters, in small letters."""
        return unquote_to_bytes(unquote_to_bytes(self.raw)).replace(b"\0", b"").lower()

    @cached_property
    def joined(self) -> bytes:
        """The digits and no more, of every script."""
        if self.shape is Shape.BYTES:
            return b""
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), self.plain.decode("utf-8", "replace"))
        text = unicodedata.normalize("NFKC", text)
        lines = text.split("\n") if self.shape is Shape.LINES else [text]
        return "\n".join("".join(_digits(line)) for line in lines).encode()


def _digits(line: str) -> Iterator[str]:
    for letter in line:
        if (digit := unicodedata.digit(letter, None)) is not None:
            yield str(digit)


def found(hay: Haystack, needles: Iterable[Needle]) -> list[str]:
    return [how for needle in needles for how in needle.found_in(hay)]
