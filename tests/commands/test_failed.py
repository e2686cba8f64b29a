from __future__ import annotations

from commands.durations import HOUR
from storage import chats, outbox
from storage.model import Chat
from storage.outbox import Buried, Doubtful
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL, DAVE, LINE


async def chat_of(room: Room) -> Chat:
    if not (found := await chats.open_chats(room.engine.reader)):
        await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
        found = await chats.open_chats(room.engine.reader)
    return found[0]


async def fail(room: Room, *, in_doubt: bool = False) -> int:
    """A text of Alice's to Bob fails; its number."""
    await room.texts(await chat_of(room))
    async with room.engine.transaction() as tx:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=room.now)).texts
        if in_doubt:
            await outbox.doubt(tx, [Doubtful(claim, "time-out", partly=True)], room.now)
            await tx.run("UPDATE outbound SET state = 'dead' WHERE id = $1", claim.id)
        else:
            await outbox.bury(tx, [Buried(claim, "status 6")], room.now)
    return claim.id


async def state(room: Room, message: int) -> str:
    [(state,)] = await room.engine.reader.rows("SELECT state FROM outbound WHERE id = $1", message)
    return str(state)


async def test_where_nothing_has_failed_that_is_said(room: Room) -> None:
    assert await room.ask("FAILED") == "No text has failed."


async def test_failed_texts_are_listed_with_whom_they_were_for(room: Room) -> None:
    first, second = await fail(room), await fail(room)
    assert await room.ask("FAILED") == (
        f"2 failed: {first} *0002, {second} *0002. FAILED {first} tells more. RESEND and DISMISS go by that number too."
    )


async def test_more_than_one_text_has_room_for_are_counted(room: Room) -> None:
    for _ in range(14):
        await fail(room)
    answer = await room.ask("failed")
    assert answer.startswith("14 failed: 1 *0002, 2 *0002")
    assert " ... FAILED 1 tells more" in answer.replace(" .... ", " ... ")


async def test_one_is_told_with_its_reason(room: Room) -> None:
    message = await fail(room)
    room.now += 2 * HOUR
    assert await room.ask(f"FAILED {message}") == (
        f"{message} to *0002 in Chat 1: status 6, 2h ago. RESEND {message} sends it again, DISMISS {message} drops it."
    )


async def test_of_one_that_was_in_doubt_it_is_said_that_it_may_have_arrived(room: Room) -> None:
    message = await fail(room, in_doubt=True)
    assert f"; it may have arrived. RESEND {message} or DISMISS {message}." in await room.ask(f"FAILED {message}")
    told = f"{message} to *0002 goes out again, though the first may have arrived: then they get it twice."
    assert await room.ask(f"RESEND {message}") == told


async def test_a_failed_text_is_sent_again(room: Room) -> None:
    message = await fail(room)
    assert await room.ask(f"resend {message}") == f"{message} to *0002 goes out again."
    assert await state(room, message) == "queued"


async def test_a_failed_text_is_dropped(room: Room) -> None:
    message = await fail(room)
    assert await room.ask(f"DISMISS {message}") == f"{message} to *0002 is dropped. Nobody is told."
    assert await state(room, message) == "cancelled"
    assert room.heard()[2:] == []  # the two introductions


async def test_a_text_of_a_closed_chat_stays_where_it_is(room: Room) -> None:
    message = await fail(room)
    await room.ask("END 1")
    assert await room.ask(f"RESEND {message}") == (
        f"Chat 1 is closed, so text {message} was not sent again. REOPEN the chat first. Nothing was changed."
    )
    assert await state(room, message) == "dead"


async def test_a_text_to_somebody_who_opted_out_stays_where_it_is(room: Room) -> None:
    message = await fail(room)
    await room.opts_out(BOB)
    assert (await room.ask(f"RESEND {message}")).startswith("*0002 has opted out")
    assert await state(room, message) == "dead"


async def test_only_what_failed_can_be_sent_again_or_dropped(room: Room) -> None:
    message = await fail(room)
    await room.ask(f"RESEND {message}")
    for verb in ("RESEND", "DISMISS", "FAILED"):
        told = f"Text {message} has not failed, it is queued. Nothing was changed."
        assert await room.ask(f"{verb} {message}") == told
        assert (await room.ask(f"{verb} 4711")).startswith("There is no text 4711")


async def test_all_at_once_takes_a_code_and_leaves_what_cannot_go(room: Room) -> None:
    first, second = await fail(room), await fail(room)
    await room.ask("END 1")
    await room.ask(f"PAIR {CAROL.e164()} {DAVE.e164()}")
    third = await fail(room)
    assert "OK 4821" in await room.ask("RESEND ALL")
    assert (await room.ask("OK 4821")).startswith("Texts going out again: 1. Left as they are")
    assert [await state(room, each) for each in (first, second, third)] == ["dead", "dead", "queued"]


async def test_all_are_dropped_with_a_code(room: Room) -> None:
    messages = [await fail(room), await fail(room)]
    await room.ask("DISMISS ALL")
    assert await room.ask("OK 4821") == "Texts dropped: 2. Nobody is told."
    assert [await state(room, each) for each in messages] == ["cancelled"] * 2


async def test_without_a_number_nothing_is_done(room: Room) -> None:
    assert await room.ask("RESEND") == "Which text? Nothing was changed. RESEND 381, e.g. RESEND 381"
    assert (await room.ask("DISMISS job7")).startswith("job7 is no text. Nothing was changed.")


async def test_the_number_of_a_text_is_told_whole_however_many_there_were(room: Room) -> None:
    message = await fail(room)
    async with room.engine.transaction() as tx:
        await tx.run("UPDATE outbound SET id = 123456789012 WHERE id = $1", message)
    assert "FAILED 123456789012 tells more" in await room.ask("FAILED")
    assert (await room.ask("FAILED 123456789012")).startswith("123456789012 to *0002 in Chat 1: status 6")
    assert await room.ask("RESEND 123456789012") == "123456789012 to *0002 goes out again."
