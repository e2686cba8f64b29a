"""What a value shows of itself by accident, in a log or an error: of every dataclass no number, text or secret."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from types import ModuleType
from typing import Any

import pytest

import bot
import commands
import storage
from storage.number import Number

PERSON = Number("+447700900123")
CANARY = "canary-5eed5eed"
WORDS = re.compile(r"\b(str|bytes|object|Any|Mapping|dict)\b")
# Words of ours, ids, and what the settings say: they may be shown. Whatever else can hold words is `repr=False`.
EVERYWHERE = {"reason", "language", "label"}
SHOWN = {
    "bot.connections.Connections": "_held",  # addresses of machines
    "bot.demo.Plan": "key",
    "bot.findings.Finding": "about says",
    "bot.intake.Rows": "told",  # what of, in a word of ours
    "bot.proxy.Chance": "owner",
    "bot.routing.Answer": "key kept once",
    "bot.routing.Ground": "region",
    "bot.routing.OptIn": "silent",
    "bot.routing.OptOut": "silent",
    "bot.routing.Pause": "why",
    "bot.routing.Speak": "silent",
    "bot.vonage.account.OwnedNumber": "application",
    "bot.vonage.sending.Accepted": "message_ids price balance",
    "bot.vonage.sending.Doubt": "message_ids",
    "bot.writer.Entry": "item answer",  # values that are looked at here themselves
    "commands.arguments.Label": "text",
    "commands.arguments.Tail": "digits",  # the last four
    "commands.command.Command": "verbs usage example summary news",
    "commands.desk.About": "news",
    "commands.desk.House": "service_name region",
    "commands.destinations.Destinations": "countries",
    "commands.grammar.Misspoken": "key command",
    "commands.grammar.Spoken": "command arguments",  # values that are looked at here themselves
    "commands.guard.Asked": "said",
    "commands.languages.Language": "code name countries words",
    "commands.languages.Languages": "known",
    "commands.words.LanguageAsked": "code",
    "storage.audit.Entry": "who what whom outcome",  # last four digits
    "storage.copying.Table": "name columns key words",
    "storage.errands.Errand": "id",
    "storage.errands.Outcome": "id failed rest",
    "storage.holdings.Marks": "opted_out_by language",
    "storage.holdings.Sitting": "side line",  # a line is ours
    "storage.holdings.Text": "line kind state why",
    "storage.keys.Key": "id",
    "storage.leases.Other": "owner",  # names a run of a process
    "storage.model.Chat": "closed_reason paused_reason",
    "storage.model.Claim": "owner client_ref",
    "storage.model.Inbound": "message_id",
    "storage.model.Outbound": "cause",
    "storage.model.Part": "ref",
    "storage.model.Receipt": "message_id client_ref status err_code",
    "storage.outbox.Claimed": "cancelled",
    "storage.outbox.Sent": "message_ids",
    "storage.resealing.Field": "name bound_to of",
    "storage.resealing.Place": "after",
    "storage.resealing.Table": "name key",
    "storage.server.Server": "version encoding wrong_keys",
    "storage.survey.Survey": "damage",
    "storage.tokens.Token": "id name sha256",
}


def modules() -> Iterator[ModuleType]:
    for package in (bot, commands, storage):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # The emulator shows texts on purpose, and is given made-up ones.
            if not found.name.startswith("bot.emulator") and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def of_ours() -> list[type[Any]]:
    every = {value for module in modules() for value in vars(module).values() if isinstance(value, type)}
    ours = [each for each in every if is_dataclass(each) and re.match(r"(bot|commands|storage)\.", each.__module__)]
    return sorted(ours, key=named)


def built(kind: type[Any]) -> Any:
    """One with the canary in each field that can hold it, whatever its own rules are."""
    value = object.__new__(kind)
    for each in fields(kind):
        shown = each.name in EVERYWHERE or each.name in SHOWN.get(named(kind), "").split()
        object.__setattr__(value, each.name, "" if shown else held(str(each.type)))
    return value


def named(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def held(declared: str) -> object:
    if declared.startswith("Callable"):
        return ""
    numbers = [PERSON] if re.search(r"\bNumber\b", declared) else []
    return [*numbers, *([CANARY] if WORDS.search(declared) else [])] or ""


def shows(kind: type[Any], secret: str) -> bool:
    value = built(kind)
    return any(secret in shown for shown in (repr(value), str(value), f"{value}"))


@pytest.mark.no_cover
def test_a_value_shows_neither_a_number_nor_a_text_by_accident() -> None:
    every = of_ours()
    assert len(every) > 90
    assert [named(kind) for kind in every if shows(kind, PERSON.digits())] == []
    careless = [named(kind) for kind in every if shows(kind, CANARY)]
    assert careless == [], "give the field repr=False, or name it in SHOWN if it holds words of ours only"


def test_the_words_that_may_be_shown_are_there() -> None:
    there = {named(kind): {each.name for each in fields(kind)} for kind in of_ours()}
    assert {kind: names for kind, names in SHOWN.items() if not set(names.split()) <= there.get(kind, set())} == {}


@dataclass
class Careless:
    said: str
    to: Number


@dataclass
class Careful:
    said: str = field(repr=False)
    to: Number


def test_this_test_sees_a_text_that_is_shown() -> None:
    assert CANARY in repr(built(Careless))
    assert CANARY not in repr(built(Careful))
