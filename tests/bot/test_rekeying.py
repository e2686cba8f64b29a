"""Another key while the service runs: taken up within a look, all sealed anew, and texts go on meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import resealing
from storage.keys import KeyFile
from tests.people import ADMIN, ALICE, BOB
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"


async def sealed_with(here: World) -> set[bytes]:
    fields = await here.engine.reader.rows(
        "SELECT sealed FROM participant UNION ALL SELECT recipient_sealed FROM outbound"
        " UNION ALL SELECT text FROM outbound"
    )
    return {bytes(field)[:4] for (field,) in fields}


async def test_all_is_sealed_with_the_new_key_and_texts_go_on(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        await here.text(ALICE, "hello")
        await here.deadlines.look()
        before = await sealed_with(here)
        KeyFile.beside(tmp_path / "a.db").add()
        await here.deadlines.look()
        assert await here.text(BOB, "and back") == ["*0001 and back"]
        while await resealing.is_due(here.engine.reader):
            await here.deadlines.look()
        assert await sealed_with(here) == {here.engine.vault.current}
        assert before.isdisjoint(await sealed_with(here))
        assert await here.text(ALICE, "still here") == ["*0002 still here"]


async def test_a_run_that_ended_in_the_midst_is_taken_up_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    async with world(path) as here:
        await here.text(ADMIN, PAIR)
        KeyFile.beside(path).add()
        monkeypatch.setattr(resealing, "ROWS", 1)
        await here.deadlines.look()
        assert await resealing.is_due(here.engine.reader)
    monkeypatch.undo()
    async with world(path) as here:
        await here.deadlines.look()
        while await resealing.is_due(here.engine.reader):
            await here.deadlines.look()
        assert await sealed_with(here) == {here.engine.vault.current}
        assert await here.text(ALICE, "hello") == ["*0002 hello"]


async def test_a_broken_file_is_told_and_the_service_goes_on_with_what_it_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        (tmp_path / "a.db.key").write_text("oh no")
        await here.deadlines.look()
        assert await here.text(ALICE, "hello") == ["*0002 hello"]
    assert "keys not taken up" in caplog.text


async def test_a_file_that_is_broken_for_long_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with world(tmp_path / "a.db") as here:
        (tmp_path / "a.db.key").write_text("oh no")
        for _ in range(3):
            await here.deadlines.look()
    assert caplog.text.count("keys not taken up") == 1
