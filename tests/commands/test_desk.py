from dataclasses import replace

import pytest

from commands.command import Role
from commands.desk import Desk, Refused
from storage.model import Kind, Outbound
from tests.commands.room import HOUSE, Room
from tests.people import ADMIN, ALICE, BOB, LINE


async def test_a_notice_goes_to_the_person_on_their_line_and_belongs_to_the_chat(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    async with room.engine.transaction() as tx:
        desk = room.desk(tx)
        chat = await desk.chat_known(1)
        desk.notify(chat.b.seat, "said", chat, words="hi")
    assert desk.outgoing == [Outbound(LINE, BOB, "Private SMS: hi", Kind.NOTICE, chat.id)]


async def test_nobody_asks_over_the_api(room: Room) -> None:
    async with room.engine.transaction() as tx:
        desk = room.desk(tx, admin=None, line=None, is_admin=False)
        assert desk.role is Role.PERSON
        with pytest.raises(LookupError):
            _ = desk.asker


async def test_nobody_is_an_admin_by_default(room: Room) -> None:
    async with room.engine.transaction() as tx:
        assert room.desk(tx, is_admin=True).role is Role.ADMIN
        assert Desk(tx=tx, house=room.house, admin=ADMIN, line=LINE, now=room.now).role is Role.PERSON


async def test_what_a_command_is_about_is_remembered_for_the_log(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    async with room.engine.transaction() as tx:
        for desk, meant in ((room.desk(tx), 1), (room.desk(tx), None), (room.desk(tx), ALICE)):
            assert (await desk.chat_meant(meant, "END")) == desk.about.chat


def test_no_secret_shows_when_the_house_is_printed() -> None:
    house = replace(HOUSE, authenticators={ADMIN: "JBSWY3DPEHPK3PXP"})
    assert "JBSWY3DPEHPK3PXP" not in repr(house)
    assert "a key for tests" not in repr(house)


async def test_the_service_goes_by_its_own_name(room: Room) -> None:
    room.change(service_name="Cab Line")
    assert room.house.text("ended").startswith("Cab Line: this chat has ended.")


async def test_a_time_in_the_future_is_no_negative_age(room: Room) -> None:
    async with room.engine.transaction() as tx:
        assert room.desk(tx).since(room.now + 5000) == "0s"


def test_a_refusal_has_a_code_for_programs() -> None:
    assert (Refused("own_number").code, Refused("has_opted_out", code="opted_out").code) == ("own_number", "opted_out")
