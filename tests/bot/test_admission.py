"""Who is admitted to the API: by the settings' token, by one of the file's, and not while too many were wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from starlette.requests import Request

from bot.admission import Admission
from bot.brake import MOST, Brake
from bot.callers import Callers
from bot.fault import Fault
from storage import tokens
from storage.token_uses import HOUR
from tests.people import NOON
from tests.world import World

TOKEN = "a-token-for-tests"


class Porter:
    def __init__(self, here: World, folder: Path, api_token: str | None = TOKEN) -> None:
        self.here = here
        self.file = folder / "test.db.tokens"
        self.reached: list[None] = []
        brake = Brake(Callers(), here.clock, lambda: self.reached.append(None))
        self.admission = Admission(
            api_token=api_token, file=self.file, brake=brake, writer=here.writer, clock=here.clock
        )

    async def asked(self, given: str | None, address: str = "192.0.2.1") -> str:
        """`in`, or the fault's code."""
        headers = [] if given is None else [(b"authorization", given.encode("latin-1"))]
        scope = {"type": "http", "client": (address, 4711), "headers": headers}
        try:
            await self.admission.admit(Request(scope))
        except Fault as fault:
            return fault.code
        return "in"

    async def uses(self) -> list[tuple[str, int | None]]:
        rows = await self.here.engine.reader.rows("SELECT name, used_at FROM api_token ORDER BY name")
        return [(name, used_at) for name, used_at in rows]

    async def audited(self) -> list[str]:
        return [what for (what,) in await self.here.engine.reader.rows("SELECT what FROM audit ORDER BY id")]


@pytest.fixture
def porter(here: World, tmp_path: Path) -> Porter:
    return Porter(here, tmp_path)


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
async def test_the_token_of_the_settings_is_let_in(porter: Porter, given: str) -> None:
    assert await porter.asked(given) == "in"


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer t\u00f6ken"]
)
async def test_whatever_else_is_said_is_not(porter: Porter, given: str | None) -> None:
    assert await porter.asked(given) == "unauthorized"


async def test_tokens_of_the_file_are_let_in_each_by_itself(porter: Porter) -> None:
    one, other = (tokens.add(porter.file, name, NOON) for name in ("one", "other"))
    assert [await porter.asked(f"Bearer {each}") for each in (one, other, TOKEN)] == ["in"] * 3
    tokens.remove(porter.file, "one")
    assert [await porter.asked(f"Bearer {each}") for each in (one, other)] == ["unauthorized", "in"]


async def test_the_hash_in_the_file_opens_nothing(porter: Porter) -> None:
    tokens.add(porter.file, "one", NOON)
    assert await porter.asked(f"Bearer {tokens.read(porter.file)[0].sha256}") == "unauthorized"


async def test_without_any_token_the_api_is_off(here: World, tmp_path: Path) -> None:
    porter = Porter(here, tmp_path, api_token=None)
    assert [await porter.asked(given) for given in (None, "Bearer ")] == ["api_off"] * 2
    token = tokens.add(porter.file, "one", NOON)
    assert await porter.asked(f"Bearer {token}") == "in"


async def test_a_damaged_file_lets_nobody_in_and_the_settings_token_still_counts(
    porter: Porter, caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.add(porter.file, "one", NOON)
    assert await porter.asked(f"Bearer {token}") == "in"
    porter.file.write_text("[")
    assert await porter.asked(f"Bearer {token}") == "unauthorized"
    assert await porter.asked(f"Bearer {TOKEN}") == "in"
    assert "mend it or move it away" in caplog.text


async def test_what_was_added_and_removed_is_audited_and_uses_are_remembered_to_the_hour(porter: Porter) -> None:
    token = tokens.add(porter.file, "one", NOON)
    for _ in range(2):
        assert await porter.asked(f"Bearer {token}") == "in"
        porter.here.now += HOUR - 1
    assert await porter.uses() == [("one", NOON)]
    await porter.asked(f"Bearer {token}")
    assert await porter.uses() == [("one", porter.here.now)]
    tokens.remove(porter.file, "one")
    await porter.asked(None)
    assert await porter.uses() == []
    assert await porter.audited() == ["API token one added", "API token one removed"]


async def test_a_change_made_while_the_service_was_down_is_audited_at_its_start(here: World, tmp_path: Path) -> None:
    first = Porter(here, tmp_path)
    tokens.add(first.file, "one", NOON)
    await first.admission.look()
    tokens.remove(first.file, "one")
    await Porter(here, tmp_path).admission.look()
    assert await first.audited() == ["API token one added", "API token one removed"]


async def test_a_store_that_takes_nothing_keeps_no_reader_out(porter: Porter) -> None:
    token = tokens.add(porter.file, "one", NOON)
    porter.here.writer.stop()
    assert await porter.asked(f"Bearer {token}") == "in"


async def test_a_file_replaced_within_the_same_instant_is_noticed(porter: Porter) -> None:
    token = tokens.add(porter.file, "one", NOON)
    assert await porter.asked(f"Bearer {token}") == "in"
    before = porter.file.stat()
    tokens.remove(porter.file, "one")
    tokens.add(porter.file, "two", NOON)
    os.utime(porter.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await porter.asked(f"Bearer {token}") == "unauthorized"


async def test_after_ten_wrong_ones_even_the_right_one_waits_from_there_and_not_from_elsewhere(porter: Porter) -> None:
    assert [await porter.asked("Bearer wrong") for _ in range(MOST)] == ["unauthorized"] * MOST
    assert await porter.asked(f"Bearer {TOKEN}") == "too_many_failures"
    assert await porter.asked(f"Bearer {TOKEN}", "192.0.2.2") == "in"
    assert len(porter.reached) == 1
    porter.here.now += 60_000
    assert await porter.asked(f"Bearer {TOKEN}") == "in"


async def test_who_waits_is_told_how_long(porter: Porter) -> None:
    for _ in range(MOST):
        await porter.asked("Bearer wrong")
    porter.here.now += 20_000
    with pytest.raises(Fault) as caught:
        await porter.admission.admit(Request({"type": "http", "client": ("192.0.2.1", 1), "headers": []}))
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "40"})
