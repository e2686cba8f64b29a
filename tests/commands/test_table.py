import pytest

from commands.command import Command, Grade
from commands.grammar import Spoken, read
from commands.table import TABLE

# The design's list; what later versions add comes here too.
VERBS = {
    "PAIR", "END", "CLOSE", "END ALL", "CLOSE ALL", "REOPEN", "EXTEND", "LIST", "NEXT", "SHOW", "SAY", "TELL", "STATUS",
    "FAILED", "RESEND", "RESEND ALL", "DISMISS", "DISMISS ALL", "WHOAMI", "OK", "HELP", "INFO", "UNDO", "BLOCK",
    "UNBLOCK", "CHECK", "RESUME", "GUARD", "ADMIN", "ADMIN LIST", "ADMIN ADD", "ADMIN REMOVE",
}  # fmt: skip
# Carriers act on these before we see them, or answer them in our place.
CARRIERS = {"YES", "NO", "CANCEL", "STOP", "QUIT", "START", "JOIN", "MORE", "CONTINUE", "UNSUBSCRIBE"}


def test_every_verb_is_there_once() -> None:
    verbs = [verb for command in TABLE for verb in command.verbs]
    assert len(verbs) == len(set(verbs))
    assert set(verbs) == VERBS
    assert not set(verbs) & CARRIERS


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
def test_every_example_is_read_as_its_own_command(command: Command[object]) -> None:
    [item] = read(command.example, None, TABLE).items
    assert isinstance(item, Spoken)
    assert item.command is command


def test_what_is_done_to_everything_and_to_admins_is_grave() -> None:
    assert [each.verb for each in TABLE if each.grade is Grade.GRAVE] == [
        "END ALL", "RESEND ALL", "DISMISS ALL", "ADMIN ADD", "ADMIN REMOVE",
    ]  # fmt: skip


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.verb)
def test_what_changes_something_is_news_and_nothing_else_is(command: Command[object]) -> None:
    takes_news_from_what_it_undoes = command.verb == "UNDO"
    changes = command.grade in (Grade.CHANGING, Grade.GRAVE) and not takes_news_from_what_it_undoes
    assert (command.news is not None) == changes
