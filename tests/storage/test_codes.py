from storage import codes
from storage.codes import Event, PendingCode
from storage.engine import Transaction
from tests.people import ADMIN, ALICE, LINE, NOON, OTHER_LINE


async def test_the_newest_code_replaces_the_older(tx: Transaction) -> None:
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"1", expires_at=NOON)
    await codes.ask(tx, admin=ADMIN, line=OTHER_LINE, command="END ALL", code_hash=b"2", expires_at=NOON + 1)
    assert await codes.pending(tx, ADMIN) == PendingCode(OTHER_LINE, "END ALL", b"2", NOON + 1)


async def test_a_code_is_forgotten(tx: Transaction) -> None:
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"1", expires_at=NOON)
    await codes.forget(tx, ADMIN)
    assert await codes.pending(tx, ADMIN) is None


async def test_events_are_counted_for_each_admin_and_time(tx: Transaction) -> None:
    for at in (NOON, NOON + 5, NOON + 10):
        await codes.note(tx, ADMIN, Event.WRONG, now=at, keep=100)
    await codes.note(tx, ADMIN, Event.ASKED, now=NOON, keep=100)
    assert await codes.count(tx, ADMIN, Event.WRONG, after=NOON) == 2
    assert await codes.count(tx, ADMIN, Event.ASKED, after=NOON - 1) == 1
    assert await codes.count(tx, ALICE, Event.WRONG, after=0) == 0


async def test_what_is_older_than_anybody_asks_for_goes(tx: Transaction) -> None:
    for at in (NOON, NOON + 100):
        await codes.note(tx, ADMIN, Event.WRONG, now=at, keep=100)
    assert await tx.rows("SELECT at FROM code_event") == [(NOON + 100,)]


async def test_a_lock_ends_by_itself_and_voids_what_waits(tx: Transaction) -> None:
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"1", expires_at=NOON)
    for event in Event:
        await codes.note(tx, ADMIN, event, now=NOON, keep=100)
    await codes.lock(tx, ADMIN, until=NOON + 10)
    assert await codes.pending(tx, ADMIN) is None
    assert await codes.locked_until(tx, ADMIN, NOON + 9) == NOON + 10
    assert await codes.locked_until(tx, ADMIN, NOON + 10) is None
    assert await codes.locked_until(tx, ALICE, NOON) is None
    assert await tx.rows("SELECT what FROM code_event") == [("asked",)], "a challenge still counts"


async def test_a_time_step_counts_once_and_none_before_it_any_more(tx: Transaction) -> None:
    assert [await codes.use_step(tx, ADMIN, step) for step in (7, 7, 6, 8, 7)] == [True, False, False, True, False]
    assert await codes.use_step(tx, ALICE, 7)
