"""In which order tests are handed to the workers, so that none of them is left with a long one at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Each = TypeVar("Each")


def dealt(long: Sequence[Each], together: Sequence[Each], short: Sequence[Each], workers: int) -> list[Each]:
    """All of them; where the list is cut into equal parts, as xdist's worksteal cuts it, each begins with long ones.

    The last begins with those that are best kept together instead.
    """
    if workers == 1:
        return [*long, *together, *short]
    found: list[Each] = []
    waiting = list(short)
    for worker, begins in enumerate([*(long[each :: workers - 1] for each in range(workers - 1)), together]):
        part = (len(long) + len(together) + len(short) - len(found)) // (workers - worker)
        rest = max(0, part - len(begins))
        found += [*begins, *waiting[:rest]]
        del waiting[:rest]
    return found + waiting
