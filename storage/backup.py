"""A copy of a SQLite database that somebody may be writing to: of one moment, checked, and nobody else's to read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from storage.disk import settle


class CannotBackUp(Exception):
    """There is no copy; the database is as it was."""


def back_up(source: Path, target: Path) -> int:
    """Returns the size of the copy in bytes. Raises CannotBackUp."""
    if not source.is_file():
        raise CannotBackUp(f"there is no database {source}")
    if target.exists():
        raise CannotBackUp(f"{target} exists already; name another file")
    draft = target.with_name(f"{target.name}.part")
    try:
        _make_private(draft)
        _copy_pages(source, draft)
        _make_durable(draft)
        os.link(draft, target)  # unlike a rename, never in the place of a file that came meanwhile
    except (OSError, sqlite3.Error) as error:
        raise CannotBackUp(f"{error.strerror or error}" if isinstance(error, OSError) else str(error)) from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return target.stat().st_size


def _make_private(draft: Path) -> None:
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _copy_pages(source: Path, draft: Path) -> None:
    # Read only: a second connection's checkpoint could damage the WAL. In one go: after each write of the service's, a
    # copy in steps would begin anew, and on a busy one never end.
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as database,
        closing(sqlite3.connect(draft)) as copied,
    ):
        database.backup(copied)
        copied.execute("PRAGMA journal_mode = DELETE")  # so that the one file is all of it
        (verdict,) = copied.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise CannotBackUp(f"the database is damaged: {verdict}")


def _make_durable(draft: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    settle(draft.parent)
