"""Two processes on one PostgreSQL take texts and commands at the same moment: as if one had taken all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import count
from random import Random

import pytest

from storage.model import Inbound, Part
from storage.number import Number
from storage.postgres import Postgres
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE, inbound
from tests.postgres import KEYS
from tests.world import World, writing

OTHER_ADMIN = Number("+447700900109")


@pytest.fixture
async def both(postgres: Postgres) -> AsyncIterator[tuple[World, World]]:
    other = await Postgres.open(postgres.dsn, KEYS)
    async with (
        writing(postgres, admins={ADMIN, OTHER_ADMIN}) as one,
        writing(other, admins={ADMIN, OTHER_ADMIN}) as two,
    ):
        yield one, two
    await other.close()


IDS = count(1)


def text(sender: Number, words: str, line: Number = LINE, part: Part | None = None) -> Inbound:
    return replace(inbound(sender, words, line=line, part=part), message_id=f"m{next(IDS)}")


async def at_once(both: tuple[World, World], texts: Sequence[Inbound]) -> None:
    """Each at one of the two, by turns."""
    await asyncio.gather(*(both[place % 2].handover.take(each) for place, each in enumerate(texts)))


async def rows(both: tuple[World, World], sql: str) -> list[tuple[object, ...]]:
    return await both[0].engine.reader.rows(sql)


async def test_a_text_that_comes_to_both_is_taken_once(both: tuple[World, World]) -> None:
    await at_once(both, [text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")])
    said = text(ALICE, "hello")
    await asyncio.gather(*(here.handover.take(said) for here in both for _ in range(3)))
    assert await rows(both, "SELECT count(*) FROM outbound WHERE kind = 'relay'") == [(1,)]


async def test_of_three_who_pair_the_same_two_at_once_on_two_lines_one_is_refused(both: tuple[World, World]) -> None:
    pair = f"PAIR {ALICE.e164()} {BOB.e164()}"
    await at_once(both, [text(admin, pair) for admin in (ADMIN, OTHER_ADMIN, ADMIN)])
    assert await rows(both, "SELECT count(*), count(DISTINCT line) FROM participant") == [(4, 2)]
    assert await rows(both, "SELECT count(*) FROM outbound WHERE kind = 'reply'") == [(3,)]


async def test_of_two_admins_who_pair_somebody_with_two_others_at_once_none_crosses_the_other(
    both: tuple[World, World],
) -> None:
    for other in (CAROL, DAVE):
        await at_once(both, [text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}"),
                             text(OTHER_ADMIN, f"PAIR {ALICE.e164()} {other.e164()}")])  # fmt: skip
    found = await rows(both, "SELECT line, count(DISTINCT chat), count(*) FROM participant WHERE open = 1"
                             " GROUP BY line, number HAVING count(*) > 1")  # fmt: skip
    assert found == []


async def test_whatever_admins_and_people_do_at_once_no_text_crosses_to_another_chat(both: tuple[World, World]) -> None:
    chance, people = Random(7), [ALICE, BOB, CAROL, DAVE]
    texts = [_something(chance, people) for _ in range(150)]
    for start in range(0, len(texts), 12):
        await at_once(both, texts[start : start + 12])
    assert await rows(both, CROSSED) == []
    assert await rows(both, "SELECT count(*) > 30 FROM outbound WHERE kind = 'relay'") == [(True,)]
    commands = {each.message_id for each in texts if each.sender in (ADMIN, OTHER_ADMIN)}
    answered = await rows(both, "SELECT cause FROM outbound WHERE kind = 'reply'")
    assert commands <= {cause for (cause,) in answered}
    assert [here.metrics.faults.labels("intake")._value.get() for here in both] == [0, 0]


def _something(chance: Random, people: Sequence[Number]) -> Inbound:
    one, other = chance.sample(people, 2)
    admin = chance.choice([ADMIN, OTHER_ADMIN])
    return chance.choice(
        [
            text(admin, f"PAIR {one.e164()} {other.e164()}"),
            text(admin, f"END {chance.randint(1, 12)}"),
            text(admin, f"REOPEN {chance.randint(1, 12)}"),
            *(text(one, f"hello {next(IDS)}", chance.choice([LINE, OTHER_LINE])) for _ in range(6)),
        ]
    )


# Relays whose writer and reader are not the two of their chat.
CROSSED = """
    SELECT outbound.id FROM outbound WHERE kind = 'relay' AND NOT EXISTS (
        SELECT 1 FROM participant AS me JOIN participant AS you ON you.chat = me.chat AND you.side <> me.side
        WHERE me.chat = outbound.chat AND me.number = outbound.sender AND you.number = outbound.recipient)
"""
