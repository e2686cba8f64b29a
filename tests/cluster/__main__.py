"""`python -m tests.cluster`: processes on one PostgreSQL, hurt for minutes. Exit status 1: a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.cluster.loop import Outcome, run
from tests.cluster.planted import PLANTED
from tests.postgres import Databases, Server, server

SHOWN = 60  # faults of a run


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without ending what was started
    arguments, folder = _arguments(), Path(tempfile.mkdtemp(prefix="private-sms-cluster-"))
    print(f"seed {arguments.seed}", flush=True)
    with server() as running:
        outcome = asyncio.run(_run(running, folder, arguments))
    print("\n  ".join([str(outcome), *outcome.faults[:SHOWN]]))
    if outcome.faults:
        print(f"The promise was BROKEN. What is left lies in {folder}")
        return 1
    print("The promise was kept.")
    return 0


async def _run(running: Server, folder: Path, arguments: argparse.Namespace) -> Outcome:
    databases = Databases(running)
    try:
        return await run(
            folder, await databases.make(empty=True), seconds=60 * arguments.minutes, seed=arguments.seed,
            planted=arguments.planted, told=_tell,
        )  # fmt: skip
    finally:
        await databases.drop_all()


def _tell(blows: Counter[str]) -> None:
    print(f"{blows.total():,} blows", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of a run that is to be made again")
    parser.add_argument("--planted", choices=sorted(PLANTED), help="with a fault that has to be found")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
