import pytest

from commands.command import Role
from commands.desk import Refused
from storage.model import Kind, Outbound
from tests.commands.room import Room
from tests.people import ADMIN, ALICE, BOB, LINE


async def test_a_notice_goes_to_the_person_on_their_line_and_belongs_to_the_chat(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164} {BOB.e164}")
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        chat = await desk.chat_known(1)
        desk.notify(chat.b.seat, "said", chat, words="hi")
    assert desk.outgoing == [Outbound(LINE, BOB, "Private SMS: hi", Kind.NOTICE, chat.id)]


async def test_nobody_asks_over_the_api(room: Room) -> None:
    async with room.engine.transaction() as tx:
        desk = room.desk(tx, admin=None, line=None)
        assert desk.role is Role.PERSON
        with pytest.raises(LookupError):
            _ = desk.asker


async def test_who_may_command_is_read_from_the_house(room: Room) -> None:
    async with room.engine.transaction() as tx:
        assert room.desk(tx, admin=ADMIN).role is Role.ADMIN
        assert room.desk(tx, admin=ALICE).role is Role.PERSON


async def test_the_service_goes_by_its_own_name(room: Room) -> None:
    room.change(service_name="Cab Line")
    assert room.house.text("ended").startswith("Cab Line: this chat has ended.")


async def test_a_time_in_the_future_is_no_negative_age(room: Room) -> None:
    async with room.engine.transaction() as tx:
        assert room.desk(tx).since(room.now + 5000) == "0s"


def test_a_refusal_has_a_code_for_programs() -> None:
    assert (Refused("own_number").code, Refused("has_opted_out", code="opted_out").code) == ("own_number", "opted_out")
