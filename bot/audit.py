"""`python -m bot audit`: what admins did and what befell their security, oldest first; numbers masked, no texts."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import BadSettings, Settings, read_settings
from commands import durations
from commands.durations import NotADuration
from storage.audit import CannotRead, Entry, entries, read
from storage.engine import StorageError
from storage.model import Millis

ENV_FILE = Path(".env")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="2D", type=_length, help="only what happened since that long ago: 90m, 2d")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Reads only, beside a running service or without one."""
    since = 0 if arguments.since is None else time.time_ns() // 1_000_000 - arguments.since
    try:
        _show(read_settings(os.environ, ENV_FILE), since, as_json if arguments.json else as_line)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except (CannotRead, StorageError) as error:
        print(f"The audit log cannot be shown: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the first lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show(settings: Settings, since: Millis, said: Callable[[Entry], str]) -> None:
    if settings.on_postgres:
        asyncio.run(_show_from_postgres(settings, since, said))
        return
    for entry in read(settings.database_path, since=since):
        print(said(entry))


async def _show_from_postgres(settings: Settings, since: Millis, said: Callable[[Entry], str]) -> None:
    from bot.app import reading_of  # costs more than the rest, which needs none of it

    async with reading_of(settings) as here:
        async for entry in entries(here, since=since):
            print(said(entry))


def as_line(entry: Entry) -> str:
    about = " ".join(filter(None, (entry.whom, None if entry.chat is None else f"Chat {entry.chat}"))) or "-"
    return f"{_stamp(entry.at)}  {entry.kind:<8}  {entry.who:<8}  {entry.what:<18}  {about:<12}  {entry.outcome}"


def as_json(entry: Entry) -> str:
    return json.dumps(asdict(entry) | {"at": _stamp(entry.at)}, ensure_ascii=False)


def _stamp(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _length(text: str) -> Millis:
    try:
        return durations.parse(text)
    except NotADuration as error:
        raise argparse.ArgumentTypeError(str(error)) from error
