"""The minute's look at what is old: little by little, nothing where nothing is due, and a fault stops no other."""

from __future__ import annotations

import pytest

from bot.retention import BATCHES, Periods, Retention
from commands.durations import DAY, HOUR, MINUTE
from storage import chats, retention
from tests.people import ADMIN, ALICE, BOB, CAROL
from tests.world import World

PAIR = f"PAIR {ALICE.e164()} {BOB.e164()} AS job7"


async def count(here: World, table: str, where: str = "TRUE") -> int:
    [(found,)] = await here.engine.reader.rows(f"SELECT count(*) FROM {table} WHERE {where}")
    return int(found)


async def test_words_go_after_a_month_and_who_it_was_after_three(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.text(ALICE, "hello")
    await here.text(CAROL, "and me?")
    await here.text(ADMIN, "END 1")
    texts = await count(here, "outbound")
    await here.wait(30 * DAY)
    assert await count(here, "outbound", "text IS NOT NULL") == texts
    await here.wait(MINUTE)
    assert await count(here, "outbound", "text IS NULL") == texts
    assert await chats.find(here.engine.reader, 1) is not None
    await here.wait(60 * DAY)
    left = {table: await count(here, table) for table in ("outbound", "participant", "kept", "line_use", "chat")}
    assert left == {"outbound": 0, "participant": 0, "kept": 0, "line_use": 0, "chat": 1}
    assert (await here.text(ADMIN, "REOPEN 1"))[0].startswith("*0100 There is no Chat 1.")
    assert (await here.text(ADMIN, PAIR))[-1].startswith("*0100 Chat 2 job7 ready")


async def test_an_open_chat_goes_on_however_old_it_is(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.wait(400 * DAY)
    assert await here.text(ALICE, "hello") == ["*0002 hello"]


async def test_where_nothing_is_due_nothing_is_written(here: World) -> None:
    await here.text(ADMIN, PAIR)
    await here.deadlines.look()
    version = await here.engine.reader.rows("PRAGMA data_version")
    for _ in range(3):
        await here.wait(MINUTE)
    assert await here.engine.reader.rows("PRAGMA data_version") == version


async def test_a_minute_takes_so_many_batches_and_no_more(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 1)
    await here.text(ADMIN, PAIR)
    for text in ("one", "two", "three"):
        await here.text(ALICE, text)
    await here.wait(31 * DAY)
    assert await count(here, "outbound", "text IS NULL") == BATCHES
    await here.wait(MINUTE)
    assert await count(here, "outbound", "text IS NULL") == await count(here, "outbound")


class Purges:
    """Stands in for the engine, of which nothing else is asked."""

    count = 0
    reader_gone = True

    async def purge(self) -> bool:
        self.count += 1
        return self.reader_gone


async def test_the_log_of_changes_is_emptied_after_a_removal_and_once_an_hour(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = 1

    async def forget(*_: object, **__: object) -> int:
        return removed

    monkeypatch.setattr(retention, "forget_words", forget)
    engine = Purges()
    looks = Retention(engine, Periods(), here.clock)  # type: ignore[arg-type]
    for passed, purges in ((0, 1), (59 * MINUTE, 1), (MINUTE, 2)):
        here.now += passed
        await looks.look(here.writer.do)
        assert engine.count == purges
    engine.reader_gone = False
    for purges in (3, 4):  # a reader was in the way: again with the next look
        here.now += HOUR
        await looks.look(here.writer.do)
        assert engine.count == purges
    engine.reader_gone, removed = True, 0
    for purges in (5, 5):  # what was removed before, and nothing since
        here.now += HOUR
        await looks.look(here.writer.do)
        assert engine.count == purges


async def test_a_fault_in_one_kind_stops_no_other(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> int:
        raise LookupError("a test")

    monkeypatch.setattr(retention, "forget_words", broken)
    await here.text(CAROL, "nobody knows me")
    await here.wait(31 * DAY)
    assert await count(here, "kept") == 0
    assert await here.text(ADMIN, PAIR) != []
