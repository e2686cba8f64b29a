"""Several processes on one PostgreSQL, hurt at random: no text lost, repeated in silence, out of order, or astray.

Twenty minutes of it: `make soak-postgres`.
"""

from pathlib import Path

import pytest

from tests.cluster.loop import run
from tests.postgres import Databases

pytestmark = [pytest.mark.timeout(300), pytest.mark.no_cover]


async def test_four_processes_that_are_hurt_at_random_keep_the_promise(tmp_path: Path, databases: Databases) -> None:
    outcome = await run(tmp_path, await databases.make(empty=True), seconds=10, seed=1)
    assert outcome.faults == [], outcome
    assert outcome.moves > 2, "or no line was taken over by another process"
    assert outcome.blows.total() > 4


async def test_the_claim_that_most_queues_make_is_found_to_mix_up_the_order(
    tmp_path: Path, databases: Databases
) -> None:
    database = await databases.make(empty=True)
    outcome = await run(tmp_path, database, seconds=8, seed=1, planted="naive_claim", calm=True)
    assert any("came before" in fault for fault in outcome.faults), outcome
