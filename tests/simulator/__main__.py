"""`python -m tests.simulator`: the promise of delivery in many simulated worlds, or in one looked at closely."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulator.known import KNOWN, news
from tests.simulator.plantings import PLANTINGS, first_caught
from tests.simulator.simulation import Outcome, simulate

REPLAY = "python -m tests.simulator --seed {seed} --trace"
NEWS_EVERY = 5.0  # seconds
RUBBISH = 50_000  # objects until it is looked for
SHOWN = 3  # of what is wrong in one seed


def main(words: Sequence[str] | None = None) -> int:
    arguments = _arguments(words)
    seeds = range(arguments.start, arguments.start + arguments.seeds)
    if arguments.planted:
        return _planted(seeds)
    if arguments.seed is not None:
        return _one(arguments.seed, trace=arguments.trace)
    return _many(seeds)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, metavar="N", help="how many worlds (2000)")
    parser.add_argument("--from", type=int, default=0, dest="start", metavar="S", help="the first seed (0)")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="and all that happens in it")
    parser.add_argument("--planted", action="store_true", help="which seed finds each of the faults planted on purpose")
    return parser.parse_args(words)


def _one(seed: int, *, trace: bool) -> int:
    outcome = simulate(seed)
    if trace:
        print("\n".join(outcome.trace))
    print("\n".join(outcome.wrong) or f"seed {seed}: all as promised")
    return 1 if news(outcome.wrong) else 0


def _many(seeds: Sequence[int]) -> int:
    met: Counter[str] = Counter()
    known: Counter[str] = Counter()
    failed = 0
    began = told_at = time.perf_counter()
    for done, seed in enumerate(seeds, start=1):
        if done == 2:
            _leave_alone_what_stays()
        outcome = simulate(seed)
        met += outcome.met
        known.update({each.split(":")[0] for each in outcome.wrong} & KNOWN.keys())
        failed += _tell(outcome)
        if time.perf_counter() - told_at > NEWS_EVERY and sys.stderr.isatty():
            told_at = time.perf_counter()
            print(f"{done} seeds, {done / (told_at - began):.0f} a second", end="\r", file=sys.stderr)
    _sum_up(len(seeds), time.perf_counter() - began, met, known)
    print(f"\n{failed} seeds failed" if failed else "\nEvery seed as promised")
    return 1 if failed else 0


def _leave_alone_what_stays() -> None:
    """What is there after the first world is there to the end: it need not be gone through for rubbish ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(RUBBISH)


def _tell(outcome: Outcome) -> bool:
    wrong = news(outcome.wrong)
    if wrong:
        print(f"seed {outcome.seed}: {'; '.join(wrong[:SHOWN])}\n    {REPLAY.format(seed=outcome.seed)}", flush=True)
    return bool(wrong)


def _sum_up(seeds: int, lasted: float, met: Counter[str], known: Counter[str]) -> None:
    print(f"{seeds} seeds in {lasted:.0f} s, {seeds / lasted:.1f} a second. They met:")
    print("\n".join(f"{count:>10} {what}" for what, count in sorted(met.items())))
    for name, why in KNOWN.items():
        print(f"known, in {known[name]} seeds: {name}: {why}")


def _planted(seeds: Sequence[int]) -> int:
    unseen = 0
    for planting in PLANTINGS:
        caught = first_caught(planting, seeds)
        unseen += caught is None
        found = f"seed {caught.seed:>5}  {caught.wrong[0][:90]}" if caught else f"NOT FOUND in {len(seeds)} seeds"
        print(f"{planting.name:<46} {found}", flush=True)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
