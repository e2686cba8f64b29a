"""Which process sends what leaves on each line: leases with an end, on PostgreSQL's own clock.

Each statement stands by itself, and waits for no transaction: a lease must not be lost behind a long one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from storage.engine import Aside, Transaction
from storage.model import Millis
from storage.number import Number

LEASE: Millis = 6000
DUTIES = "*"  # what one process does for all: see bot/deadlines.py
NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

LIVE = f"""
    INSERT INTO process (owner, lines, sent, until) VALUES ($1, $2, $3, {NOW} + {LEASE})
    ON CONFLICT (owner) DO UPDATE SET sent = excluded.sent, until = excluded.until
"""
RENEW = f"UPDATE line_lease SET until = {NOW} + {LEASE} WHERE owner = $1 AND until > {NOW} RETURNING line, fence"
OTHERS = f"SELECT owner, lines, sent FROM process WHERE until > {NOW} AND owner <> $1"
KNOW = "INSERT INTO line_lease (line) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
TAKE = f"""
    WITH free AS MATERIALIZED (
        SELECT line FROM line_lease WHERE line = ANY($2::text[]) AND until <= {NOW}
        ORDER BY until, line LIMIT $3 FOR UPDATE SKIP LOCKED)
    UPDATE line_lease SET owner = $1, fence = fence + 1, until = {NOW} + {LEASE}
    FROM free WHERE line_lease.line = free.line
    RETURNING line_lease.line, fence
"""
GIVE_BACK = "UPDATE line_lease SET owner = NULL, until = 0 WHERE owner = $1 AND line = ANY($2::text[])"
LEAVE = "DELETE FROM process WHERE owner = $1"
BURY = f"DELETE FROM process WHERE until < {NOW} - 60 * {LEASE}"
# Shared with other transactions of the same process, and in the way of whoever takes the line: they wait for this one,
# and find what it has claimed.
FENCED = f"""
    SELECT line FROM line_lease WHERE owner = $1 AND line = ANY($2::text[]) AND until > {NOW}
    ORDER BY line FOR SHARE
"""


@dataclass(frozen=True, slots=True)
class Other:
    """Another process that lives."""

    owner: str
    lines: frozenset[Number]
    sent: int


async def know(aside: Aside, lines: Collection[Number]) -> None:
    """Lines there have to be leases of."""
    await aside.rows(KNOW, [DUTIES, *sorted(line.e164() for line in lines)])


async def renew(aside: Aside, owner: str, *, lines: Collection[Number], sent: int) -> dict[str, int]:
    """Say that this process lives; what it still holds, each with its fence. `sent`: texts since it last said so."""
    await aside.rows(LIVE, owner, sorted(line.e164() for line in lines), sent)
    return {line: fence for line, fence in await aside.rows(RENEW, owner)}


async def take(aside: Aside, owner: str, lines: Collection[str], *, most: int) -> dict[str, int]:
    """Up to `most` of these that nobody holds."""
    return {line: fence for line, fence in await aside.rows(TAKE, owner, sorted(lines), most)}


async def give_back(aside: Aside, owner: str, lines: Collection[str]) -> None:
    await aside.rows(GIVE_BACK, owner, sorted(lines))


async def leave(aside: Aside, owner: str, lines: Collection[str]) -> None:
    """At the end of a process: others need not wait."""
    await give_back(aside, owner, lines)
    await aside.rows(LEAVE, owner)


async def others(aside: Aside, owner: str) -> list[Other]:
    """The other processes that live; those that died long ago are forgotten."""
    await aside.rows(BURY)
    return [Other(name, frozenset(map(Number, lines)), sent) for name, lines, sent in await aside.rows(OTHERS, owner)]


async def fenced(tx: Transaction, owner: str, lines: Sequence[Number]) -> list[Number]:
    """Those of these lines that this process holds, for as long as this transaction takes."""
    rows = await tx.rows(FENCED, owner, [line.e164() for line in lines])
    return [Number(line) for (line,) in rows]
