import pytest

from commands import person
from commands.arguments import Tail
from commands.desk import Refused
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL


async def test_a_whole_number_is_taken_at_its_word(room: Room) -> None:
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        assert await person.in_open_chat(desk, CAROL) == CAROL
        assert desk.about.number == CAROL


async def test_four_digits_mean_who_is_in_an_open_chat_before_who_was(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        assert await person.ever_in_chat(desk, Tail("0001")) == ALICE
        with pytest.raises(Refused, match="unknown_tail"):
            await person.in_open_chat(desk, Tail("0001"))


async def test_digits_of_several_name_none_of_them(room: Room) -> None:
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        with pytest.raises(Refused, match="several_tails"):
            person.the_one(desk, [ALICE, BOB], "0001")
        assert desk.about.number is None
