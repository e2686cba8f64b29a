from storage import admins
from storage.engine import Transaction
from tests.people import ADMIN, ALICE, BOB, NOON


async def test_those_of_the_settings_come_first_and_nobody_twice(tx: Transaction) -> None:
    for number, at in ((BOB, NOON), (ALICE, NOON + 1), (ADMIN, NOON + 2), (BOB, NOON + 3)):
        await admins.add(tx, number, by=ADMIN, now=at)
    assert await admins.added(tx) == [BOB, ALICE, ADMIN]
    assert await admins.everyone(tx, {ADMIN}) == [ADMIN, BOB, ALICE]


async def test_an_admin_that_was_removed_is_gone(tx: Transaction) -> None:
    await admins.add(tx, ALICE, by=ADMIN, now=NOON)
    await admins.remove(tx, ALICE)
    await admins.remove(tx, BOB)
    assert await admins.everyone(tx, ()) == []
