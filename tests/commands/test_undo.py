import pytest

from commands.durations import HOUR, MINUTE
from commands.undo import LIFE
from storage import blocks, chats
from storage.blocks import FOR_EVER
from storage.model import Chat
from tests.commands.room import SECOND_ADMIN, Room
from tests.people import ALICE, BOB, CAROL, DAVE, LINE

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"
ENDED = "Private SMS: this chat has ended. Further texts here will not reach the other person."
AGAIN = "Private SMS: this chat is open again. Just reply here; your number stays hidden. STOP to opt out."


async def chat(room: Room, id: int = 1) -> Chat:
    found = await chats.find(room.engine.reader, id)
    assert found is not None
    return found


@pytest.fixture
async def paired(room: Room) -> Room:
    """Chat 1 of Alice and Bob."""
    await room.ask(PAIR)
    room.heard()
    return room


async def test_undone_a_pair_is_closed_and_both_are_told(paired: Room) -> None:
    assert await paired.ask("undo") == "Undone: Chat 1 is closed, both were told. REOPEN 1 opens it again."
    assert paired.heard() == [(ALICE, ENDED), (BOB, ENDED)]
    assert (await chat(paired)).closed_reason == "undone by an admin"


async def test_undone_an_end_is_open_again_and_keeps_its_time(room: Room) -> None:
    await room.ask(f"{PAIR} FOR 2H")
    before = await chat(room)
    await room.ask("END 1")
    room.heard()
    assert await room.ask("UNDO") == "Undone: Chat 1 is open again, both were told. END 1 closes it."
    assert room.heard() == [(ALICE, AGAIN), (BOB, AGAIN)]
    assert await chat(room) == before


async def test_undone_a_reopening_is_closed(paired: Room) -> None:
    await paired.say("END 1\nREOPEN 1")
    assert (await paired.ask("UNDO")).startswith("Undone: Chat 1 is closed")
    assert not (await chat(paired)).open


@pytest.mark.parametrize("before", [None, 2 * HOUR])
async def test_undone_an_extension_has_its_former_end(room: Room, before: int | None) -> None:
    await room.ask(PAIR if before is None else f"{PAIR} FOR 2H")
    await room.ask("EXTEND 1 2D")
    assert await room.ask("UNDO") == "Undone: Chat 1 has its former end again. SHOW 1 tells it."
    assert (await chat(room)).expires_at == (None if before is None else room.now + before)


async def test_undone_a_block_is_none(room: Room) -> None:
    await room.ask(f"BLOCK {ALICE.e164()}")
    assert await room.ask("UNDO") == "Undone: *0001 is not blocked."
    assert await blocks.blocked_until(room.engine.reader, ALICE, room.now) is None


async def test_undone_a_second_block_is_the_first(room: Room) -> None:
    await room.say(f"BLOCK {ALICE.e164()} FOR 2H\nBLOCK {ALICE.e164()}")
    assert await room.ask("UNDO") == "Undone: *0001 is blocked as before."
    assert await blocks.blocked_until(room.engine.reader, ALICE, room.now) == room.now + 2 * HOUR


async def test_undone_an_unblocking_is_the_block_it_was(room: Room) -> None:
    await room.say(f"BLOCK {ALICE.e164()}\nUNBLOCK {ALICE.e164()}")
    assert await room.ask("UNDO") == "Undone: *0001 is blocked again."
    assert await blocks.blocked_until(room.engine.reader, ALICE, room.now) == FOR_EVER


async def test_two_minutes_are_enough_and_no_more(paired: Room) -> None:
    paired.now += LIFE
    assert await paired.ask("UNDO") == (
        "Your last act, PAIR, is more than 2 min ago: too late to undo. Nothing was changed. "
        "STATUS tells how things are."
    )
    assert (await chat(paired)).open
    await paired.ask("EXTEND 1 2D")
    paired.now += LIFE - 1
    assert (await paired.ask("UNDO")).startswith("Undone")


async def test_what_is_undone_is_not_undone_twice_nor_what_came_before_it(paired: Room) -> None:
    await paired.ask("EXTEND 1 2D")
    await paired.ask("UNDO")
    assert await paired.ask("UNDO") == "Your last act, EXTEND, is undone already. Nothing was changed."
    assert (await chat(paired)).open


async def test_one_undoes_ones_own_acts_only(paired: Room) -> None:
    assert await paired.ask("UNDO", admin=SECOND_ADMIN) == (
        "There is nothing of yours to undo, so nothing was changed. HELP UNDO tells more."
    )


async def test_what_another_admin_has_built_on_is_not_undone(paired: Room) -> None:
    await paired.ask("EXTEND 1 2D")
    await paired.ask("EXTEND 1 7D", admin=SECOND_ADMIN)
    assert (await paired.ask("UNDO")).startswith("Since your EXTEND another admin has acted on the same")
    assert (await paired.ask("UNDO", admin=SECOND_ADMIN)).startswith("Undone")
    assert (await paired.ask("UNDO")).startswith("Undone"), "the other has taken it back"
    assert (await chat(paired)).expires_at is None


async def test_where_somebody_is_in_another_chat_meanwhile_an_end_stays(room: Room) -> None:
    room.change(lines=(LINE,))
    await room.say(f"{PAIR}\nEND 1")
    await room.ask(f"PAIR {ALICE.e164()} {CAROL.e164()}", admin=SECOND_ADMIN)
    assert "*0001 is already in Chat 2" in await room.ask("UNDO")
    assert not (await chat(room)).open


async def test_where_the_chat_has_ended_otherwise_nothing_is_undone(paired: Room) -> None:
    async with paired.engine.transaction() as tx:
        await chats.close(tx, await chat(paired), reason="nobody wrote", now=paired.now)
    assert (await paired.ask("UNDO")).startswith("Chat 1 is closed already, so there is nothing to undo.")


async def test_a_former_end_that_has_passed_does_not_come_back(room: Room) -> None:
    await room.ask(f"{PAIR} FOR 1M")
    for act in ("EXTEND 1 2D", "END 1"):
        await room.ask(act)
        assert (await chat(room)).open == (act != "END 1")
    room.now += MINUTE
    async with room.engine.transaction() as tx:
        await tx.run("UPDATE chat SET expires_at = $1", room.now)
    assert (await room.ask("UNDO")).startswith("What was before your last act would be over by now")
    assert not (await chat(room)).open


async def test_a_former_end_of_an_extension_that_has_passed_does_not_come_back(room: Room) -> None:
    await room.say(f"{PAIR} FOR 1M\nEXTEND 1 2D")
    room.now += MINUTE
    assert (await room.ask("UNDO")).startswith("What was before your last act would be over by now")


async def test_ending_all_leaves_nothing_to_undo(paired: Room) -> None:
    await paired.ask(f"PAIR {CAROL.e164()} {DAVE.e164()}")
    await paired.ask("END ALL")
    await paired.ask("OK 4821")
    assert (await paired.ask("UNDO")).startswith("There is nothing of yours to undo")


@pytest.mark.parametrize("text", ["SAY 1 hello", "LIST", "RESEND 7", "END 7"])
async def test_what_cannot_be_undone_or_was_refused_is_passed_over(paired: Room, text: str) -> None:
    await paired.ask(text)
    assert (await paired.ask("UNDO")).startswith("Undone: Chat 1 is closed")
