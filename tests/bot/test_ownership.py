"""Processes on one PostgreSQL share the lines between them, and take over those of one that is gone."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.ownership import MARGIN, Leased, Sole, since_start
from bot.pace import Pace
from storage.engine import StorageError, Unavailable
from storage.leases import LEASE
from storage.number import Number
from storage.postgres import Postgres
from tests.people import LINE, NOON, OTHER_LINE

THIRD, FOURTH = Number("+447700900007"), Number("+447700900008")
LINES = (LINE, OTHER_LINE, THIRD, FOURTH)


@dataclass
class Process:
    """One that looks after its leases when it is told to."""

    name: str
    engine: Postgres
    lines: tuple[Number, ...] = LINES
    now: float = 0.0
    taken: list[Number] = field(default_factory=list)
    sending: set[Number] = field(default_factory=set)
    fails: StorageError | None = None

    def __post_init__(self) -> None:
        self.pace = Pace(30, dict.fromkeys(self.lines, 0.0))
        self.own = Leased(
            aside=self.engine.aside, owner=self.name, lines=self.lines, pace=self.pace, take_over=self._take_over,
            busy=self.sending.__contains__, wake=lambda: None, monotonic=lambda: self.now,
        )  # fmt: skip

    async def _take_over(self, lines: Collection[Number]) -> None:
        if self.fails is not None:
            raise self.fails
        self.taken += lines

    @property
    def holds(self) -> list[Number]:
        return [line for line in self.lines if self.own.holds(line)]

    async def claimable(self) -> list[Number]:
        async with self.engine.transaction(alone=False) as tx:
            return list(await self.own.claimable(tx))

    async def dies(self) -> None:
        for table in ("line_lease", "process"):
            await self.engine.aside.rows(f"UPDATE {table} SET until = 0 WHERE owner = $1", self.name)


async def look(*processes: Process, times: int = 2) -> None:
    for _ in range(times):
        for each in processes:
            await each.own.look()


async def test_a_process_alone_has_all_lines_and_the_duties(postgres: Postgres) -> None:
    one = Process("one", postgres)
    await look(one)
    assert one.holds == [*LINES]
    assert await one.claimable() == one.taken == sorted(LINES, key=Number.e164)
    assert one.own.on_duty()


async def test_who_comes_later_gets_a_fair_part(postgres: Postgres) -> None:
    one, two = Process("one", postgres), Process("two", postgres)
    await look(one)
    await look(two, one)
    assert (len(one.holds), len(two.holds)) == (2, 2)
    assert {*one.holds, *two.holds} == {*LINES}
    assert one.own.on_duty()
    assert not two.own.on_duty()


async def test_three_lines_of_four_processes_are_three_processes_and_stay_there(postgres: Postgres) -> None:
    four = [Process(f"{each}", postgres, LINES[:3]) for each in range(4)]
    await look(*four, times=4)
    before = [each.holds for each in four]
    assert sorted(map(len, before)) == [0, 1, 1, 1]
    await look(*four, times=4)
    assert [each.holds for each in four] == before


async def test_a_line_is_not_given_away_while_a_send_is_under_way_there(postgres: Postgres) -> None:
    one, two = Process("one", postgres, (LINE, OTHER_LINE)), Process("two", postgres, (LINE, OTHER_LINE))
    one.sending.update((LINE, OTHER_LINE))
    await look(one)
    await look(two, one)
    assert (len(one.holds), len(await one.claimable()), two.holds) == (2, 1, [])
    one.sending.clear()
    await look(one, two)
    assert (len(one.holds), len(two.holds)) == (1, 1)


async def test_the_lines_of_a_process_that_died_are_taken_over_with_what_it_left(postgres: Postgres) -> None:
    one, two = Process("one", postgres), Process("two", postgres)
    await look(one)
    await one.dies()
    await look(two)
    assert two.holds == [*LINES]
    assert {*two.taken} == {*LINES}
    assert two.own.on_duty()


async def test_who_was_away_too_long_finds_that_nothing_is_its_own_any_more(postgres: Postgres) -> None:
    one, two = Process("one", postgres), Process("two", postgres)
    await look(one)
    await one.dies()
    await look(two)
    assert await one.claimable() == [], "the database knows, though the process itself does not yet"
    await look(one, times=1)
    assert one.holds == []


async def test_no_send_begins_near_the_end_of_a_lease(postgres: Postgres) -> None:
    one = Process("one", postgres)
    await look(one)
    one.now = LEASE / 1000 - MARGIN - 0.01
    assert one.holds == [*LINES]
    one.now += 0.02
    assert (one.holds, one.own.on_duty()) == ([], False)
    await look(one)
    assert one.holds == [*LINES]


async def test_nothing_is_sent_on_a_line_until_it_is_known_what_its_former_owner_left(postgres: Postgres) -> None:
    one = Process("one", postgres, fails=Unavailable("the server is away"))
    with pytest.raises(Unavailable):
        await one.own.look()
    assert (one.holds, await one.claimable(), one.own.on_duty()) == ([], [], False)
    one.fails = None
    await look(one, times=1)
    assert one.holds == [*LINES]
    assert {*one.taken} == {*LINES}


async def test_who_leaves_keeps_the_others_waiting_for_nothing(postgres: Postgres) -> None:
    one, two = Process("one", postgres), Process("two", postgres)
    await look(one)
    await one.own.leave()
    assert one.holds == []
    await look(two, times=1)
    assert two.holds == [*LINES]


async def test_the_pace_of_the_account_is_shared_by_what_each_sends(postgres: Postgres) -> None:
    one, two = Process("one", postgres), Process("two", postgres)
    one.pace.spend(LINE, 89)
    await look(one, two, times=1)
    await one.own.look()  # what it sent before is what the others still know of it
    assert two.pace.allowance(LINE, 100, NOON) == 1, "a burst of a tenth of a second, of one share in ninety-one"
    two.pace.spend(LINE, 89)
    await look(two, one, times=1)
    rates = [each.pace._account._rate for each in (one, two)]
    assert rates[0] < 1
    assert sum(rates) <= 30


async def test_lines_that_only_another_process_knows_are_ours_all_the_same(postgres: Postgres) -> None:
    one, two = Process("one", postgres, (LINE, OTHER_LINE)), Process("two", postgres, (LINE, THIRD))
    await look(one, two)
    assert {*one.own.known()} == {LINE, OTHER_LINE, THIRD}
    assert THIRD not in one.holds


async def test_with_sqlite_everything_is_ones_own(postgres: Postgres) -> None:
    sole = Sole([LINE])
    async with postgres.transaction() as tx:
        assert await sole.claimable(tx) == sole.known() == [LINE]
    assert sole.holds(LINE)
    assert sole.on_duty()


@pytest.mark.skipif(not Path("/proc/uptime").exists(), reason="it is Linux that says how long it has been up")
def test_the_clock_of_leases_goes_on_while_the_machine_sleeps() -> None:
    assert since_start() >= time.monotonic() - 1
    assert since_start() == pytest.approx(float(Path("/proc/uptime").read_text("ascii").split()[0]), abs=1)
