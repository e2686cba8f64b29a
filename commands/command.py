"""What a command is: a row that says its verbs, how it is used, who may give it, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from commands.desk import Desk

Asked = TypeVar("Asked")


class Role(IntEnum):
    """Who may give a command; for anybody below, it does not exist."""

    PERSON = 0
    ADMIN = 1


class Grade(StrEnum):
    OPEN = "open"  # changes nothing
    CHANGING = "changing"
    GRAVE = "grave"  # done only after the code that was sent back has come
    CODE = "code"  # brings that code


@dataclass(frozen=True, slots=True)
class Command(Generic[Asked]):
    verbs: tuple[str, ...]
    usage: str
    example: str
    summary: str
    role: Role
    grade: Grade
    takes_text: bool  # lines below that are no commands belong to it
    reads: Callable[[str, str | None], Asked]  # what follows the verb, and the region; raises Unfit
    does: Callable[
        [Desk, Asked], Awaitable[str | None]
    ]  # the answer, None: silence; raises Refused and changes nothing
    news: str | None = None  # the text by which the other admins are told of it

    @property
    def verb(self) -> str:
        return self.verbs[0]


def command(
    *verbs: str,
    usage: str,
    example: str,
    summary: str,
    role: Role,
    grade: Grade,
    reads: Callable[[str, str | None], Asked],
    takes_text: bool = False,
    news: str | None = None,
) -> Callable[[Callable[[Desk, Asked], Awaitable[str | None]]], Command[Asked]]:
    """Make a function's row; the function itself stays as it was, in `does`."""

    def row(does: Callable[[Desk, Asked], Awaitable[str | None]]) -> Command[Asked]:
        return Command(verbs, usage, example, summary, role, grade, takes_text, reads, does, news)

    return row
