from storage import senders
from storage.engine import Transaction
from storage.senders import DAY, Count
from tests.people import ALICE, BOB, NOON


async def rows(tx: Transaction) -> list[tuple[object, ...]]:
    found = await tx.rows("SELECT number, texts, held, answers FROM sender_day ORDER BY day DESC, texts DESC")
    names = {tx.vault.index(each): each.e164() for each in (ALICE, BOB)}
    return [(names[number], *counts) for number, *counts in found]


async def test_a_persons_texts_of_a_day_add_up(tx: Transaction) -> None:
    await senders.add(tx, [(ALICE, Count(2, 1, 0)), (BOB, Count(1))], NOON)
    await senders.add(tx, [(ALICE, Count(3, 0, 1))], NOON)
    assert await rows(tx) == [(ALICE.e164(), 5, 1, 1), (BOB.e164(), 1, 0, 0)]


async def test_the_next_day_begins_at_nothing(tx: Transaction) -> None:
    await senders.add(tx, [(ALICE, Count(200, 7, 3))], NOON)
    await senders.add(tx, [(ALICE, Count(1))], NOON + DAY)
    assert (await rows(tx))[0] == (ALICE.e164(), 1, 0, 0)


async def test_those_of_yesterday_are_forgotten_and_those_of_today_are_not(tx: Transaction) -> None:
    await senders.add(tx, [(ALICE, Count(1))], NOON - DAY)
    await senders.add(tx, [(BOB, Count(1))], NOON)
    await senders.forget(tx, NOON)
    assert [number for number, *_ in await rows(tx)] == [BOB.e164()]


def test_a_day_ends_at_midnight_utc() -> None:
    midnight = NOON - NOON % DAY
    assert senders.day_of(midnight) == senders.day_of(midnight + DAY - 1) == senders.day_of(midnight - 1) + 1
