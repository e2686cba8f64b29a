from storage import undoable
from storage.engine import Transaction
from storage.undoable import Act
from tests.people import ADMIN, ALICE, BOB, NOON

KEEP = 1000


async def blocked(tx: Transaction, at: int = NOON, *, by=ADMIN, number=ALICE) -> None:  # type: ignore[no-untyped-def]
    await undoable.remember(tx, Act.BLOCK, by=by, now=at, keep=KEEP, number=number, until=at + 5)


async def test_the_newest_act_of_an_admin_is_the_one(tx: Transaction) -> None:
    await blocked(tx)
    await blocked(tx, NOON + 1, number=BOB)
    await blocked(tx, NOON + 2, by=BOB)
    last = await undoable.last_of(tx, ADMIN, after=0)
    assert last is not None
    assert (last.act, last.chat, last.number, last.until, last.at, last.undone) == (
        Act.BLOCK, None, BOB, NOON + 6, NOON + 1, False,
    )  # fmt: skip
    assert await undoable.last_of(tx, ADMIN, after=NOON + 1) is None
    assert await undoable.last_of(tx, ALICE, after=0) is None


async def test_an_act_is_overtaken_by_another_on_the_same_until_that_is_undone(tx: Transaction) -> None:
    await blocked(tx)
    mine = await undoable.last_of(tx, ADMIN, after=0)
    assert mine is not None
    await blocked(tx, by=BOB, number=BOB)
    assert not await undoable.is_overtaken(tx, mine)
    await blocked(tx, by=BOB)
    assert await undoable.is_overtaken(tx, mine)
    theirs = await undoable.last_of(tx, BOB, after=0)
    assert theirs is not None
    await undoable.mark_undone(tx, theirs)
    assert not await undoable.is_overtaken(tx, mine)


async def test_what_is_old_or_to_be_forgotten_goes(tx: Transaction) -> None:
    await blocked(tx)
    await blocked(tx, NOON + KEEP, by=BOB)
    assert await undoable.last_of(tx, ADMIN, after=0) is None
    await undoable.forget(tx, BOB)
    assert await tx.rows("SELECT * FROM undoable") == []
