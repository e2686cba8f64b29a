"""`python -m tests.soak`: kill -9 and power cuts by the thousand. Exit status 1: a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.crash.loop import run
from tests.powercut.cuts import COMPILER, compiled, cut, written_down

CUTS_IN_A_RUN = 500
TEXTS_IN_A_RUN = 1500
SHOWN = 20  # faults of a run

Told = tuple[str, list[str]]  # what was done, and what is wrong


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without ending what was started
    arguments, folder, broken = _arguments(), Path(tempfile.mkdtemp(prefix="private-sms-soak-")), False
    print(f"seed {arguments.seed}", flush=True)
    kills = _killed(arguments.kills, arguments.seed, folder)
    cuts = _cut(arguments.cuts, arguments.seed, folder)
    for done, faults in chain(kills, cuts):
        print("\n  ".join([done, *faults[:SHOWN]]), flush=True)
        broken = broken or bool(faults)
    if broken:
        print(f"The promise was BROKEN. What is left lies in {folder}")
        return 1
    shutil.rmtree(folder)
    print("The promise was kept.")
    return 0


def _killed(kills: int, seed: int, folder: Path) -> Iterator[Told]:
    def tell(number: int) -> None:
        if number % 50 == 0:
            print(f"{number:,} kills of {kills:,}", file=sys.stderr)

    if kills > 0:
        outcome = asyncio.run(run(folder, kills=kills, seed=seed, as_owners_do=True, told=tell))
        yield str(outcome), outcome.faults


def _cut(cuts: int, seed: int, folder: Path) -> Iterator[Told]:
    if cuts > 0 and (sys.platform != "linux" or COMPILER is None):
        yield "no power cuts", ["they take Linux and a C compiler"]
        return
    for number, done in enumerate(range(0, cuts, CUTS_IN_A_RUN)):
        shim, place = compiled(folder), folder / f"powercut-{number}"
        place.mkdir()
        records = written_down(shim, place, texts=TEXTS_IN_A_RUN, seed=seed + number)
        outcome = cut(records, cuts=min(CUTS_IN_A_RUN, cuts - done), seed=seed + number)
        yield str(outcome), [str(image) for image in outcome.harmful]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Crashes and power cuts by the thousand.")
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="kill -9 so often (default: %(default)s)")
    parser.add_argument("--cuts", type=int, default=5000, metavar="N", help="power cuts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of a run that is to be made again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
