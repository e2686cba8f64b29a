"""The benchmark works: a little of everything runs through, and a wrong relay would not go unseen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figures import Chapter, Figure, percentile, table
from tests.bench.measures import MEASURES
from tests.bench.population import Population, Wrong, check

ROOT = Path(__file__).parents[1]
TEXTS = Population(2).texts(12, "T", lanes=1)
ARRIVED = [(text.line, text.recipient, text.words) for text in TEXTS]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the benchmark reads /proc")
@pytest.mark.timeout(300)
def test_a_little_of_everything_gives_every_figure_and_leaves_nothing_behind(tmp_path: Path) -> None:
    found, folder = tmp_path / "figures.json", tmp_path / "databases"
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--json", found, "--folder", folder],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    figures = json.loads(found.read_text("utf-8"))["figures"]
    assert len({figure["chapter"] for figure in figures}) == len(MEASURES)
    assert [
        figure["name"] for figure in figures if f"  {figure['name']} " not in run.stdout or figure["value"] <= 0
    ] == []
    assert list(folder.iterdir()) == []


def test_what_arrived_as_it_was_texted_is_right() -> None:
    check(TEXTS, ARRIVED)


@pytest.mark.parametrize(
    ("arrived", "why"),
    [
        (ARRIVED[1:], "missing"),
        ([*ARRIVED, ARRIVED[0]], "twice"),
        ([*ARRIVED, (*ARRIVED[0][:2], "what nobody wrote")], "not for them"),
        ([(line, TEXTS[1].recipient, words) for line, _, words in ARRIVED], "missing|not for them"),
        (ARRIVED[::-1], "order"),
    ],
)
def test_what_arrived_otherwise_is_said(arrived: list[tuple[str, str, str]], why: str) -> None:
    with pytest.raises(Wrong, match=why):
        check(TEXTS, arrived)


def test_every_person_of_the_benchmark_has_a_seat_of_their_own() -> None:
    town = Population(100_000)
    assert len({(town.line(person), town.number(person)) for person in range(200_000)}) == 200_000


def test_a_figure_is_met_or_missed_on_its_own_side() -> None:
    fast, slow = Figure("fast", 3, "/s", at_least=2), Figure("slow", 3, " s", at_most=2, limit="fast")
    assert (fast.met, slow.met, Figure("told", 1, "").met) == (True, False, None)
    assert "1.00 of 3.00/s, fast" in table([Chapter("both", [fast, slow])])


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 50) == 51
    assert percentile([3, 1, 2], 99) == 3
