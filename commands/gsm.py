"""The GSM 03.38 alphabet, and how many segments a text is billed as."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # each sent as an escape and a character: two septets
ALPHABET = BASIC | EXTENDED
PLAIN = BASIC - {"\r", "\n"}  # on one line, a septet each


class Encoding(StrEnum):
    GSM = "GSM-7"
    UCS2 = "UCS-2"


# Units that fit one SMS alone, and each part of a longer one, which loses six octets to its header.
ROOM = {Encoding.GSM: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: its encoding, its length in septets or UTF-16 units, and the parts it takes."""

    encoding: Encoding
    units: int
    count: int


def is_gsm(text: str) -> bool:
    return ALPHABET.issuperset(text)


def encoding_of(text: str) -> Encoding:
    """The cheapest encoding that can spell it."""
    return Encoding.GSM if is_gsm(text) else Encoding.UCS2


def segments(text: str, encoding: Encoding | None = None) -> Segments:
    encoding = encoding or encoding_of(text)
    alone, _ = ROOM[encoding]
    units = sum(map(_width(encoding), text))
    count = 1 if units <= alone else len(split(text, encoding))
    return Segments(encoding, units, count)


def split(text: str, encoding: Encoding | None = None) -> list[str]:
    """The parts a text is cut into; never inside an escape pair or a surrogate pair."""
    encoding = encoding or encoding_of(text)
    width = _width(encoding)
    alone, room = ROOM[encoding]
    if sum(map(width, text)) <= alone:
        return [text]
    parts: list[str] = []
    part: list[str] = []
    used = 0
    for character in text:
        size = width(character)
        if used + size > room:
            parts.append("".join(part))
            part, used = [], 0
        part.append(character)
        used += size
    parts.append("".join(part))
    return parts


def unaccented(text: str) -> str:
    """As people write who leave the accents out."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in parts if not unicodedata.combining(each)))


def cut(text: str, units: int, encoding: Encoding = Encoding.GSM) -> str:
    """What of `text` that encoding can spell on one line, at most `units` long: for values people supplied."""
    if encoding is Encoding.GSM and len(text) <= units and PLAIN.issuperset(text):
        return text.strip()  # nearly every value
    kept, used, width = [], 0, _width(encoding)
    for character in text:
        if not _is_spelled(character, encoding):
            continue
        used += width(character)
        if used > units:
            break
        kept.append(character)
    return "".join(kept).strip()


def _is_spelled(character: str, encoding: Encoding) -> bool:
    if encoding is Encoding.GSM:
        return character in ALPHABET and character not in "\r\n\f"
    return character.isprintable()  # no line break, nothing invisible, nothing that turns the direction


def _width(encoding: Encoding) -> Callable[[str], int]:
    return _gsm_width if encoding is Encoding.GSM else _ucs2_width


def _gsm_width(character: str) -> int:
    return 2 if character in EXTENDED else 1


def _ucs2_width(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1
