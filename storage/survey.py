"""A look at a SQLite file from outside, changing nothing: for whoever asks whether the service could start on it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.lock import is_held
from storage.sqlite import known_migrations


@dataclass(frozen=True, slots=True)
class Survey:
    exists: bool
    writable: bool  # the file if it exists, and its folder: the WAL and the lock lie beside it
    in_use: bool
    schema: int | None  # None: cannot be read as a database
    known: int
    damage: str | None
    free_bytes: int
    is_sealed: bool = False  # it needs the keys it was made with


def survey(path: Path) -> Survey:
    folder = path.absolute().parent
    writable = os.access(folder, os.W_OK | os.X_OK) and (not path.exists() or os.access(path, os.W_OK))
    free = shutil.disk_usage(folder).free if folder.is_dir() else 0
    in_use = writable and is_held(Path(f"{path}.lock"))
    schema, damage, is_sealed = _read(path, thoroughly=not in_use) if path.exists() else (0, None, False)
    return Survey(path.exists(), writable, in_use, schema, len(known_migrations()), damage, free, is_sealed)


def checkpoints_are_safe(version: tuple[int, ...]) -> bool:
    """Before 3.51.3 a second connection's checkpoint could corrupt the WAL; two older lines were mended too."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _read(path: Path, *, thoroughly: bool) -> tuple[int | None, str | None, bool]:
    # The long read of a whole check would keep a running service's WAL from being emptied.
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            (schema,) = database.execute("PRAGMA user_version").fetchone()
            (is_sealed,) = database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'vault_key'").fetchone()
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone() if thoroughly else ("ok",)
    except sqlite3.Error as error:
        return None, str(error), False
    return schema, None if verdict == "ok" else verdict, bool(is_sealed)
