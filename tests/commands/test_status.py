from commands.durations import MINUTE
from storage import chats
from tests.commands.room import Room
from tests.people import ALICE, BOB


async def test_a_quiet_service_says_so(room: Room) -> None:
    assert await room.ask("STATUS") == "Open chats: 0. Waiting: 0. In doubt: 0. Failed: 0."


async def test_what_waits_is_counted_and_dated(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    [chat] = await chats.open_chats(room.engine.reader)
    await room.texts(chat)
    room.now += 5 * MINUTE
    await room.texts(chat)
    assert await room.ask("STATUS") == "Open chats: 1. Waiting: 2, the oldest for 5m. In doubt: 0. Failed: 0."


async def test_what_failed_and_what_is_in_doubt_is_counted(room: Room) -> None:
    await room.ask(f"PAIR {ALICE.e164()} {BOB.e164()}")
    [chat] = await chats.open_chats(room.engine.reader)
    for state in ("dead", "uncertain"):
        await room.texts(chat)
        async with room.engine.transaction() as tx:
            await tx.run("UPDATE outbound SET state = $1, ready_at = NULL WHERE state = 'queued'", state)
    assert await room.ask("STATUS") == "Open chats: 1. Waiting: 0. In doubt: 1. Failed: 1."


async def test_refused_webhooks_are_told_with_what_to_look_at(room: Room) -> None:
    room.change(refused=lambda: "12 wrong signatures in 10 min, check VONAGE_SIGNATURE_SECRET")
    told = "WEBHOOKS REFUSED: 12 wrong signatures in 10 min, check VONAGE_SIGNATURE_SECRET. Open chats: 0."
    assert (await room.ask("STATUS")).startswith(told)


async def test_while_no_text_leaves_status_says_so_first(room: Room) -> None:
    room.change(trouble=lambda: "status 9")
    assert (await room.ask("STATUS")).startswith("NO TEXT LEAVES: status 9. Open chats: 0.")
