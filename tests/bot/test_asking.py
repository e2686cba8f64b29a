"""An errand gets done: by whoever holds the database, else here; and who waits in vain is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import reading_of
from bot.asking import NotDone, WrongNumber, about, ask, person
from bot.settings import Settings
from storage import chats, errands, retention
from storage.engine import Unusable
from storage.errands import Errand, Occupied, What
from storage.keys import KeyFile
from storage.lock import FileLock
from storage.model import Seat
from storage.postgres import Postgres
from storage.reading import reading
from storage.sqlite import SQLite
from tests.owner import read
from tests.people import ADMIN, ALICE, BOB, LINE, NOON
from tests.postgres import KEY


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """Of a database in which Alice and Bob are in a chat, and which nobody uses."""
    engine = await SQLite.open(tmp_path / "sms.db")
    async with engine.transaction() as tx:
        a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
        await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    await engine.close()
    ours = {"VONAGE_NUMBER": LINE.e164(), "ADMIN_NUMBERS": ADMIN.e164()}
    return read(DATABASE_URL=f"sqlite:///{tmp_path / 'sms.db'}", **ours)


async def errand(settings: Settings, what: What = What.ERASE) -> Errand:
    async with reading(settings.database_path) as here:
        return about(here, what, ALICE)


def test_a_number_may_be_written_as_people_do(settings: Settings) -> None:
    assert person("+44 7700 900002", settings).tail == "*0002"
    for wrong in ("0001", "somebody", LINE.e164()):
        with pytest.raises(WrongNumber):
            person(wrong, settings)


async def test_without_a_service_it_is_done_here_and_what_goes_out_waits(settings: Settings) -> None:
    outcome = await ask(settings, await errand(settings))
    assert outcome.held is not None
    assert outcome.held.chats == 1
    async with reading(settings.database_path) as here:
        assert await chats.all_chats(here) == []
        waiting = await here.rows("SELECT recipient, state FROM outbound")
        assert waiting == [(here.vault.index(BOB), "queued")]
        assert await here.rows("SELECT who, what FROM audit") == [("command line", "a person was erased")]
    beside = {each.name for each in settings.database_path.parent.iterdir()}
    assert not any("errand" in name for name in beside)


async def test_what_a_killed_command_left_is_done_first(settings: Settings) -> None:
    left = await errand(settings, What.EXPORT)
    errands.leave(errands.beside(settings.database_path), left)
    await ask(settings, await errand(settings))
    async with reading(settings.database_path) as here:
        done = await here.rows("SELECT what FROM audit ORDER BY id")
        assert done == [("a person was exported",), ("a person was erased",)]


@pytest.mark.parametrize("what", What)
async def test_a_service_that_does_not_answer_is_told_and_an_erasure_stays_with_it(
    settings: Settings, what: What
) -> None:
    wish, file = await errand(settings, what), errands.beside(settings.database_path)
    held = FileLock.take(Path(f"{settings.database_path}.lock"))
    with pytest.raises(NotDone, match="has not answered"):
        await ask(settings, wish, patience=0.01)
    assert (errands.find(file) is not None) == (what is What.ERASE)
    held.release()


async def test_a_second_command_is_refused_while_the_first_waits(settings: Settings) -> None:
    wish = await errand(settings)
    errands.leave(errands.beside(settings.database_path), wish)
    held = FileLock.take(Path(f"{settings.database_path}.lock"))
    with pytest.raises(Occupied, match="another command"):
        await ask(settings, await errand(settings))
    held.release()


async def test_without_its_keys_nothing_is_done(settings: Settings) -> None:
    wish = await errand(settings)
    KeyFile.beside(settings.database_path).path.unlink()
    with pytest.raises(Unusable, match="missing"):
        await ask(settings, wish)
    assert errands.find(errands.beside(settings.database_path)) is None, "it must not be done later, unasked"


async def test_in_postgresql_it_is_done_at_once_beside_a_service_that_sends_what_goes_out(postgres: Postgres) -> None:
    ours = {"VONAGE_NUMBER": LINE.e164(), "ADMIN_NUMBERS": ADMIN.e164()}
    settings = read(DATABASE_URL=postgres.dsn, DATA_KEY=KEY, **ours)
    async with postgres.transaction() as tx:
        a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
        await chats.open_chat(tx, a=a, b=b, label=None, opened_by="api", now=NOON, expires_at=None)
    async with reading_of(settings) as here:
        wish = about(here, What.ERASE, ALICE)
    outcome = await ask(settings, wish)
    assert outcome.held is not None
    assert (outcome.held.chats, outcome.rest) == (1, None)
    reader = postgres.reader
    assert await chats.all_chats(reader) == []
    assert await reader.rows("SELECT recipient, state FROM outbound") == [(reader.vault.index(BOB), "queued")]
    assert not await retention.is_rewrite_asked(reader)
    assert not errands.beside(settings.database_path).exists()
