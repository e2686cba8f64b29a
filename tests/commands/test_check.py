from commands.durations import MINUTE
from storage import outbox
from storage.model import Kind, Outbound
from storage.outbox import Sent
from tests.commands.room import Room
from tests.people import ALICE, BOB, CAROL, LINE


async def test_somebody_unknown_has_nothing_against_them(room: Room) -> None:
    assert await room.ask(f"CHECK {ALICE.e164()}") == (
        "*0001: Has not opted out. Not blocked. In no open chat. No text to them yet."
    )


async def test_the_chats_and_the_last_text_are_told(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nPAIR {ALICE.e164()} {CAROL.e164()}")
    async with room.engine.transaction() as tx:
        for ref in ("first", "second"):
            await outbox.enqueue(tx, [(Outbound(LINE, ALICE, "hi", Kind.NOTICE), ref)], room.now)
    assert await room.ask("CHECK 0001") == (
        "*0001: Has not opted out. Not blocked. In Chat 1, 2. Last text to them: queued, 0s ago."
    )
    async with room.engine.transaction() as tx:
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=1, now=room.now)).texts
        await outbox.accept(tx, [Sent(claim, ("id",))], room.now)
        await tx.run("DELETE FROM outbound WHERE client_ref = 'second'")
    room.now += 5 * MINUTE
    assert (await room.ask("CHECK 0001")).endswith("Last text to them: accepted, 5m ago.")


async def test_an_opt_out_and_a_block_are_told(room: Room) -> None:
    await room.ask(f"BLOCK {ALICE.e164()}")
    await room.opts_out(ALICE)
    assert await room.ask(f"CHECK {ALICE.e164()}") == (
        "*0001: Opted out, must text START here. Blocked. In no open chat. No text to them yet."
    )
    await room.ask(f"BLOCK {ALICE.e164()} FOR 2D")
    assert "Blocked for 2d. In" in await room.ask(f"CHECK {ALICE.e164()}")


async def test_four_digits_mean_somebody_who_was_once_in_a_chat(room: Room) -> None:
    await room.say(f"PAIR {ALICE.e164()} {BOB.e164()}\nEND 1")
    assert (await room.ask("CHECK *0002")).startswith("*0002: Has not opted out.")
    assert (await room.ask("CHECK 0003")).startswith("Nobody I could mean ends in 0003.")


async def test_checking_changes_nothing_and_texts_nobody(room: Room) -> None:
    await room.ask(f"CHECK {ALICE.e164()}")
    assert room.heard() == []
