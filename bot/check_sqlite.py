"""What `check` says of a SQLite file, its keys, and the disk it lies on."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from bot.findings import Finding, ok, problem, warning
from storage.keys import BadKeys, KeyFile
from storage.survey import Survey, checkpoints_are_safe

MEGABYTE = 1024 * 1024
SCARCE, TOO_LITTLE = 500 * MEGABYTE, 10 * MEGABYTE


def database(path: Path, found: Survey, data_key: SecretStr | None = None) -> Iterator[Finding]:
    if not found.writable:
        yield problem("database", f"{path} or its folder cannot be written: make it, or give it to this user")
        return
    yield _state(path, found)
    yield _keys(KeyFile.beside(path), found, data_key)
    if found.free_bytes < SCARCE:
        kind = problem if found.free_bytes < TOO_LITTLE else warning
        yield kind("disk", f"{found.free_bytes // MEGABYTE} MB free beside the database: make room")
    else:
        yield ok("disk", f"{found.free_bytes // MEGABYTE} MB free")
    if not checkpoints_are_safe(sqlite3.sqlite_version_info):
        yield warning(
            "sqlite",
            f"{sqlite3.sqlite_version} can damage a database that two programs write to (mended in 3.51.3): "
            "let nothing else open it, no replicator such as Litestream either",
        )


def _state(path: Path, found: Survey) -> Finding:
    if not found.exists:
        return ok("database", f"{path} will be made at the first start")
    if found.schema is None or found.damage:
        return problem("database", f"{path} is damaged ({found.damage}): restore a backup")
    if found.schema > found.known:
        return problem("database", f"{path} was used by a newer version (schema {found.schema}): run that version")
    if found.in_use:
        return ok("database", f"{path} is in use: the service is running")
    if found.schema < found.known:
        return ok("database", f"{path} will be brought from schema {found.schema} to {found.known} at the next start")
    return ok("database", f"{path} is whole")


def _keys(file: KeyFile, found: Survey, data_key: SecretStr | None) -> Finding:
    if data_key is not None:
        return ok("keys", "from DATA_KEY: keep a copy, apart from the backups; without them nobody reads the database")
    if not file.path.exists():
        if found.schema and found.is_sealed:
            return problem("keys", f"{file.path} is missing, and without it nobody can read the database: put it back")
        return ok("keys", f"{file.path} will be made with the database: copy it then, apart from the backups")
    try:
        count = len(file.load(may_make=False).keys)
    except BadKeys as error:
        return problem("keys", str(error))
    if stat.S_IMODE(file.path.stat().st_mode) & 0o077:
        return warning("keys", f"{file.path} can be read by others: chmod 600 it")
    return ok(
        "keys", f"{count} in {file.path}: keep a copy, apart from the backups, for nothing can be read without it"
    )
