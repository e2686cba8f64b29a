import pytest

from commands import gsm
from commands.grammar import verbs
from commands.table import CONFIRMED
from tests.commands.room import Room


async def test_help_lists_every_command(room: Room) -> None:
    answer = await room.ask("HELP")
    listed = [command.verb for command in CONFIRMED if " " not in command.verb]  # HELP END tells of END ALL
    assert answer == " ".join(listed) + ". HELP PAIR tells more."
    assert await room.ask("info") == answer


async def test_help_explains_a_command_from_its_row(room: Room) -> None:
    assert await room.ask("HELP reopen") == (
        "REOPEN 12: open a closed chat again; both people are told, e.g. REOPEN 12"
    )


async def test_help_names_an_alias(room: Room) -> None:
    explained = "END [12 | label | num]: close a chat; both people are told, e.g. END 12 (also CLOSE)"
    assert await room.ask("HELP END") == explained
    assert await room.ask("help close") == explained


@pytest.mark.parametrize("verb", verbs(CONFIRMED))
async def test_help_knows_every_verb_in_one_text(room: Room, verb: str) -> None:
    answer = await room.ask(f"HELP {verb}")
    assert answer.startswith(verbs(CONFIRMED)[verb].usage + ": ")
    assert gsm.segments(answer).count == 1


async def test_help_for_what_is_no_verb_says_how_to_ask(room: Room) -> None:
    assert await room.ask("HELP me") == "I don't know ME. Nothing was changed. HELP [verb], e.g. HELP PAIR"
