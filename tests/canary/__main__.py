"""`python -m tests.canary`: plays with other seeds, or with the leaks that are planted on purpose and must be found."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.canary.plantings import LEAKS
from tests.canary.stage import Seen, perform
from tests.canary.surfaces import heard

SHOWN = 3  # of what one play leaks


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.canary", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many plays (20)")
    parser.add_argument("--from", type=int, default=0, dest="start", metavar="S", help="the first seed (0)")
    parser.add_argument(
        "--planted", action="store_true", help="whether each planted leak is found, with the first seed"
    )
    arguments = parser.parse_args(words)
    if arguments.planted:
        return _planted(arguments.start)
    return _many(range(arguments.start, arguments.start + arguments.seeds))


def _many(seeds: Sequence[int]) -> int:
    leaked = 0
    for seed in seeds:
        seen = _play(seed)
        leaked += bool(seen.leaks)
        told = f"{len(seen.surfaces)} surfaces, {len(heard(seen.cast, seen.surfaces))} texts arrived"
        print(f"seed {seed}: {told}; {_shown(seen) or 'nothing leaked'}", flush=True)
    return 1 if leaked else 0


def _planted(seed: int) -> int:
    unseen = 0
    for leak in LEAKS:
        seen = _play(seed, leak)
        unseen += not seen.leaks
        print(f"{leak}: {_shown(seen) or 'NOT FOUND'}", flush=True)
    return 1 if unseen else 0


def _play(seed: int, leak: str = "") -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(perform(seed, Path(folder), leak))


def _shown(seen: Seen) -> str:
    kinds = {leak.partition(" ")[0]: leak for leak in seen.leaks}  # one for each kind of surface
    return "; ".join(list(kinds.values())[:SHOWN])


if __name__ == "__main__":
    sys.exit(main())
