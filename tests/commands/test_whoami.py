from tests.commands.room import Room
from tests.people import ADMIN, ALICE, OTHER_LINE


async def test_an_admin_learns_which_number_is_seen(room: Room) -> None:
    assert await room.ask("WHOAMI") == "You are *0100, an admin, on line *0000. You are in no open chat here."


async def test_an_admins_own_chat_on_this_line_is_named(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {ADMIN.e164()} AS job7")
    assert await room.ask("WHOAMI") == (
        "You are *0100, an admin, on line *0000. Here you are B in Chat 1 job7. A dot before a text passes it on."
    )
    assert (await room.ask("WHOAMI", line=OTHER_LINE)).endswith("You are in no open chat here.")
