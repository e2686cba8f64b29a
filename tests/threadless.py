"""The real engine and a real file, but no thread and no flush: for tests of what is decided, not of what is durable."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import aiosqlite

from storage.sqlite import SQLite

NOT_FLUSHED = "PRAGMA synchronous = OFF"


class Inline:
    """As much of an aiosqlite connection as the engine asks of one; before each statement others have their turn."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    @property
    def total_changes(self) -> int:
        return self._database.total_changes

    async def create_function(self, name: str, arguments: int, function: Callable[..., Any], **how: bool) -> None:
        self._database.create_function(name, arguments, function, **how)

    async def execute_fetchall(self, sql: str, parameters: Mapping[str, object] = {}) -> Iterable[Any]:
        await asyncio.sleep(0)
        return self._database.execute(sql, parameters).fetchall()

    async def executemany(self, sql: str, values: list[dict[str, object]]) -> None:
        await asyncio.sleep(0)
        self._database.executemany(sql, values)

    async def executescript(self, script: str) -> None:
        self._database.executescript(script)

    async def close(self) -> None:
        self._database.close()


class Threadless(SQLite):
    """The way to the driver's thread and back takes more time than most statements."""

    async def _connect(self, pragmas: Sequence[str]) -> None:
        self._opened.append(cast(aiosqlite.Connection, Inline(self._path)))
        for pragma in (*pragmas, NOT_FLUSHED):
            await self._opened[-1].execute_fetchall(pragma)
