from pathlib import Path

import pytest

from storage import audit
from storage.audit import CannotRead, Entry, Kind
from storage.engine import Engine, StorageError, Transaction
from storage.sqlite import SQLite
from tests.people import ADMIN, ALICE, NOON


async def entries(path: Path, count: int) -> None:
    engine = await SQLite.open(path)
    async with engine.transaction() as tx:
        for each in range(count):
            await audit.record(tx, Kind.ACT, "END", who=ADMIN, now=NOON + each, chat=each)
    await engine.close()


async def test_an_entry_says_who_did_what_to_whom_and_when(tx: Transaction) -> None:
    await audit.record(
        tx, Kind.SECURITY, "admin added", who=ADMIN, now=NOON, outcome="told", whom=ALICE, chat=12
    )  # fmt: skip
    assert await tx.rows("SELECT at, kind, who, what, whom, chat, outcome FROM audit") == [
        (NOON, "security", "*0100", "admin added", "*0001", 12, "told")
    ]


@pytest.mark.parametrize("said", [ALICE.e164(), ALICE.digits(), "call +44 7700 900001 now", "(07700) 900-001"])
async def test_a_number_in_words_is_masked_too(tx: Transaction, said: str) -> None:
    await audit.record(tx, Kind.ACT, said, who=said, now=NOON, outcome=said, whom=said)
    [row] = await tx.rows("SELECT what, who, outcome, whom FROM audit")
    assert all("*0001" in told and "900" not in told for told in row)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'nobody'",
        "UPDATE audit SET at = at WHERE id = 1",
        "DELETE FROM audit",
    ],
)
async def test_the_schema_refuses_every_change_of_what_was_written(engine: Engine, statement: str) -> None:
    async with engine.transaction() as tx:
        await audit.record(tx, Kind.ACT, "END", who=ADMIN, now=NOON)
    with pytest.raises(StorageError, match="append-only"):
        async with engine.transaction() as tx:
            await tx.run(statement)
    assert await engine.reader.rows("SELECT id, at, who FROM audit") == [(1, NOON, "*0100")]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO audit (id, at, kind, who, what, outcome) VALUES (1, 0, 'act', 'x', 'x', 'x')",
        "REPLACE INTO audit (id, at, kind, who, what, outcome) VALUES (1, 0, 'act', 'x', 'x', 'x')",
    ],
)
async def test_nor_can_an_entry_of_sqlites_be_replaced(sqlite_tx: Transaction, statement: str) -> None:
    await audit.record(sqlite_tx, Kind.ACT, "END", who=ADMIN, now=NOON)
    with pytest.raises(StorageError, match="append-only"):
        await sqlite_tx.run(statement)
    assert await sqlite_tx.rows("SELECT id, at, who FROM audit") == [(1, NOON, "*0100")]


async def test_the_log_is_read_oldest_first_page_by_page(tmp_path: Path) -> None:
    await entries(tmp_path / "test.db", audit.PAGE + 2)
    found = list(audit.read(tmp_path / "test.db"))
    assert [entry.chat for entry in found] == list(range(audit.PAGE + 2))
    assert found[0] == Entry(NOON, Kind.ACT, "*0100", "END", None, 0, "done")


async def test_the_log_is_read_from_a_time_on(tmp_path: Path) -> None:
    await entries(tmp_path / "test.db", 3)
    assert [entry.chat for entry in audit.read(tmp_path / "test.db", since=NOON + 1)] == [1, 2]


async def test_any_database_is_read_the_same_way(engine: Engine) -> None:
    async with engine.transaction() as tx:
        for each in range(audit.PAGE + 2):
            await audit.record(tx, Kind.ACT, "END", who=ADMIN, now=NOON + each, chat=each)
    found = [entry async for entry in audit.entries(engine.reader, since=NOON + 1)]
    assert [entry.chat for entry in found] == list(range(1, audit.PAGE + 2))
    assert found[0] == Entry(NOON + 1, Kind.ACT, "*0100", "END", None, 1, "done")


async def test_reading_disturbs_no_service_and_changes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    await entries(path, 1)
    engine = await SQLite.open(path)
    async with engine.transaction() as tx:
        await audit.record(tx, Kind.ACT, "END", who=ADMIN, now=NOON, chat=7)
        before = path.read_bytes()
        assert [entry.chat for entry in audit.read(path)] == [0]
    assert [entry.chat for entry in audit.read(path)] == [0, 7]
    assert path.read_bytes() == before
    await engine.close()


async def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="there is no database"):
        list(audit.read(tmp_path / "none.db"))
    (tmp_path / "old.db").touch()
    with pytest.raises(CannotRead, match="older version"):
        list(audit.read(tmp_path / "old.db"))
    (tmp_path / "odd.db").write_text("no database at all, but a text that is long enough to be looked at" * 20)
    with pytest.raises(CannotRead, match="cannot be read"):
        list(audit.read(tmp_path / "odd.db"))
