"""Leases of lines on a real PostgreSQL: who holds what, for how long, and what a claim makes of it."""

from __future__ import annotations

import asyncio

import pytest

from storage import leases
from storage.engine import Aside
from storage.leases import DUTIES, LEASE
from storage.postgres import Postgres
from tests.people import LINE, OTHER_LINE

BOTH = [LINE.e164(), OTHER_LINE.e164()]


@pytest.fixture
async def aside(postgres: Postgres) -> Aside:
    await leases.know(postgres.aside, [LINE, OTHER_LINE])
    return postgres.aside


async def dies(aside: Aside, owner: str) -> None:
    await aside.rows("UPDATE line_lease SET until = 0 WHERE owner = $1", owner)
    await aside.rows("UPDATE process SET until = 0 WHERE owner = $1", owner)


async def test_a_line_has_one_owner_until_its_lease_is_over(aside: Aside) -> None:
    assert await leases.take(aside, "one", BOTH, most=1) == {LINE.e164(): 1}
    assert await leases.take(aside, "two", BOTH, most=2) == {OTHER_LINE.e164(): 1}
    assert await leases.take(aside, "three", BOTH, most=2) == {}
    await dies(aside, "one")
    assert await leases.take(aside, "three", BOTH, most=2) == {LINE.e164(): 2}


async def test_of_two_that_take_at_once_one_gets_it(aside: Aside) -> None:
    taken = await asyncio.gather(*(leases.take(aside, f"{each}", [DUTIES], most=1) for each in range(4)))
    assert sorted(map(len, taken)) == [0, 0, 0, 1]


async def test_a_lease_is_renewed_while_it_lasts_and_not_after(aside: Aside) -> None:
    await leases.take(aside, "one", BOTH, most=2)
    [(before,)] = await aside.rows("SELECT min(until) FROM line_lease WHERE owner = 'one'")
    assert await leases.renew(aside, "one", lines=[LINE], sent=0) == dict.fromkeys(BOTH, 1)
    assert (await aside.rows("SELECT min(until) FROM line_lease WHERE owner = 'one'"))[0][0] >= before
    await dies(aside, "one")
    assert await leases.renew(aside, "one", lines=[LINE], sent=0) == {}


async def test_a_lease_lasts_six_seconds_of_the_servers_clock(aside: Aside) -> None:
    await leases.take(aside, "one", BOTH, most=1)
    [(left,)] = await aside.rows(f"SELECT max(until) - {leases.NOW} FROM line_lease")
    assert 0 < left <= LEASE == 6000


async def test_who_leaves_keeps_nobody_waiting(aside: Aside) -> None:
    await leases.renew(aside, "one", lines=[LINE], sent=0)
    await leases.take(aside, "one", BOTH, most=2)
    await leases.leave(aside, "one", BOTH)
    assert await leases.take(aside, "two", BOTH, most=2) == dict.fromkeys(BOTH, 2)
    assert await leases.others(aside, "two") == []


async def test_nobody_gives_back_what_is_anothers(aside: Aside) -> None:
    await leases.take(aside, "one", BOTH, most=2)
    await leases.give_back(aside, "two", BOTH)
    assert await leases.take(aside, "two", BOTH, most=2) == {}


async def test_the_others_that_live_are_known_with_their_lines_and_what_they_sent(aside: Aside) -> None:
    await leases.renew(aside, "one", lines=[LINE, OTHER_LINE], sent=7)
    await leases.renew(aside, "two", lines=[LINE], sent=0)
    [other] = await leases.others(aside, "two")
    assert (other.owner, other.lines, other.sent) == ("one", frozenset((LINE, OTHER_LINE)), 7)
    await dies(aside, "one")
    assert await leases.others(aside, "two") == []


async def test_a_claim_may_be_made_on_held_lines_only(postgres: Postgres, aside: Aside) -> None:
    await leases.take(aside, "one", [LINE.e164()], most=1)
    async with postgres.transaction(alone=False) as tx:
        assert await leases.fenced(tx, "one", [LINE, OTHER_LINE]) == [LINE]
        assert await leases.fenced(tx, "two", [LINE, OTHER_LINE]) == []


async def test_nobody_takes_a_line_while_its_owner_claims_there(postgres: Postgres, aside: Aside) -> None:
    await leases.take(aside, "one", [LINE.e164()], most=1)
    async with postgres.transaction(alone=False) as tx:
        await leases.fenced(tx, "one", [LINE])
        over = leases.TAKE.replace(f"until <= {leases.NOW}", "TRUE")  # as if it ended just now
        assert await aside.rows(over, "two", [LINE.e164()], 1) == []
    assert len(await aside.rows(over, "two", [LINE.e164()], 1)) == 1


async def test_a_lease_that_is_over_allows_no_claim(postgres: Postgres, aside: Aside) -> None:
    await leases.take(aside, "one", [LINE.e164()], most=1)
    await dies(aside, "one")
    async with postgres.transaction(alone=False) as tx:
        assert await leases.fenced(tx, "one", [LINE]) == []
