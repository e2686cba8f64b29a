"""The command line: `python -m bot` serves; `python -m bot --help` lists what else there is."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from bot import logs
from bot.settings import BadSettings, Settings, likely_typos, read_settings
from bot.stop import end_at_once

log = logging.getLogger("private_sms.main")

ENV_FILE = Path(".env")
COMMANDS = {
    "demo": "the service on a fresh database, beside phones and a Vonage played on this machine: needs no account",
    "emulator": "the Vonage emulator alone, for any client that speaks to Vonage",
    "backup": "a consistent copy of the SQLite database, while the service runs",
    "copy": "all that is kept, from SQLite to PostgreSQL or back, compared row by row",
    "token": "the API's tokens: add one, list them, take one back, while the service runs",
    "audit": "what admins did and what befell their security, while the service runs",
    "erase": "a person removed everywhere, while the service runs",
    "export": "what is held about a person, as JSON, while the service runs",
    "rotate-key": "another key for the numbers and texts in the database, while the service runs",
    "check": "what is wrong or risky with the settings, the database and the Vonage account",
}


class Tool(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Two people text each other without learning each other's number. "
        "Without a command: the service, with the settings of .env and the environment.",
    )
    parser.add_argument(
        "--after-restore",
        action="store_true",
        help="the database is a restored backup: what was unfinished in it is held for you to look at, and not sent",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    chosen, rest = parser.parse_known_args(words)
    if chosen.command:
        return _run(chosen.command, rest)
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return serve(after_restore=chosen.after_restore)


def _run(command: str, words: Sequence[str]) -> int:
    tool = _tool(command)
    parser = argparse.ArgumentParser(prog=f"python -m bot {command}", description=COMMANDS[command])
    tool.add_arguments(parser)
    return tool.run(parser.parse_args(words))


def _tool(command: str) -> Tool:
    # Imported when asked for: together they cost more than the service takes to start.
    match command:
        case "demo":
            from bot import demo

            return demo
        case "emulator":
            from bot.emulator import command as emulator

            return emulator
        case "audit":
            from bot import audit

            return audit
        case "backup":
            from bot import backup

            return backup
        case "copy":
            from bot import copy

            return copy
        case "erase":
            from bot import erase

            return erase
        case "export":
            from bot import export

            return export
        case "rotate-key":
            from bot import rekey

            return rekey
        case "token":
            from bot import token

            return token
        case _:
            from bot import check

            return check


def serve(*, after_restore: bool = False) -> int:
    """Exit status: 0 when told to stop, 1 when it cannot start or is told twice, 2 for wrong settings."""
    stop = Stop()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    try:
        settings = read_settings(os.environ, ENV_FILE)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    logs.set_up(settings.log_level, settings.log_format)
    logs.tell_what_nobody_caught()
    for hint in likely_typos(os.environ, ENV_FILE):
        log.warning(logs.event("unknown setting", hint=hint))
    return _listen_and_serve(settings, after_restore)


def _listen_and_serve(settings: Settings, after_restore: bool) -> int:
    from bot.app import create_app
    from bot.callers import Callers
    from bot.connections import Connections
    from bot.server import CannotListen, listen, serve
    from storage.engine import Unusable

    try:
        serve(
            create_app(settings, after_restore=after_restore),
            listen(settings.host, settings.port),
            Connections(settings.connections_per_address, Callers(settings.trusted_proxies)),
        )
    except (CannotListen, Unusable) as error:
        print(f"Private SMS cannot start: {error}", file=sys.stderr)
        return 1
    return 0


class Stop:
    """The first signal ends it in order, and must not read as a crash; the second ends it."""

    def __init__(self) -> None:
        self._told = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        # uvicorn lets what is in flight end, then raises the first signal again.
        if self._told:
            end_at_once()
        self._told = True
        raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
