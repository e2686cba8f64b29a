"""The lock beside a SQLite file: a second process on it is refused, for it would send everything twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from storage.engine import Unusable

try:
    import fcntl
except ImportError:  # Windows has no flock; there the operator must see to it
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """Held by the open file, so that it is let go however the process ends."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, path: Path) -> FileLock:
        """Raises Unusable when another process holds it, or when the folder cannot be written."""
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise Unusable(f"cannot write beside the database: {error.strerror} ({path})") from error
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(file)
            file.close()
            raise Unusable(f"another process{holder} is using this database. Stop that one first.") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return cls(file)

    def release(self) -> None:
        self._file.close()


def is_held(path: Path) -> bool:
    """By any process; where there is no such file, none is made by asking."""
    if not path.exists():
        return False
    try:
        FileLock.take(path).release()
    except Unusable:
        return True
    return False


def _holder(file: IO[str]) -> str:
    file.seek(0)
    pid = file.read(20).strip()
    return f" ({pid})" if pid.isdigit() else ""
