"""The languages there are: one file each in commands/texts, read once; and in which of them somebody is texted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from commands import gsm
from commands.catalogue import Catalogue, CatalogueError
from commands.destinations import country
from commands.gsm import Encoding
from storage.number import Number

ENGLISH = "en"  # what all others are measured by, and what is said where they say nothing
ALPHABETS = {"gsm": Encoding.GSM, "unicode": Encoding.UCS2}


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    name: str  # its own, as people choose it
    countries: frozenset[str]  # where nearly everybody speaks it
    words: Mapping[str, tuple[str, ...]]  # what texts are read for: opt_out, opt_in, yes, help, hints
    texts: Catalogue


@dataclass(frozen=True, slots=True)
class Languages:
    known: Mapping[str, Language]

    def listed(self, encoding: Encoding) -> str:
        """As people are told which there are: by their names, as far as that can spell them."""
        return ", ".join(_spelled(each.name, each.code, encoding) for each in self.known.values())

    def phrases(self, kind: str) -> list[str]:
        """The words of that kind in all languages, for nobody's is known for certain."""
        return [phrase for language in self.known.values() for phrase in language.words[kind]]

    def spoken_by(self, number: Number, *wishes: str | None) -> Catalogue:
        """The texts in the first of these languages there is; else in that of the number's country, else English."""
        for wish in wishes:
            if wish is not None and wish in self.known:
                return self.known[wish].texts
        home = country(number)
        return next((each for each in self.known.values() if home in each.countries), self.known[ENGLISH]).texts

    @property
    def english(self) -> Catalogue:
        return self.known[ENGLISH].texts


@cache
def load() -> Languages:
    """Every file there is. Raises CatalogueError."""
    files = (resources.files("commands") / "texts").iterdir()
    held = {file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8")) for file in files}
    english = _language(ENGLISH, held[ENGLISH], None)
    others = {code: _language(code, held[code], english.texts) for code in sorted(held.keys() - {ENGLISH})}
    return Languages({ENGLISH: english} | others)


@cache  # each text that is filled asks for them all
def _spelled(own: str, code: str, encoding: Encoding) -> str:
    names = (own, gsm.unaccented(own))
    return next((name for name in names if encoding is Encoding.UCS2 or gsm.is_gsm(name)), code.upper())


def _language(code: str, held: dict[str, Any], english: Catalogue | None) -> Language:
    about, words = held.pop("language"), held.pop("words")
    try:
        return Language(
            code=code,
            name=about["name"],
            countries=frozenset(about["countries"]),
            words={kind: tuple(phrases) for kind, phrases in words.items()},
            texts=Catalogue(held, english, encoding=ALPHABETS[about["alphabet"]], units=about["units"]),
        )
    except KeyError as error:
        raise CatalogueError(f"language {code!r} lacks {error}") from error
