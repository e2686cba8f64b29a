import pytest

from commands.desk import Refused
from commands.grammar import read
from commands.run import carry_out
from commands.table import TABLE
from storage import chats
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"


async def test_each_line_is_carried_out_and_answered_in_order(room: Room) -> None:
    assert await room.say(f"{PAIR}\nSHOW 1\nEND 1\nSHOW 1") == [
        "Chat 1 ready: *0001 + *0002. END 1 closes it, UNDO within 2 min.",
        "Chat 1 open. A *0001 wrote 0, line *0000; B *0002 wrote 0, line *0000. No text yet. No end set.",
        "Chat 1 closed: *0001 + *0002. REOPEN 1 opens it again.",
        "Chat 1 closed 0s ago: ended by an admin. A *0001 wrote 0, line *0000; B *0002 wrote 0, line *0000. "
        "No text yet.",
    ]


async def test_wrong_arguments_are_answered_with_the_usage_and_an_example(room: Room) -> None:
    assert await room.ask("PAIR +447700900001") == (
        "I need two numbers and found 1. Nothing was changed. "
        "PAIR num num [AS label] [FOR 2H], e.g. PAIR +447700900001 +447700900002"
    )


async def test_a_slip_is_answered_with_a_suggestion_and_not_run(room: Room) -> None:
    slip = PAIR.replace("PAIR", "PIAR")
    assert await room.ask(slip) == "I don't know PIAR. Did you mean PAIR? Nothing was changed or passed on."
    assert room.heard() == []
    assert await chats.count_open(room.engine.reader) == 0


async def test_an_unknown_word_is_answered(room: Room) -> None:
    assert (
        await room.ask("banana") == "I don't know BANANA, so nothing was changed or passed on. HELP lists what I know."
    )


async def test_a_refused_line_does_not_stop_the_next(room: Room) -> None:
    answers = await room.say(f"END 7\nPAIR {ALICE.e164()} {CAROL.e164()}")
    assert [answer[:12] for answer in answers] == ["There is no ", "Chat 1 ready"]


async def test_a_refusal_is_there_for_callers_that_want_to_know(room: Room) -> None:
    async with room.engine.transaction() as tx:
        [item] = read("END nobody", None, TABLE).items
        with pytest.raises(Refused) as refused:
            await carry_out(room.desk(tx), item)
    assert (refused.value.code, refused.value.values) == ("unknown_label", {"label": "nobody"})


@pytest.mark.parametrize("text", [PAIR, "END ALL", "LIST", "WHOAMI", "OK 4821"])
async def test_a_command_does_not_exist_for_who_is_no_admin(room: Room, text: str) -> None:
    assert (await room.ask(text, admin=ALICE)).startswith("I don't know ")
    assert room.heard() == []
    assert await chats.count_open(room.engine.reader) == 0
