"""Long tests begin first, on every worker, no test is lost on the way, and what is not measured costs nothing."""

import sys
import threading

import pytest

from tests.sharing import dealt

LONG, SHORT = [-1, -2, -3, -4, -5], list(range(40))


@pytest.mark.parametrize("workers", range(1, 9))
def test_each_part_begins_with_its_share_of_the_long_ones(workers: int) -> None:
    order = dealt(LONG, SHORT, workers)
    waiting, parts = list(order), []
    for left in range(workers, 0, -1):  # as xdist cuts it
        size = len(waiting) // left
        parts.append(waiting[:size])
        del waiting[:size]
    for worker, part in enumerate(parts):
        begins = LONG[worker::workers]
        assert part[: len(begins)] == begins
        assert all(each >= 0 for each in part[len(begins) :])


@pytest.mark.parametrize(("long", "short"), [(LONG, SHORT), (LONG, []), ([], SHORT), (LONG, [1]), ([], [])])
@pytest.mark.parametrize("workers", [1, 2, 6])
def test_none_is_lost_and_the_short_ones_keep_their_order(long: list[int], short: list[int], workers: int) -> None:
    order = dealt(long, short, workers)
    assert sorted(order) == sorted([*long, *short])
    assert [each for each in order if each >= 0] == short


@pytest.mark.no_cover
def test_where_coverage_is_not_wanted_nothing_is_traced() -> None:
    assert sys.gettrace() is None
    assert threading.gettrace() is None
