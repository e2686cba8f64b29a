"""A few thousand odd requests to the real process; `make fuzz` throws a hundred thousand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.routing import Route

from bot.app import create_app
from tests.fuzz.odd import Oddity
from tests.fuzz.trial import MOST_GROWTH, OPENAPI, explore_the_api, fuzz
from tests.owner import read

SEED = 20261125


@pytest.mark.no_cover  # other tests cover it
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.timeout(240)
async def test_odd_requests_get_no_500_cost_no_memory_and_keep_nobody_from_texting(tmp_path: Path) -> None:
    outcome = await fuzz(tmp_path, 4000, SEED)
    print(outcome)
    assert (outcome.worst, outcome.faults) == ([], [])
    assert outcome.growth < MOST_GROWTH
    assert outcome.relayed == ["still there?"]
    assert {"200", "204", "400", "401", "404", "405"} <= outcome.answers.keys(), "they reach everything"


@pytest.mark.timeout(240)
async def test_the_api_keeps_to_its_document_whatever_it_is_asked(tmp_path: Path) -> None:
    status, said = await explore_the_api(tmp_path, 15, SEED)
    assert status == 0, said


def test_the_document_names_every_route_that_needs_a_token() -> None:
    documented = set(json.loads(OPENAPI.read_text("utf-8"))["paths"])
    app = create_app(read(API_TOKEN="0123456789abcdef"))
    paths = {route.path for route in app.routes if isinstance(route, Route)}
    assert {path for path in paths if not path.startswith("/webhooks")} - {"/", "/livez", "/readyz"} == documented


def test_a_seed_gives_the_same_requests_again() -> None:
    one, other = Oddity(1), Oddity(1)
    assert [len(one.next().sent) for _ in range(50)] == [len(other.next().sent) for _ in range(50)]
