"""The promise of delivery in thousands of simulated worlds, each with its own faults, and that a broken one is seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.plantings import PLANTINGS, Planting, first_caught
from tests.simulator.simulation import simulate

pytestmark = pytest.mark.no_cover  # other tests cover it, and it would take twice the time

ROOT = Path(__file__).parents[1]
CHUNKS, IN_EACH = 4, 500
SEEDS_FOR_A_PLANTING = 200
# The others are found as well, but not so soon: `make planted` tells.
SOON_FOUND = [planting for planting in PLANTINGS if planting.soon]


def simulator(*words: str, hash_seed: str = "random") -> subprocess.CompletedProcess[str]:
    """In a process of its own, where no one measures coverage: that would take as long again."""
    command = [sys.executable, "-m", "tests.simulator", *words]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.timeout(300)
def test_the_promise_is_kept_in_every_world(chunk: int) -> None:
    run = simulator("--seeds", str(IN_EACH), "--from", str(chunk * IN_EACH))
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("planting", SOON_FOUND, ids=lambda planting: planting.name)
@pytest.mark.timeout(300)
def test_a_planted_fault_is_found(planting: Planting) -> None:
    assert first_caught(planting, range(SEEDS_FOR_A_PLANTING)) is not None


def test_enough_is_planted() -> None:
    assert len(SOON_FOUND) >= 12


def replayed(seed: int, hash_seed: str) -> str:
    """The trace of a seed from a process of its own."""
    run = simulator("--seed", str(seed), "--trace", hash_seed=hash_seed)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("seed", [7, 23])
def test_a_seed_gives_the_same_trace_in_every_process(seed: int) -> None:
    here = "\n".join(simulate(seed).trace)
    first, second = replayed(seed, "1"), replayed(seed, "2")
    assert first == second
    assert first.startswith(here)


def test_a_world_finds_nothing_of_the_one_before() -> None:
    first = simulate(7)
    simulate(23)
    assert simulate(7) == first
