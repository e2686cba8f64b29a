"""`python -m bot rotate-key`: another key for the vault, while the service runs or not."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bot.settings import BadSettings, read_settings
from storage import keys
from storage.keys import BadKeys, KeyFile

ENV_FILE = Path(".env")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "A key in DATA_KEY is yours to change: this prints the new value."


def run(arguments: argparse.Namespace) -> int:
    try:
        settings = read_settings(os.environ, ENV_FILE)
        if settings.data_key is not None:
            return _say_setting(settings.data_key.get_secret_value(), settings.on_postgres)
        file = KeyFile.beside(settings.database_path)
        file.add()
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except BadKeys as error:
        print(f"The key was not changed: {error}", file=sys.stderr)
        return 1
    print(f"{file.path} has another key, and keeps the older ones: backups need them. Copy the file, apart from those.")
    print(
        "A running service seals with it within seconds, and seals what is there anew; otherwise the next start does."
    )
    return 0


def _say_setting(held: str, on_postgres: bool) -> int:
    # A process that has not got it could not read what the others seal with it.
    restart = (
        "stop all processes, set it to this on every machine, and start them"
        if on_postgres
        else "set it to this, and restart"
    )
    print(
        f"The key is in DATA_KEY, or the file of DATA_KEY_FILE, which is yours to change: {restart}:", file=sys.stderr
    )
    print(",".join([*keys.keys_in(held), keys.new()]))
    print("The service then seals what is there anew. Keep the older keys: backups need them.", file=sys.stderr)
    return 0
