"""SQLite files for tests, copied from one that was migrated: to migrate takes five times as long as to open."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.sqlite import SQLite

MODEL = "model.db"
PARTS = ("", ".key")


def migrated(path: Path) -> Path:
    """The same path; where there was no file, there is now a database with the newest schema and nothing in it."""
    if not path.exists():
        for part in PARTS:
            shutil.copy(f"{Path(_folder().name) / MODEL}{part}", f"{path}{part}")
    return path


@cache
def _folder() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="migrated")
    with ThreadPoolExecutor() as aside:  # this thread has an event loop of its own
        aside.submit(asyncio.run, _make(Path(folder.name) / MODEL)).result()
    return folder


async def _make(path: Path) -> None:
    await (await SQLite.open(path)).close()
