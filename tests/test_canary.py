"""The canary: after a long conversation no number, text or secret is where it must not be; the search would find it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import quote

import phonenumbers
import pytest

from commands.table import TABLE
from storage.number import Number
from tests.canary import needles
from tests.canary.cast import Cast, cast
from tests.canary.needles import Haystack, found
from tests.canary.script import COMMANDS
from tests.canary.stage import SECRETS, perform
from tests.canary.surfaces import Kind, Search, Surface, heard
from tests.people import LINE
from tests.spellings import MANNERS, NUMBERS, dialled, national

SEED = 1
TOKEN = "canary-5eed5eed-00a7"


@pytest.mark.no_cover  # other tests cover it
async def test_after_a_long_conversation_nothing_private_is_on_any_surface(tmp_path: Path) -> None:
    seen = await perform(SEED, tmp_path)
    assert seen.leaks == []
    kinds = Counter(each.kind for each in seen.surfaces)
    assert set(kinds) == set(Kind), "each kind of surface was looked at"
    disk = " ".join(each.name for each in seen.surfaces if each.kind is Kind.DISK)
    for file in ("service.db ", "service.db-wal ", "service.db-shm ", "service.db.lock ", "copy.db "):
        assert file in disk
    assert len(heard(seen.cast, seen.surfaces)) > 30, "people did hear each other"
    [log] = [each.seen.decode() for each in seen.surfaces if each.kind is Kind.LOG]
    for event in ("text in", '"event": "text in"', "KeyError at", "ValueError at", "RuntimeError at", "answered 401"):
        assert event in log, "what was to happen did, and was logged in both forms"


@pytest.fixture(scope="module")
def players() -> Cast:
    return cast(Random(SEED))


@pytest.fixture(scope="module")
def search(players: Cast) -> Search:
    return Search(players, SECRETS)


def based(number: Number, before: str) -> str:
    return base64.b64encode(f"{before}{number.e164()} and so on".encode()).decode()


FORMS = phonenumbers.PhoneNumberFormat
MORE: dict[str, Callable[[Number], str]] = {
    "its last seven digits": lambda number: f"ring {number.digits()[-7:]}!",
    "in a URL": lambda number: quote(number.e164(), safe=""),
    "in a URL in a URL": lambda number: quote(quote(f"to {number.e164()}", safe=""), safe=""),
    "in a URL, each digit": lambda number: "".join(f"%{ord(digit):x}" for digit in number.digits()),
    "in base64": lambda number: based(number, ""),
    "in base64, one octet later": lambda number: based(number, "-"),
    "in base64, two octets later": lambda number: based(number, "--"),
    "in base64 for URLs": lambda number: base64.urlsafe_b64encode(f"?>{dialled(number)}?>".encode()).decode(),
    "in hex": lambda number: number.digits().encode().hex(),
    "in UTF-16": lambda number: number.digits().encode("utf-16-le").decode("latin-1"),
    "escaped as JSON": lambda number: json.dumps("".join(chr(0x660 + int(digit)) for digit in national(number))),
    "international": lambda number: phonenumbers.format_number(phonenumbers.parse(number.e164()), FORMS.INTERNATIONAL),
    "national": lambda number: phonenumbers.format_number(phonenumbers.parse(number.e164()), FORMS.NATIONAL),
}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"+{number.country_code} {number.tail}")
def test_a_number_is_found_in_every_spelling(number: Number) -> None:
    needle = needles.number("it", number)
    spellings = [manner(number) for manner in (*MANNERS, *MORE.values())]
    assert [each for each in spellings if not found(Haystack(f"a {each} b\n12".encode()), [needle])] == []


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"+{number.country_code} {number.tail}")
def test_what_is_no_whole_number_is_not_taken_for_one(number: Number) -> None:
    innocent = f"{number} {number.tail} 1{number.digits()[-7:]}0 2026-11-25T09:00:12.345Z {number.digits()[:7]}"
    assert found(Haystack(innocent.encode()), [needles.number("it", number)]) == []


@pytest.mark.parametrize("spelled", [
    TOKEN, TOKEN.upper(), quote(f"é {TOKEN}"), TOKEN.encode().hex(), TOKEN.encode().hex().upper(),
    TOKEN.encode("utf-16-be").decode("latin-1"),
    *(base64.b64encode(b"x" * before + TOKEN.encode()).decode() for before in range(3)),
])  # fmt: skip
def test_a_text_is_found_in_every_spelling(spelled: str) -> None:
    assert found(Haystack(f"a {spelled} b".encode("latin-1")), [needles.word("it", "canary-5eed5eed-")])


@pytest.mark.parametrize("kind", Kind)
def test_a_number_leaks_on_every_kind_of_surface_whosever_it_is(players: Cast, search: Search, kind: Kind) -> None:
    for person in players.everybody:
        surface = Surface(kind, "here", b"\x00\xff" + person.phone.encode() + b"\x00", players.people[0].phone)
        assert search.leaks(surface)


@pytest.mark.parametrize("kind", Kind)
def test_a_secret_leaks_on_every_kind_of_surface(players: Cast, search: Search, kind: Kind) -> None:
    for secret in SECRETS:
        assert search.leaks(Surface(kind, "here", f"Basic {secret}".encode(), players.people[0].phone))


@pytest.mark.parametrize("kind", Kind)
def test_a_line_leaks_where_nobody_needs_it(search: Search, kind: Kind) -> None:
    leaks = search.leaks(Surface(kind, "here", LINE.digits().encode()))
    assert bool(leaks) == (kind in (Kind.LOG, Kind.METRICS, Kind.NAME))


def test_a_text_may_be_on_the_phone_it_was_for_and_nowhere_else() -> None:
    players = cast(Random(SEED))
    one, other, third = players.people[:3]
    text, search = f"hello {players.token(one, other)}".encode(), Search(players, SECRETS)
    for reader in (one, other):
        assert search.leaks(Surface(Kind.TEXT, "here", text, reader.phone)) == []
    assert search.leaks(Surface(Kind.TEXT, "here", text, third.phone))
    for kind in set(Kind) - {Kind.TEXT}:
        assert search.leaks(Surface(kind, "here", text))


def test_every_command_is_given() -> None:
    given = (*COMMANDS, "SAY", "TELL", "END ALL", "OK")
    assert [row.verbs for row in TABLE if not any(each.startswith(row.verbs) for each in given)] == []


def test_the_same_seed_is_the_same_cast() -> None:
    assert cast(Random(7)) != cast(Random(8))
    assert [each.phone for each in cast(Random(7)).everybody] == [each.phone for each in cast(Random(7)).everybody]


def test_no_two_of_a_cast_are_mistaken_for_each_other() -> None:
    for seed in range(50):
        numbers = [each.number for each in cast(Random(seed)).everybody]
        assert len({number.digits()[-3:] for number in numbers}) == len(numbers) == 13, seed
