from storage import blocks
from storage.blocks import FOR_EVER
from storage.engine import Transaction
from storage.number import Number
from tests.people import ADMIN, ALICE, BOB, NOON


async def test_a_block_ends_by_itself(tx: Transaction) -> None:
    await blocks.block(tx, ALICE, by=ADMIN, until=NOON + 10, now=NOON)
    assert await blocks.blocked_until(tx, ALICE, NOON + 9) == NOON + 10
    assert await blocks.blocked_until(tx, ALICE, NOON + 10) is None
    assert await blocks.blocked_until(tx, BOB, NOON) is None


async def test_the_newest_end_counts(tx: Transaction) -> None:
    await blocks.block(tx, ALICE, by=ADMIN, until=NOON + 10, now=NOON)
    await blocks.block(tx, ALICE, by=ADMIN, until=FOR_EVER, now=NOON)
    assert await blocks.blocked_until(tx, ALICE, NOON + 10) == FOR_EVER
    await blocks.unblock(tx, ALICE)
    assert await blocks.blocked_until(tx, ALICE, NOON) is None


async def test_the_blocked_are_found_by_their_last_digits(tx: Transaction) -> None:
    one, twin = Number("+13035550150"), Number("+12025550150")
    await blocks.block(tx, one, by=ADMIN, until=NOON + 10, now=NOON)
    await blocks.block(tx, twin, by=ADMIN, until=NOON + 1, now=NOON)
    assert len(await blocks.ending_in(tx, "0150", NOON)) == 2
    assert await blocks.ending_in(tx, "0150", NOON + 1) == [one]
    assert await blocks.ending_in(tx, "0001", NOON) == []


async def test_blocks_that_are_over_are_forgotten(tx: Transaction) -> None:
    await blocks.block(tx, ALICE, by=ADMIN, until=NOON + 10, now=NOON)
    await blocks.block(tx, BOB, by=ADMIN, until=FOR_EVER, now=NOON)
    await blocks.forget(tx, before=NOON + 11)
    assert await tx.rows("SELECT number FROM block") == [(tx.vault.index(BOB),)]
