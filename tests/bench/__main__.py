"""`python -m tests.bench`: how fast the service is, and how large, on this machine. It reads /proc: Linux only."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import processes
from tests.bench.figures import Chapter, as_json, table
from tests.bench.measures import MEASURES, QUICK, Bench, Size
from tests.bench.population import Shape

NAMES = {measure.__name__: measure for measure in MEASURES}


def main(words: Sequence[str] | None = None) -> None:
    arguments = _arguments(words)
    size = QUICK if arguments.quick else Size()
    with tempfile.TemporaryDirectory(prefix="private-sms-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        with processes.provider(folder) as ledger:
            bench = Bench(size, arguments.shape, folder, ledger)
            chapters = [_measured(bench, measure) for measure in arguments.only or NAMES]
    print(table(chapters))
    print(f"\n{_circumstances(size, arguments.shape)}")
    if arguments.json:
        arguments.json.write_text(
            as_json(chapters, **_machine(), shape=arguments.shape, quick=arguments.quick), "utf-8"
        )


def _measured(bench: Bench, name: str) -> Chapter:
    print(f"measuring: {name}", file=sys.stderr)
    return NAMES[name](bench)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast the service is, as a table.")
    parser.add_argument(
        "--quick", action="store_true", help="a little of everything: shows that it works, measures nothing"
    )
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.FORM, help="of the webhooks (form)")
    parser.add_argument("--folder", type=Path, help="where the databases lie meanwhile: the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures in a file, too")
    return parser.parse_args(words)


def _circumstances(size: Size, shape: Shape) -> str:
    machine = _machine()
    return (
        f"Every text was checked: the right words to the right person, none missing, none twice, in order.\n"
        f"One process of the service; provider and load are two others on the same {machine['processors']} processors,"
        f" load average {machine['load_average']}.\n"
        f"{size.chats:,} chats, {size.connections} keep-alive connections, webhooks as {shape};"
        f" medians of {size.rounds} rounds of {size.texts:,} texts.\n"
        f"Python {machine['python']}, SQLite {machine['sqlite']}, synchronous=FULL."
    )


def _machine() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
