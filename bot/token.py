"""`python -m bot token`: the API's tokens, given out and taken back while the service runs or not."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import BadSettings, Settings, read_settings
from storage import token_uses, tokens
from storage.engine import StorageError
from storage.model import Millis
from storage.tokens import BadTokens, Token

ENV_FILE = Path(".env")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(title="what to do", metavar="add | list | remove", required=True)
    for act, summary in ((add, "make a new token and print it, once"), (remove, "from now on it is worth nothing")):
        one = acts.add_parser(act.__name__, help=summary)
        one.add_argument("name", metavar="NAME", help="whose it is, such as dispatch")
        one.set_defaults(act=act)
    acts.add_parser("list", help="names, and when each was used").set_defaults(act=list_all, name="")


def run(arguments: argparse.Namespace) -> int:
    act: Callable[[Settings, str], None] = arguments.act
    try:
        act(read_settings(os.environ, ENV_FILE), arguments.name)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except BadTokens as error:
        print(f"Nothing was changed: {error}", file=sys.stderr)
        return 1
    return 0


def add(settings: Settings, name: str) -> None:
    print(tokens.add(tokens.beside(settings.database_path), name, _now()))
    print(f"This is the token of {name}. It is shown this once; here, only its hash is kept.", file=sys.stderr)
    print("A running service takes it from its next request on.", file=sys.stderr)


def remove(settings: Settings, name: str) -> None:
    tokens.remove(tokens.beside(settings.database_path), name)
    print(f"The token of {name} is worth nothing from the next request on.")


def list_all(settings: Settings, _: str) -> None:
    held = tokens.read(tokens.beside(settings.database_path))
    used = _uses(settings) if held else {}
    for token in held:
        print(f"{token.name:<24} since {_day(token.created_at, '%Y-%m-%d')}  last used {_last(token, used)}")
    if not held:
        print("There are none. API_TOKEN of the settings, if it is set, counts beside those here.")


def _last(token: Token, used: dict[str, Millis] | None) -> str:
    if used is None:
        return "unknown"
    return _day(used[token.id], "%Y-%m-%d %H:00") if token.id in used else "never"


def _uses(settings: Settings) -> dict[str, Millis] | None:
    """None: PostgreSQL cannot be asked, and why is told."""
    if not settings.on_postgres:
        return token_uses.last_used(settings.database_path)
    try:
        return asyncio.run(_uses_in_postgres(settings))
    except StorageError as error:
        print(f"When they were used cannot be told: {error}", file=sys.stderr)
        return None


async def _uses_in_postgres(settings: Settings) -> dict[str, Millis]:
    from bot.app import reading_of  # costs more than the rest, which needs none of it

    async with reading_of(settings) as here:
        return await token_uses.uses(here)


def _day(at: Millis, pattern: str) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime(pattern)


def _now() -> Millis:
    return time.time_ns() // 1_000_000
