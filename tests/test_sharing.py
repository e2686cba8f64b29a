"""Long tests begin first, on every worker, no test is lost on the way, and what is not measured costs nothing."""

import asyncio
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from tests.postgres import Databases, Server, Shared
from tests.sharing import dealt

LONG, TOGETHER, SHORT = [-1, -2, -3, -4, -5], [-11, -12, -13], list(range(40))


@pytest.mark.parametrize("workers", range(2, 9))
def test_each_part_begins_with_its_share_of_the_long_ones_and_the_last_with_what_belongs_together(workers: int) -> None:
    order = dealt(LONG, TOGETHER, SHORT, workers)
    waiting, parts = list(order), []
    for left in range(workers, 0, -1):  # as xdist cuts it
        size = len(waiting) // left
        parts.append(waiting[:size])
        del waiting[:size]
    for worker, part in enumerate(parts):
        begins = TOGETHER if worker == workers - 1 else LONG[worker :: workers - 1]
        assert part[: len(begins)] == begins
        assert all(each >= 0 for each in part[len(begins) :])


def test_one_worker_does_the_long_ones_first() -> None:
    assert dealt(LONG, TOGETHER, SHORT, 1) == [*LONG, *TOGETHER, *SHORT]


@pytest.mark.parametrize(
    ("long", "together", "short"),
    [(LONG, TOGETHER, SHORT), (LONG, [], []), ([], TOGETHER, []), ([], [], SHORT), (LONG, TOGETHER, [1]), ([], [], [])],
)
@pytest.mark.parametrize("workers", [1, 2, 6])
def test_none_is_lost_and_the_short_ones_keep_their_order(
    long: list[int], together: list[int], short: list[int], workers: int
) -> None:
    order = dealt(long, together, short, workers)
    assert sorted(order) == sorted([*long, *together, *short])
    assert [each for each in order if each >= 0] == short


@pytest.mark.no_cover
def test_where_coverage_is_not_wanted_nothing_is_traced() -> None:
    assert sys.gettrace() is None
    assert threading.gettrace() is None


@pytest.mark.usefixtures("databases")  # so that it is skipped where there can be none
def test_workers_have_one_postgresql_that_was_prepared_once_and_is_gone_at_the_end() -> None:
    folder = Path(mkdtemp(prefix="pg", dir="/tmp"))
    workers = Shared(folder), Shared(folder)
    try:
        with ThreadPoolExecutor() as aside:
            one, other = aside.map(Shared.server, workers)
        assert one == other
        assert asyncio.run(each_makes_one(one, workers)) == ["model", "postgres", "test", "test"]
        [process, *_] = (folder / "data" / "postmaster.pid").read_text().split()
    finally:
        workers[0].end()
    assert not folder.exists()
    assert not lives(process)


def lives(process: str) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""  # of one that nobody has waited for nothing is left
    return False


async def each_makes_one(server: Server, workers: Sequence[Shared]) -> list[str]:
    """What there is then."""
    for worker in workers:
        await Databases(server, worker.alone).make()
    connection = await asyncpg.connect(server.address)
    names = await connection.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname")
    await connection.close()
    return [name.partition("_")[0] for (name,) in names]
