"""Everything brought from one engine to the other, in one transaction of the target, and compared row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from storage.engine import Row, StorageError

PAGE = 1000  # rows in memory at one time, of each of the two
KEYS = "vault_key"  # noted at the first start already, of whichever database


class CannotCopy(StorageError):
    """The target is as it was; the text says why, and shows no value but a row's key."""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: those of the key first. `words`: columns of text, which are sorted by their bytes."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    words: frozenset[str]


class End(Protocol):
    """One of the two databases, to which nobody else writes as long as the copy takes."""

    def pages(self, table: Table) -> AsyncIterator[list[Row]]:
        """All rows in the order of the key, PAGE of them at a time."""
        ...

    async def is_empty(self, table: Table) -> bool: ...

    async def clear(self, table: Table) -> None: ...

    async def add(self, table: Table, rows: Sequence[Row]) -> None: ...

    async def given_out(self) -> dict[str, int]:
        """The greatest id that each table of numbered rows ever had."""
        ...

    async def go_on(self, given_out: Mapping[str, int]) -> None:
        """No id up to these is given out again."""
        ...


async def copy(source: End, target: End, tables: Sequence[Table], done: Callable[[str, int], None]) -> int:
    """`tables`: each behind those it refers to. `done` is told of each that is the same in both, with its rows' count.

    Returns how many rows there are in all. Raises CannotCopy: then the target's transaction must not be committed.
    """
    for table in tables:
        if table.name == KEYS:
            await target.clear(table)
        elif not await target.is_empty(table):
            raise CannotCopy(f"the target is in use: there are rows in its table {table.name} already")
    for table in tables:
        await _fill(source, target, table)
    await target.go_on(await source.given_out())
    total = 0
    for table in tables:
        count = await _compare(source, target, table)
        total += count
        done(table.name, count)
    return total


async def _fill(source: End, target: End, table: Table) -> None:
    try:
        async for rows in source.pages(table):
            await target.add(table, rows)
    except StorageError as error:
        raise CannotCopy(f"table {table.name}: {error}") from error


async def _compare(source: End, target: End, table: Table) -> int:
    """Returns how many rows there are. Raises CannotCopy."""
    count, there = 0, target.pages(table)
    async for rows in source.pages(table):
        same: list[Row] = await anext(there, [])
        if rows != same:
            _tell(table, rows, same)
        count += len(rows)
    more: list[Row] = await anext(there, [])
    if more:
        _tell(table, [], more)
    return count


def _tell(table: Table, rows: Sequence[Row], same: Sequence[Row]) -> None:
    row, copied = next((row, copied) for row, copied in zip_longest(rows, same) if row != copied)
    width = len(table.key)
    if row is not None and copied is not None and row[:width] == copied[:width]:
        different = [name for name, one, other in zip(table.columns, row, copied, strict=True) if one != other]
        what = f"{', '.join(different)} of {_named(table, row)} came out different"
    else:
        what = f"{_named(table, row or copied)}, or one beside it, is in one of the two only"
    raise CannotCopy(f"the copy is not like the original: {what}")


def _named(table: Table, row: Row) -> str:
    return f"{table.name} " + ", ".join(f"{name}={value}" for name, value in zip(table.key, row, strict=False))
