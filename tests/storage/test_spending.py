from storage import spending
from storage.engine import Transaction
from storage.senders import DAY, day_of
from storage.spending import Spent
from tests.people import NOON


async def test_what_leaves_on_a_day_adds_up_and_the_sum_is_told(tx: Transaction) -> None:
    assert await spending.add(tx, texts=2, money=70, now=NOON) == Spent(day_of(NOON), 2, 70)
    assert await spending.add(tx, texts=1, money=5, now=NOON) == Spent(day_of(NOON), 3, 75)
    assert await spending.today(tx, NOON) == Spent(day_of(NOON), 3, 75)


async def test_each_day_has_its_own(tx: Transaction) -> None:
    await spending.add(tx, texts=2, money=70, now=NOON)
    assert await spending.today(tx, NOON + DAY) == Spent(day_of(NOON) + 1)
    assert await spending.add(tx, texts=1, money=5, now=NOON + DAY) == Spent(day_of(NOON) + 1, 1, 5)


async def test_what_the_admins_were_told_is_remembered(tx: Transaction) -> None:
    spent = await spending.add(tx, texts=2, money=70, now=NOON)
    await spending.tell(tx, spent, 80)
    assert (await spending.add(tx, texts=1, money=5, now=NOON)).told == 80
