"""`python -m bot copy FROM TO`: all that is kept, from SQLite to PostgreSQL or back, compared row by row."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.addresses import POSTGRES, SQLITE, a_database
from bot.app import NO_ASYNCPG, keys_of
from bot.settings import BadSettings, Settings, read_settings
from storage import tokens
from storage.engine import InDoubt, StorageError, Unusable
from storage.keys import KeyFile

ENV_FILE = Path(".env")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="FROM", type=_address, help="sqlite:///file or postgresql://user@host/database"
    )
    parser.add_argument("target", metavar="TO", type=_address, help="the other of the two, with nothing in it yet")
    parser.epilog = "A password need not be in the address: PGPASSWORD and ~/.pgpass are read, too."


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 copied, 1 not, 2 for wrong settings or addresses."""
    source, target = arguments.source, arguments.target
    if source.startswith(POSTGRES) == target.startswith(POSTGRES):
        print("One of the two has to be a SQLite file, and the other a PostgreSQL database.", file=sys.stderr)
        return 2
    try:
        return asyncio.run(copy(read_settings(os.environ, ENV_FILE), source, target))
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except InDoubt as error:
        print(
            f"Whether the copy was kept is not known: {error}. Try again: where it was, the target is in use.",
            file=sys.stderr,
        )
    except StorageError as error:
        print(f"Nothing was copied, and the source is as it was: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was copied, and the source is as it was.", file=sys.stderr)
    return 1


async def copy(settings: Settings, source: str, target: str) -> int:
    file = Path((target if source.startswith(POSTGRES) else source).removeprefix(SQLITE))
    try:
        count = await _move(settings, source, target, file)
    except Unusable as error:
        raise Unusable(f"{error}{_hint(settings, file)}") from error
    print(f"{count:,} rows, each read back and compared: the same in both.")
    print("The source is as it was. Start no service on it again: it would send once more what has left since.")
    print("To go on with the copy, set in .env:", *_what_to_set(settings, file, target), sep="\n  ")
    return 0


async def _move(settings: Settings, source: str, target: str, file: Path) -> int:
    try:
        from storage.moving import to_postgres, to_sqlite
    except ImportError as error:
        raise Unusable(NO_ASYNCPG) from error
    keys = keys_of(settings) or KeyFile.beside(file)
    if source.startswith(POSTGRES):
        return await to_sqlite(source, file, keys, _tell)
    return await to_postgres(file, target, keys, _tell)


def _tell(table: str, count: int) -> None:
    print(f"{table:<20}{count:>14,}", flush=True)


def _hint(settings: Settings, file: Path) -> str:
    keys = KeyFile.beside(file).path
    if settings.data_key is None or not keys.exists():
        return ""
    return f". DATA_KEY is set; the keys of {file} itself are in {keys}: DATA_KEY_FILE={keys} takes those"


def _what_to_set(settings: Settings, file: Path, target: str) -> Iterator[str]:
    if not target.startswith(POSTGRES):
        yield f"DATABASE_URL={target}"
    else:
        yield "DATABASE_URL=the address that was given here"
    if settings.data_key is not None:
        yield "DATA_KEY, or DATA_KEY_FILE, as it is"
    elif target.startswith(POSTGRES):
        yield f"DATA_KEY_FILE={KeyFile.beside(file).path.absolute()}"
    if target.startswith(POSTGRES) and tokens.beside(file).exists():
        yield f"and take {tokens.beside(file)}, the API's tokens, along: as {tokens.beside(Path('private-sms.db'))}"


def _address(written: str) -> str:
    try:
        return a_database(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
