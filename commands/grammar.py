"""What an admin's text says: which lines are commands, and what is wrong with those that nearly are. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from commands import spelling
from commands.arguments import Unfit
from commands.command import Command, Grade
from commands.words import plain

Table = Sequence[Command[Any]]
SIGNED = re.compile(r"(.*\S)\s+([0-9]{6})[\s.!?]*", re.DOTALL)  # by an authenticator's six digits


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command whose arguments fit."""

    command: Command[Any]
    arguments: object
    line: str = field(repr=False)  # whole numbers and texts stay out of logs
    digits: str | None = field(default=None, repr=False)  # of an authenticator, which stood at the end


@dataclass(frozen=True, slots=True)
class Misspoken:
    """No command, or one whose arguments do not fit. `key` and `values` name the text that says what is wrong."""

    line: str = field(repr=False)
    key: str
    values: Mapping[str, object] = field(repr=False)
    command: Command[Any] | None = None  # None: the first word is no verb


Item = Spoken | Misspoken


@dataclass(frozen=True, slots=True)
class Reading:
    items: tuple[Item, ...]

    @property
    def is_command(self) -> bool:
        """Every line is a command that fits: nothing of it was meant for a partner."""
        return bool(self.items) and all(isinstance(item, Spoken) for item in self.items)


def read(text: str, region: str | None, table: Table) -> Reading:
    lines: list[str] = []
    for line in text.splitlines():
        if lines and _goes_on(lines[-1], line, region, table):
            lines[-1] += "\n" + line
        elif line.strip():
            lines.append(line.strip())
    items = tuple(_item(line, region, table) for line in lines or [""])
    if any(item.command for item in items):
        return Reading(items)
    return Reading(items[:1])  # ordinary writing in several lines deserves one answer, not one for each


def is_forced(text: str) -> bool:
    """A leading slash: a command, wherever it is said."""
    return plain(text).lstrip().startswith("/")


def undotted(text: str) -> str | None:
    """What is to be passed on of a text that a leading dot marks as no command; None when no dot does."""
    bare = text.lstrip()
    if not bare.startswith(".") or bare.startswith(".."):
        return None
    return bare[1:].lstrip() or None


def _item(line: str, region: str | None, table: Table) -> Item:
    command, rest = _verb(line, table)
    if command is None:
        return _unknown(line, table)
    try:
        return Spoken(command, command.reads(rest, region), line)
    except Unfit as unfit:
        return _signed(line, region, command) or Misspoken(line, unfit.key, unfit.values, command)


def signed(spoken: Spoken, region: str | None) -> Spoken | None:
    """The same without the six digits at its end, even where it would fit as a whole; None: it ends in none."""
    return spoken if spoken.digits is not None else _signed(spoken.line, region, spoken.command)


def _signed(line: str, region: str | None, command: Command[Any]) -> Spoken | None:
    if command.grade not in (Grade.CHANGING, Grade.GRAVE) or (found := SIGNED.fullmatch(line)) is None:
        return None
    bare, digits = found.groups()
    item = _item(bare, region, [command])
    return replace(item, line=line, digits=digits) if isinstance(item, Spoken) and item.digits is None else None


def _verb(line: str, table: Table) -> tuple[Command[Any] | None, str]:
    """The command a line begins with, and what follows in the sender's own spelling. `END ALL` comes before `END`."""
    for count in (2, 1):
        first, rest = _split(line, count)
        if (command := verbs(table).get(first)) is not None:
            return command, rest
    return None, ""


def verbs(table: Table) -> dict[str, Command[Any]]:
    return {verb: command for command in table for verb in command.verbs}


def _split(line: str, count: int) -> tuple[str, str]:
    words = line.lstrip("/ ").split(maxsplit=count)
    first = " ".join(plain(word).rstrip(".,:;!?").upper() for word in words[:count])
    return first, "".join(words[count:])


def _unknown(line: str, table: Table) -> Misspoken:
    word, _ = _split(line, 1)
    if not word:
        return Misspoken(line, "no_command", {})
    meant = spelling.nearest(word, (verb for verb in verbs(table) if " " not in verb))
    if meant is None:
        return Misspoken(line, "unknown", {"word": word})
    return Misspoken(line, "unknown_like", {"word": word, "verb": meant})


def _goes_on(so_far: str, line: str, region: str | None, table: Table) -> bool:
    """Whether a line belongs to the text of the SAY above it."""
    above, _ = _verb(so_far, table)
    return above is not None and above.takes_text and not isinstance(_item(line, region, table), Spoken)
