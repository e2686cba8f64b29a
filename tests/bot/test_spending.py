from dataclasses import replace
from decimal import Decimal
from math import inf

import pytest

from bot.spending import DEAREST, NO_CAPS, STOPPED, Budget, Caps, spelled, units
from storage.senders import day_of
from storage.spending import Spent
from tests.people import NOON

CENT = 10**6  # in hundred-millionths
TODAY = Spent(day_of(NOON))
DAY = 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("0.04120000", 4_120_000),
        ("0.000000001", 1),  # never less than it costs
        ("0", 0),
        (None, 0),
        ("free", 0),
        ("-1", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("1e30", DEAREST),
    ],
)
def test_a_price_is_counted_in_whole_units(price: str | None, expected: int) -> None:
    assert units(price) == expected


@pytest.mark.parametrize(
    ("caps", "texts", "money", "percent"),
    [
        (NO_CAPS, 10**6, 10**12, 0),
        (Caps(texts=200), 100, 10**12, 50),
        (Caps(money=Decimal("0.50")), 10**6, 40 * CENT, 80),
        (Caps(200, Decimal(1)), 150, 90 * CENT, 90),
        (Caps(200, Decimal(1)), 200, 90 * CENT, 100),
    ],
)
def test_the_nearest_cap_counts(caps: Caps, texts: int, money: int, percent: float) -> None:
    assert caps.percent(replace(TODAY, texts=texts, money=money)) == percent


def budget(caps: Caps, *, texts: int = 0, money: int = 0, price: int | None = None) -> Budget:
    made = Budget(caps)
    made.learn(replace(TODAY, texts=texts, money=money))
    if price is not None:
        made.saw(price)
    return made


def test_at_a_cap_it_stops_until_the_next_day() -> None:
    stopped = budget(Caps(texts=3), texts=3)
    assert stopped.trouble(NOON) == STOPPED
    assert stopped.trouble(NOON + DAY) is None
    assert not stopped.is_known(NOON + DAY)


def test_below_a_cap_there_is_no_trouble() -> None:
    assert budget(Caps(texts=3), texts=2).trouble(NOON) is None
    assert budget(NO_CAPS, texts=10**9, money=10**15).trouble(NOON) is None


@pytest.mark.parametrize(
    ("budget", "under_way", "room"),
    [
        (budget(NO_CAPS), 50, inf),
        (budget(Caps(texts=10), texts=4), 0, 6),
        (budget(Caps(texts=10), texts=4), 6, 0),
        (budget(Caps(texts=10), texts=4), 7, 0),
        (budget(Caps(money=Decimal("0.30"))), 0, 1),  # what a text costs is not known yet
        (budget(Caps(money=Decimal("0.30"))), 1, 0),
        (budget(Caps(money=Decimal("0.30")), price=4 * CENT), 0, 8),  # the last one may reach beyond
        (budget(Caps(money=Decimal("0.30")), money=28 * CENT, price=4 * CENT), 0, 1),
        (budget(Caps(money=Decimal("0.30")), price=0), 50, inf),  # Vonage names no prices
    ],
)
def test_what_is_under_way_cannot_leap_over_a_cap(budget: Budget, under_way: int, room: float) -> None:
    assert budget.room(under_way, NOON) == room


def test_the_dearest_text_is_what_the_next_may_cost() -> None:
    seen = budget(Caps(money=Decimal(1)), price=40 * CENT)
    seen.saw(4 * CENT)
    assert seen.room(0, NOON) == 3


@pytest.mark.parametrize(
    ("texts", "told", "news"),
    [(79, 0, 0), (80, 0, 80), (99, 80, 0), (100, 80, 100), (100, 0, 100), (150, 100, 0), (0, 0, 0)],
)
def test_each_mark_is_news_once(texts: int, told: int, news: int) -> None:
    assert Budget(Caps(texts=100)).news(replace(TODAY, texts=texts, told=told)) == news


def test_what_was_told_under_a_lower_cap_is_forgotten() -> None:
    spent = replace(TODAY, texts=100, told=100)
    assert [Budget(Caps(texts=cap)).still_true(spent) for cap in (100, 120, 200, 0)] == [100, 80, 0, 0]


def test_money_is_spelled_as_people_write_it() -> None:
    assert spelled(12 * 10**8 + 34 * CENT) == "12.34"
