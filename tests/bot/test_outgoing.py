from itertools import count
from pathlib import Path

from bot.outgoing import Outgoing
from storage import outbox
from storage.sqlite import SQLite
from tests.people import ALICE, BOB, LINE, NOON, notice


async def test_each_text_gets_a_ref_of_its_own_and_delivery_is_woken(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    numbers = count(1)
    outgoing = Outgoing(new_ref=lambda: f"ref{next(numbers)}")
    async with engine.transaction() as tx:
        await outgoing.enqueue(tx, [notice(ALICE), notice(BOB)], NOON)
        claims = (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=NOON)).texts
    assert [(claim.recipient, claim.client_ref) for claim in claims] == [(ALICE, "ref1"), (BOB, "ref2")]
    assert outgoing.wake.is_set()
    await engine.close()


async def test_nothing_to_send_wakes_nobody(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    outgoing = Outgoing(new_ref=lambda: "ref")
    async with engine.transaction() as tx:
        await outgoing.enqueue(tx, [], NOON)
    assert not outgoing.wake.is_set()
    await engine.close()
