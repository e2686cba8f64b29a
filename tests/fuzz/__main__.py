"""`make fuzz`: a hundred thousand odd requests, and the API explored by schemathesis. Exits 1 on a fault."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.trial import MOST_GROWTH, explore_the_api, fuzz


async def main(arguments: argparse.Namespace) -> int:
    print(f"seed {arguments.seed}", flush=True)
    with TemporaryDirectory() as folder:
        outcome = await fuzz(Path(folder), arguments.requests, arguments.seed)
    print(outcome)
    for answer, sent in outcome.worst[:10]:
        print(f"answered {answer}: {sent!r}")
    print("\n".join(outcome.faults) or "No fault of ours was counted.")
    relays = outcome.relayed == ["still there?"]
    print("It still relays." if relays else "IT DOES NOT RELAY ANY MORE.")
    with TemporaryDirectory() as folder:
        status, said = await explore_the_api(Path(folder), arguments.examples, arguments.seed)
    print(said[said.find("= SUMMARY") :] if status == 0 else said)
    return int(bool(outcome.worst or outcome.faults) or not relays or outcome.growth > MOST_GROWTH or status != 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--examples", type=int, default=200, help="of each operation of the API")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    sys.exit(asyncio.run(main(parser.parse_args())))
