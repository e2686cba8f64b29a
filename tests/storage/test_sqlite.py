import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import admins, blocks, chats, codes, inbox, outbox, people, undoable
from storage.engine import StorageError, Taken, Unavailable, Unusable
from storage.keys import KeySetting, new
from storage.number import Number
from storage.sqlite import SQLite, known_migrations
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE
from tests.unsealed import kept


async def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await SQLite.open(tmp_path / "a.db")
    async with first.transaction() as tx:
        await tx.run("INSERT INTO told VALUES ('a', 'b', 1)")
    await first.close()
    second = await SQLite.open(tmp_path / "a.db")
    assert await second.reader.rows("SELECT number FROM told") == [("a",)]
    await second.close()


async def test_an_exception_undoes_the_whole_transaction(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(StorageError):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO told VALUES ('a', 'b', 1)")
            await tx.run("INSERT INTO told VALUES (NULL, 'b', 1)")
    assert await engine.reader.rows("SELECT * FROM told") == []
    await engine.close()


async def test_the_writer_is_durable_and_the_reader_cannot_write(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        settings = [(await tx.row(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "secure_delete")]
    assert settings == [("wal",), (2,), (1,)]
    with pytest.raises(Unavailable, match="readonly"):
        await engine.reader.rows("DELETE FROM told")
    assert await engine.reader.row("PRAGMA wal_autocheckpoint") == (0,)
    await engine.close()


async def test_nothing_to_write_does_not_reach_the_database(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        await tx.many("no SQL at all", [])
    await engine.close()


async def test_errors_of_sqlite_stay_inside(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(Taken):
        async with engine.transaction() as tx:
            await tx.many("INSERT INTO told VALUES ($1, 'b', 1)", [("a",), ("a",)])
    with pytest.raises(StorageError, match="CHECK"):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO chat (open, opened_by, opened_at, active_at) VALUES (7, 'x', 1, 1)")
    await engine.close()


async def test_a_full_disk_refuses_and_works_again_with_space(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        [pages] = await tx.row("PRAGMA page_count") or ()
        await tx.run(f"PRAGMA max_page_count = {pages}")
    big = "x" * 100_000
    with pytest.raises(Unavailable, match="full"):
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO told VALUES ($1, 'b', 1)", big)
    async with engine.transaction() as tx:
        await tx.run("PRAGMA max_page_count = 100000")
        await tx.run("INSERT INTO told VALUES ($1, 'b', 1)", big)
    await engine.close()


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await (await SQLite.open(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(Unusable, match="newer version"):
        await SQLite.open(path)
    assert sqlite_value(path, "PRAGMA user_version") == 99


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"dear diary" * 1000)
    with pytest.raises(Unusable, match="cannot open"):
        await SQLite.open(path)
    assert path.read_bytes() == b"dear diary" * 1000


async def test_a_second_process_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    first = await SQLite.open(tmp_path / "a.db")
    with pytest.raises(Unusable, match="another process"):
        await SQLite.open(tmp_path / "a.db")
    await first.close()
    await (await SQLite.open(tmp_path / "a.db")).close()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot write beside the database"):
        await SQLite.open(tmp_path / "nowhere" / "a.db")


async def test_a_fresh_database_has_the_newest_schema(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    assert sqlite_value(tmp_path / "a.db", "PRAGMA user_version") == len(known_migrations())


def sqlite_value(path: Path, sql: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


SINCE_SEALED = next(place for place, script in enumerate(known_migrations()) if "CREATE TABLE vault_key" in script)
HELD = """
    INSERT INTO chat (id, open, opened_by, opened_at, active_at) VALUES (1, 1, '+447700900100', 1, 1);
    INSERT INTO participant (chat, side, number, line, open) VALUES
        (1, 'A', '+447700900001', '+447700900000', 1), (1, 'B', '+447700900002', '+447700900000', 1);
    INSERT INTO outbound (line, recipient, text, kind, chat, sender, sender_line, client_ref, state, ready_at,
                          created_at, changed_at) VALUES
        ('+447700900000', '+447700900002', 'a canary sings', 'relay', 1, '+447700900001', '+447700900000', 'r1',
         'queued', 1, 1, 1);
    INSERT INTO kept (message_id, sender, line, text, stamped_at, received_at, reason) VALUES
        ('m1', '447700900003', '+447700900000', 'a stranger sings', 1, 1, 'stranger'),
        ('m2', 'BANK', '+447700900000', NULL, 1, 1, 'sender is not a phone');
    INSERT INTO gathering (sender, line, ref, total, started_at, due_at, stamped_at) VALUES
        ('+447700900001', '+447700900000', '7', 2, 1, 30001, 1), ('+447700900002', '+447700900000', '8', 2, 1, NULL, 1);
    INSERT INTO gathered_part VALUES (1, 1, 'm3', 'a part sings'), (2, 1, 'm4', '');
    INSERT INTO opt_out VALUES ('+447700900003', 1, 'text');
    INSERT INTO told VALUES ('+447700900003', 'stranger', 1);
    INSERT INTO sender_day VALUES (1, '+447700900001', 1, 0, 0);
    INSERT INTO list_page VALUES ('+447700900100', 1, 1);
    INSERT INTO admin VALUES ('+447700900101', '+447700900100', 1);
    INSERT INTO block VALUES ('+447700900004', '+447700900100', 1, 253402300799999);
    INSERT INTO undoable (admin, what, number, at) VALUES ('+447700900100', 'BLOCK', '+447700900004', 1);
    INSERT INTO pending_code VALUES ('+447700900100', '+447700900000', 'BLOCK +447700900004', x'00', 1);
    INSERT INTO code_event (admin, what, at) VALUES ('+447700900100', 'asked', 1);
    INSERT INTO code_lock VALUES ('+447700900100', 1);
    INSERT INTO authenticator_step VALUES ('+447700900100', 1);
"""


def holding(folder: Path, needle: bytes) -> list[str]:
    return [each.name for each in folder.iterdir() if needle in each.read_bytes()]


def older(path: Path) -> None:
    """A database as the version before sealing left it, with something in every table."""
    with closing(sqlite3.connect(path)) as database:
        for script in known_migrations()[:SINCE_SEALED]:
            database.executescript(script)
        database.executescript(f"{HELD} PRAGMA user_version = {SINCE_SEALED}; PRAGMA journal_mode = WAL;")


async def test_an_older_database_is_sealed_and_reads_as_before(tmp_path: Path) -> None:
    older(tmp_path / "a.db")
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        [chat] = await chats.open_chats(tx)
        assert [each.number for each in chat.participants] == [ALICE, BOB]
        assert await people.in_chats_ending_in(tx, "0001", open_only=True) == [ALICE]
        [claim] = (await outbox.claim(tx, owner="me", line=LINE, limit=9, now=9)).texts
        assert (claim.recipient, claim.text, claim.sender) == (BOB, "a canary sings", chat.a.seat)
        assert await kept(tx) == [
            ("447700900003", "a stranger sings", "stranger"), ("BANK", None, "sender is not a phone"),
        ]  # fmt: skip
        [long] = await inbox.overdue(tx, 30_001)
        assert (long.sender, long.text) == (ALICE, f"a part sings{inbox.GAP}")
        assert await people.opted_out(tx, [ALICE, CAROL]) == {CAROL}
        assert await admins.added(tx) == [Number("+447700900101")]
        assert await blocks.ending_in(tx, "0004", 9) == [DAVE]
        assert await people.page_of(tx, ADMIN) == 1
        act = await undoable.last_of(tx, ADMIN, after=0)
        assert act is not None
        assert act.number == DAVE
        assert await codes.pending(tx, ADMIN) is None
        assert await codes.count(tx, ADMIN, codes.Event.ASKED, after=0) == 1
        assert await codes.locked_until(tx, ADMIN, 0) == 1
        assert not await codes.use_step(tx, ADMIN, 1)
    await engine.close()


@pytest.mark.parametrize("needle", [b"sings", *(b"770090000%d" % each for each in (1, 2, 3, 4)), b"7700900100"])
async def test_of_an_older_database_nothing_readable_is_left(tmp_path: Path, needle: bytes) -> None:
    older(tmp_path / "a.db")
    assert needle in (tmp_path / "a.db").read_bytes()
    engine = await SQLite.open(tmp_path / "a.db")
    assert holding(tmp_path, needle) == []
    await engine.close()
    assert holding(tmp_path, needle) == []


async def test_a_missing_file_of_keys_stops_the_start_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await (await SQLite.open(path)).close()
    (tmp_path / "a.db.key").unlink()
    before = path.read_bytes()
    with pytest.raises(Unusable, match=r"file of keys .*a\.db\.key is missing"):
        await SQLite.open(path)
    assert path.read_bytes() == before
    assert not (tmp_path / "a.db.key").exists()


async def test_the_keys_of_another_database_are_refused(tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "a.db")).close()
    await (await SQLite.open(tmp_path / "b.db")).close()
    (tmp_path / "b.db.key").replace(tmp_path / "a.db.key")
    with pytest.raises(Unusable, match="not those of this database"):
        await SQLite.open(tmp_path / "a.db")


async def test_a_key_that_still_seals_something_cannot_be_left_out(tmp_path: Path) -> None:
    first, second = new(), new()
    await (await SQLite.open(tmp_path / "a.db", KeySetting(f"{first},{second}"))).close()
    with pytest.raises(Unusable, match="not those of this database"):
        await SQLite.open(tmp_path / "a.db", KeySetting(first))
    assert not (tmp_path / "a.db.key").exists()


async def test_keys_that_do_not_fit_are_not_taken_up_by_a_running_service(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    held = (tmp_path / "a.db.key").read_text()
    (tmp_path / "a.db.key").write_text(new())
    with pytest.raises(Unusable, match="not those of this database"):
        await engine.use_keys()
    (tmp_path / "a.db.key").write_text(f"{held}\n{new()}")
    assert await engine.use_keys()
    await engine.close()


async def test_what_was_deleted_is_not_in_the_wal_after_a_purge(tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "a.db")
    async with engine.transaction() as tx:
        await tx.run("INSERT INTO told VALUES ('canary', 'x', 1)")
    async with engine.transaction() as tx:
        await tx.run("DELETE FROM told")
    assert b"canary" in (tmp_path / "a.db-wal").read_bytes()
    assert await engine.purge()
    assert holding(tmp_path, b"canary") == []
    await engine.close()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SQLite]:
    engine = await SQLite.open(tmp_path / "a.db")
    yield engine
    await engine.close()


async def test_a_reader_in_the_way_of_purging_holds_up_nobody_and_is_told(engine: SQLite, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as reader:
        async with engine.transaction() as tx:
            await tx.run("INSERT INTO pulse (id, at) VALUES (1, 1)")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM pulse").fetchone()
        async with engine.transaction() as tx:
            await tx.run("UPDATE pulse SET at = 2")
        assert not await engine.purge()
        assert list(await engine._writer.execute_fetchall("PRAGMA busy_timeout")) == [(5000,)]
    assert await engine.purge()
    assert (tmp_path / "a.db-wal").stat().st_size == 0


async def test_a_file_that_is_written_anew_holds_the_same_and_is_as_small_as_it_can_be(engine: SQLite) -> None:
    async with engine.transaction() as tx:
        await tx.many("INSERT INTO seen (message_id, received_at) VALUES ($1, $2)", [(f"m{n}", n) for n in range(9000)])
    async with engine.transaction() as tx:
        await tx.run("DELETE FROM seen WHERE received_at > 5")
    await engine.rewrite()
    assert await engine.purge()
    assert await engine.reader.rows("SELECT count(*) FROM seen") == [(6,)]
    assert await engine.reader.rows("PRAGMA freelist_count") == [(0,)]
    assert await engine.reader.rows("PRAGMA integrity_check") == [("ok",)]
