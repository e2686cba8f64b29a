"""Errands in the service: taken up at the next look, done once, answered when no rest is left in the files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.erasing import Erasing
from bot.errands import AGAIN, TRIES, Errands
from storage import erasure, errands, retention
from storage.engine import Unavailable
from storage.errands import Errand, Outcome, What
from storage.keys import KeyFile
from storage.number import Number
from storage.sqlite import SQLite
from storage.vault import Vault
from tests.people import ADMIN, ALICE, BOB, CAROL
from tests.world import World, world

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"


class Files:
    """Stands before the engine: a reader may be in the way, the disk be full; and what was done is noted."""

    def __init__(self, engine: SQLite) -> None:
        self.engine = engine
        self.done: list[str] = []
        self.in_the_way = 0
        self.full = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    async def rewrite(self) -> None:
        self.done.append("rewrite")
        if self.full:
            raise Unavailable("database or disk is full")
        await self.engine.rewrite()

    async def purge(self) -> bool:
        self.done.append("purge")
        self.in_the_way -= 1
        return self.in_the_way < 0 and await self.engine.purge()


class Place:
    def __init__(self, here: World, path: Path) -> None:
        self.here = here
        self.file = errands.beside(path)
        assert isinstance(here.engine, SQLite)
        self.files = Files(here.engine)
        self.work = self.anew()

    def anew(self, *, beside: bool = True) -> Errands:
        """As after a restart; `beside`: commands leave errands in a file."""
        erasing = Erasing(self.here.house, self.here.outgoing)
        return Errands(
            file=self.file if beside else None, engine=self.files, writer=self.here.writer, erasing=erasing,  # type: ignore[arg-type]
            clock=self.here.clock,
        )  # fmt: skip

    def leave(self, what: What, number: Number, vault: Vault | None = None) -> None:
        vault = vault or self.here.engine.vault
        errands.leave(self.file, Errand("7", what, vault.index(number), vault.seal_number(number)))

    def outcome(self) -> Outcome | None:
        return errands.outcome(self.file, "7")

    async def audited(self) -> list[str]:
        rows = await self.here.engine.reader.rows("SELECT what FROM audit WHERE kind = 'security' ORDER BY id")
        return [what for (what,) in rows]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with world(tmp_path / "a.db") as here:
        await here.text(ADMIN, PAIR)
        yield Place(here, tmp_path / "a.db")


async def test_a_person_is_erased_and_the_answer_says_what_there_was(place: Place) -> None:
    place.leave(What.ERASE, ALICE)
    await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.held is not None
    assert (outcome.held.chats, outcome.rest, outcome.failed) == (1, None, None)
    assert place.files.done == ["rewrite", "purge"]
    assert not await retention.is_rewrite_asked(place.here.engine.reader)
    await place.work.look()
    assert place.files.done == ["rewrite", "purge"]


async def test_an_export_is_noted_and_the_files_stay_as_they_are(place: Place) -> None:
    place.leave(What.EXPORT, ALICE)
    await place.work.look()
    assert place.outcome() == Outcome("7")
    assert await place.audited() == ["a person was exported"]
    assert place.files.done == []


async def test_of_whom_nothing_is_held_nothing_is_done(place: Place) -> None:
    place.leave(What.ERASE, CAROL)
    await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.held is not None
    assert outcome.held.nothing
    assert (await place.audited(), place.files.done) == ([], [])


async def test_while_a_reader_is_in_the_way_it_tries_on_and_then_says_so(place: Place) -> None:
    place.files.in_the_way = TRIES
    place.leave(What.ERASE, ALICE)
    for _ in range(TRIES - 1):
        await place.work.look()
        assert place.outcome() is None
    await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.rest is not None
    assert "another program reads" in outcome.rest
    await place.work.look()
    assert not await retention.is_rewrite_asked(place.here.engine.reader)
    assert place.files.done.count("rewrite") == 1


async def test_a_full_disk_is_said_and_it_is_tried_again_later(place: Place) -> None:
    place.files.full = True
    place.leave(What.ERASE, ALICE)
    for _ in range(3):
        await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.rest == "write the file anew: database or disk is full"
    assert place.files.done == ["rewrite"]
    place.files.full = False
    place.here.now += AGAIN
    await place.work.look()
    assert place.files.done == ["rewrite", "rewrite", "purge"]


async def test_what_a_run_before_left_to_do_is_done_at_the_start(place: Place) -> None:
    async with place.here.engine.transaction() as tx:
        await erasure.erase(tx, ALICE, place.here.now)
    await place.anew().look()
    assert place.files.done == ["rewrite", "purge"]


async def test_where_nobody_leaves_errands_what_a_killed_command_left_to_do_is_done_all_the_same(place: Place) -> None:
    work = place.anew(beside=False)
    await work.look()
    async with place.here.engine.transaction() as tx:
        await erasure.erase(tx, ALICE, place.here.now)
    await work.look()
    assert place.files.done == []
    place.here.now += AGAIN
    await work.look()
    assert place.files.done == ["rewrite", "purge"]


@pytest.mark.parametrize("full", [False, True])
async def test_what_is_done_at_once_tells_what_is_left_to_do(place: Place, full: bool) -> None:
    place.files.full = full
    vault = place.here.engine.vault
    errand = Errand("7", What.ERASE, vault.index(ALICE), vault.seal_number(ALICE))
    outcome = await place.anew(beside=False).do_at_once(errand)
    assert outcome.held is not None
    assert (outcome.held.chats, outcome.rest is not None) == (1, full)
    assert await retention.is_rewrite_asked(place.here.engine.reader) == full


async def test_what_is_no_errand_is_put_away_and_harms_nothing(place: Place) -> None:
    place.file.write_text("no errand")
    await place.work.look()
    assert not place.file.exists()


async def test_an_errand_of_somebody_with_other_keys_is_refused_and_said(place: Place, tmp_path: Path) -> None:
    other = Vault(KeyFile(tmp_path / "other.key").load(may_make=True))
    place.leave(What.ERASE, ALICE, other)
    await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.failed is not None
    assert "file of keys" in outcome.failed
    assert await place.audited() == []


async def test_a_fault_of_ours_is_said_and_undone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("a test")

    monkeypatch.setattr(erasure, "erase", broken)
    place.leave(What.ERASE, ALICE)
    await place.work.look()
    outcome = place.outcome()
    assert outcome is not None
    assert outcome.failed is not None
    assert await place.here.text(ALICE, "still here") == ["*0002 still here"]


async def test_while_nothing_can_be_stored_the_errand_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise Unavailable("full")

    monkeypatch.setattr(erasure, "erase", full)
    place.leave(What.ERASE, ALICE)
    with pytest.raises(Unavailable):
        await place.work.look()
    assert errands.find(place.file) is not None
    monkeypatch.undo()
    await place.work.look()
    assert await place.audited() == ["a person was erased"]
