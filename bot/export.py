"""`python -m bot export NUMBER`: what is held about a person, as JSON, while the service runs or not."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.api import stamp
from bot.app import reading_of, system_clock
from bot.asking import NotDone, WrongNumber, about, ask, person
from bot.settings import BadSettings, Settings, read_settings
from storage import holdings
from storage.blocks import FOR_EVER
from storage.engine import Reading, StorageError
from storage.errands import BadErrand, What
from storage.holdings import Marks, Text
from storage.model import Millis
from storage.number import Number

ENV_FILE = Path(".env")
FORMAT = 1  # of the JSON: a higher one may lack something that this one has


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", help="about whom, with + and the country code")
    parser.add_argument(
        "--file", metavar="FILE", type=Path, help="where it goes, readable for you alone; must not exist"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 written, 1 not, 2 for wrong settings or no number."""
    try:
        settings = read_settings(os.environ, ENV_FILE)
        number = person(arguments.number, settings)
        _check_free(arguments.file)
        return asyncio.run(export(settings, number, arguments.file))
    except (BadSettings, WrongNumber) as error:
        print(error, file=sys.stderr)
        return 2
    except (NotDone, StorageError, BadErrand) as error:
        print(f"Nothing was written: {error}", file=sys.stderr)
    except OSError as error:
        print(f"Nothing was written: {arguments.file}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was written.", file=sys.stderr)
    return 1


async def export(settings: Settings, number: Number, file: Path | None) -> int:
    async with reading_of(settings) as here:
        held, errand = await holdings.count(here, number), about(here, What.EXPORT, number)
        if held.nothing and not held.opted_out and number not in settings.admin_numbers:
            print(f"Nothing is held about {number}.", file=sys.stderr)
            return 1
    outcome = await ask(settings, errand)  # what cannot be noted in the audit log is not handed out
    if outcome.failed is not None:
        raise NotDone(outcome.failed)
    async with reading_of(settings) as here:
        found = await collect(here, number, settings, now=system_clock())
    _write(json.dumps(found, ensure_ascii=False, indent=1) + "\n", file)
    return 0


def _check_free(file: Path | None) -> None:
    if file is not None and file.exists():
        raise FileExistsError(errno.EEXIST, "it exists already; name another file")


def _write(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))  # half an emoji may be in a text
        return
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(text.encode("utf-8", "backslashreplace"))


async def collect(here: Reading, number: Number, settings: Settings, *, now: Millis) -> dict[str, Any]:
    """The shape is in the README, and stays: what is new is added."""
    marks = await holdings.marks(here, number)
    return {
        "format": FORMAT,
        "exported_at": stamp(now),
        "number": number.e164(),
        **_noted(marks, is_settled=number in settings.admin_numbers),
        "chats": [_chat(each) for each in map(asdict, await holdings.sittings(here, number))],
        "texts_written": [_sent(each) for each in await holdings.written(here, number)],
        "texts_received": [_sent(each) for each in await holdings.received(here, number)],
        "texts_kept": [_text(each) for each in await holdings.kept(here, number)],
        "parts_waiting": [_text(each) for each in await holdings.waiting(here, number)],
    }


def _noted(marks: Marks, *, is_settled: bool) -> dict[str, Any]:
    """What is noted of them: null where it is not."""
    added = marks.added_as_admin_at
    until = None if marks.blocked_until == FOR_EVER else marks.blocked_until
    return {
        "opted_out": marks.opted_out_at and {"since": stamp(marks.opted_out_at), "by": marks.opted_out_by},
        "blocked": marks.blocked_at and {"since": stamp(marks.blocked_at), "until": stamp(until)},
        "admin": {"by": "settings", "since": None} if is_settled else added and {"by": "text", "since": stamp(added)},
        "language": marks.language_chosen_at and {"is": marks.language, "since": stamp(marks.language_chosen_at)},
    }


def _chat(held: dict[str, Any]) -> dict[str, Any]:
    times = {name: stamp(held.pop(name)) for name in ("opened_at", "closed_at", "last_text_at")}
    return {"id": held.pop("chat"), **held, **times}


def _text(text: Text) -> dict[str, Any]:
    held = {name: value for name, value in asdict(text).items() if value is not None}
    return {"at": stamp(held.pop("at")), "words": None, **held}


def _sent(text: Text) -> dict[str, Any]:
    return _text(text) | {"words_removed": text.words is None}
