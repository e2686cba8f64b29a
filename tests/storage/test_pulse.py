from storage import pulse
from storage.engine import Transaction
from tests.people import NOON


async def test_each_beat_is_a_write(tx: Transaction) -> None:
    await pulse.beat(tx, NOON)
    assert tx.wrote
    await pulse.beat(tx, NOON + 1)
    assert await tx.rows("SELECT at FROM pulse") == [(NOON + 1,)]


async def test_a_transaction_that_only_reads_says_nothing_of_the_disk(tx: Transaction) -> None:
    await tx.rows("SELECT at FROM pulse")
    assert not tx.wrote
