"""News of what changes, for whoever watches: open pages and waiting tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BACKLOG = 1000  # changes kept for a watcher that does not read; one further behind is cut off and must start anew


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    told: dict[str, object]


Watch = asyncio.Queue[Change | None]


class Feed:
    def __init__(self) -> None:
        self._watches: set[Watch] = set()

    def publish(self, change: Change) -> None:
        for watch in list(self._watches):
            if watch.qsize() >= BACKLOG:
                self._watches.discard(watch)
                watch.put_nowait(None)
            else:
                watch.put_nowait(change)

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """What is published from now on; None once the watcher has fallen too far behind."""
        watch: Watch = asyncio.Queue()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)
