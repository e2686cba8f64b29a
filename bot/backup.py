"""`python -m bot backup FILE`: a consistent copy of the SQLite database, while the service runs or not."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bot.settings import BadSettings, read_settings
from storage.backup import CannotBackUp, back_up

ENV_FILE = Path(".env")
ON_POSTGRES = """\
No backup was made: this copies a SQLite file. Of a PostgreSQL database pg_dump makes one while all goes on:
  pg_dump --format=custom --file=FILE --dbname=(what DATABASE_URL says)
It needs the keys of DATA_KEY, which are not in it. Keep them too, in another place.
To go back: stop all processes, pg_restore into an empty database, start one with --after-restore, then the others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="where the copy goes; must not exist yet")


def run(arguments: argparse.Namespace) -> int:
    try:
        settings = read_settings(os.environ, ENV_FILE)
        if settings.on_postgres:
            print(ON_POSTGRES, file=sys.stderr)
            return 2
        size = back_up(settings.database_path, arguments.file)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except CannotBackUp as error:
        print(f"No backup was made: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.file} holds the database as it is now, whole and checked ({size:,} bytes).")
    print(
        "Numbers and texts in it are sealed: it needs the keys, which are not in it. Keep them too, in another place."
    )
    print("To go back to it: stop the service, put it in the database's place, start once with --after-restore.")
    return 0
