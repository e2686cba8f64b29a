"""The copy and the comparison, between two ends in memory of which the second does to rows what a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from storage.copying import KEYS, PAGE, CannotCopy, Table, copy
from storage.engine import Row, StorageError

CHAT = Table("chat", ("id", "label"), ("id",), frozenset({"label"}))
PROOFS = Table(KEYS, ("id", "proof"), ("id",), frozenset({"id"}))
SECRET = "job of Ann Onymous"
ROWS: list[Row] = [(each, f"{SECRET} {each}") for each in range(2 * PAGE + 1)]


@dataclass
class Memory:
    rows: dict[str, list[Row]]
    changed: Callable[[list[Row]], list[Row]] = lambda rows: rows
    next: dict[str, int] = field(default_factory=dict)

    async def pages(self, table: Table) -> AsyncIterator[list[Row]]:
        held = sorted(self.rows[table.name])
        for start in range(0, len(held), PAGE):
            yield held[start : start + PAGE]

    async def is_empty(self, table: Table) -> bool:
        return not self.rows[table.name]

    async def clear(self, table: Table) -> None:
        self.rows[table.name] = []

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        assert len(rows) <= PAGE, "memory must not grow with the database"
        self.rows[table.name] += self.changed(list(rows))

    async def given_out(self) -> dict[str, int]:
        return self.next

    async def go_on(self, given_out: Mapping[str, int]) -> None:
        self.next = dict(given_out)


def source() -> Memory:
    return Memory({"chat": ROWS, KEYS: [("index", b"theirs")]}, next={"chat": 99_999})


def target(changed: Callable[[list[Row]], list[Row]] = lambda rows: rows) -> Memory:
    return Memory({"chat": [], KEYS: [("index", b"ours")]}, changed)


async def copied(target: Memory, rows: int = len(ROWS)) -> tuple[int, list[tuple[str, int]]]:
    told: list[tuple[str, int]] = []
    here = source()
    here.rows["chat"] = ROWS[:rows]
    total = await copy(here, target, [PROOFS, CHAT], lambda table, count: told.append((table, count)))
    return total, told


async def test_what_is_the_same_in_both_is_counted_table_by_table() -> None:
    there = target()
    assert await copied(there) == (2 * PAGE + 2, [(KEYS, 1), ("chat", 2 * PAGE + 1)])
    assert there.rows == source().rows
    assert there.next == {"chat": 99_999}


async def test_a_target_with_rows_in_it_is_left_alone() -> None:
    there = target()
    there.rows["chat"] = [(1, "somebody else's")]
    with pytest.raises(CannotCopy, match="in use: there are rows in its table chat already"):
        await copied(there)
    assert there.rows["chat"] == [(1, "somebody else's")]


@pytest.mark.parametrize("place", [0, 1, PAGE - 1])
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda row: [(row[0], f"{row[1]} ")], "label of chat id={id} came out different"),
        (lambda row: [(row[0], None)], "label of chat id={id} came out different"),
        (lambda row: [], "chat id={id}, or one beside it, is in one of the two only"),
        (lambda row: [row, (row[0] + 0.5, "")], "is in one of the two only"),
    ],
)
async def test_a_row_that_is_not_the_same_is_told_by_its_key_and_no_other_value(
    place: int, damage: Callable[[Row], list[Row]], told: str
) -> None:
    def changed(rows: list[Row]) -> list[Row]:
        is_second = rows[0][0] == PAGE
        return [*rows[:place], *damage(rows[place]), *rows[place + 1 :]] if is_second else rows

    with pytest.raises(CannotCopy) as caught:
        await copied(target(changed))
    assert told.format(id=PAGE + place) in str(caught.value)
    assert "Onymous" not in str(caught.value)


@pytest.mark.parametrize("rows", [PAGE, PAGE + 1])
@pytest.mark.parametrize("more", [1, PAGE])
async def test_rows_that_are_behind_all_others_are_told_too(rows: int, more: int) -> None:
    there = target(lambda held: [*held, *((10**6 + each, "") for each in range(more))] if len(held) > 1 else held)
    with pytest.raises(CannotCopy, match="is in one of the two only"):
        await copied(there, rows)


async def test_a_value_that_does_not_fit_is_told_with_its_table() -> None:
    def refused(rows: list[Row]) -> list[Row]:
        raise StorageError("a value that does not fit")

    with pytest.raises(CannotCopy, match="table chat: a value that does not fit"):
        await copied(Memory({"chat": [], KEYS: []}, lambda rows: refused(rows) if len(rows) > 1 else rows))
