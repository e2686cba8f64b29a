"""Another key: row by row, what older keys sealed is sealed with it, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import admins, blocks, chats, codes, inbox, outbox, resealing, undoable
from storage.engine import Transaction
from storage.inbox import Kept
from storage.keys import KeyFile
from storage.model import Part, Seat
from storage.resealing import TABLES, Place, reseal
from storage.sqlite import SQLite
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, NOON, inbound, notice, relay
from tests.unsealed import kept


async def fill(tx: Transaction) -> None:
    """Something in each table that has a sealed field."""
    a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
    chat = await chats.open_chat(tx, a=a, b=b, label=None, opened_by=ADMIN, now=NOON, expires_at=None)
    await outbox.enqueue(tx, [(relay(ALICE, BOB, "hi", chat=chat.id), "r1"), (notice(CAROL), "r2")], NOON)
    await inbox.keep(tx, [Kept(inbound(CAROL, "hello?", id="m1"), "stranger")])
    await inbox.gather(tx, inbound(ALICE, "a part", part=Part("7", 2, 1)))
    await admins.add(tx, BOB, by=ADMIN, now=NOON)
    await blocks.block(tx, CAROL, by=ADMIN, until=NOON + 9, now=NOON)
    await undoable.remember(tx, undoable.Act.BLOCK, by=ADMIN, now=NOON, keep=9, number=CAROL)
    await codes.ask(tx, admin=ADMIN, line=LINE, command="END ALL", code_hash=b"x", expires_at=NOON + 9)


async def sealed_fields(tx: Transaction) -> list[bytes]:
    found = []
    for table in TABLES:
        for field in table.fields:
            found += await tx.rows(f"SELECT {field.name} FROM {table.name} WHERE {field.name} IS NOT NULL")
    return [bytes(value) for (value,) in found]


async def everything(tx: Transaction) -> list[object]:
    claimed = await tx.rows(f"SELECT {outbox.COLUMNS} FROM outbound ORDER BY id")
    return [
        [outbox.claim_of(tx, row) for row in claimed],
        await chats.all_chats(tx),
        await kept(tx),
        await inbox.overdue(tx, NOON + inbox.PARTS_WAIT),
        await admins.added(tx),
        await blocks.ending_in(tx, CAROL.tail[1:], NOON),
        await undoable.last_of(tx, ADMIN, after=0),
        await codes.pending(tx, ADMIN),
    ]


async def all_anew(tx: Transaction) -> int:
    """Returns how many steps it took."""
    place: Place | None = Place()
    steps = 0
    while place is not None:
        place, steps = await reseal(tx, place), steps + 1
    return steps


@pytest.fixture
async def filled(tmp_path: Path) -> SQLite:
    """With a key that seals nothing yet."""
    path = tmp_path / "a.db"
    engine = await SQLite.open(path)
    async with engine.transaction() as tx:
        await fill(tx)
    KeyFile.beside(path).add()
    assert await engine.use_keys()
    return engine


async def test_every_sealed_field_is_known_here(tmp_path: Path) -> None:
    """A column of bytes that is not resealed would be lost with its key."""
    engine = await SQLite.open(tmp_path / "a.db")
    columns = await engine.reader.rows(
        "SELECT m.name, p.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS p"
        " WHERE m.type = 'table' AND p.type = 'BLOB'"
    )
    await engine.close()
    known = {(table.name, field.name) for table in TABLES for field in table.fields}
    assert set(columns) == known | {("vault_key", "proof"), ("pending_code", "code_hash")}


async def test_all_is_sealed_anew_and_reads_as_before(filled: SQLite) -> None:
    async with filled.transaction() as tx:
        assert await resealing.is_due(tx)
        before = await sealed_fields(tx)
        assert len(before) >= len(TABLES) + 3
        assert not any(map(tx.vault.is_current, before))
        await all_anew(tx)
        after = await sealed_fields(tx)
        assert len(after) == len(before)
        assert all(map(tx.vault.is_current, after))
        await resealing.finish(tx)
        assert not await resealing.is_due(tx)
    await filled.close()


async def test_nothing_else_changes(filled: SQLite) -> None:
    async with filled.transaction() as tx:
        await tx.run("SAVEPOINT before")
        before = await everything(tx)
        await tx.run("ROLLBACK TO before")  # what is overdue was let go by looking
        await all_anew(tx)
        assert await everything(tx) == before
    await filled.close()


async def test_it_goes_on_where_it_was(filled: SQLite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "ROWS", 1)
    async with filled.transaction() as tx:
        assert await all_anew(tx) > len(TABLES) + 2
        assert all(map(tx.vault.is_current, await sealed_fields(tx)))
    await filled.close()


async def test_when_it_is_done_the_older_key_may_go(filled: SQLite, tmp_path: Path) -> None:
    async with filled.transaction() as tx:
        await all_anew(tx)
        await resealing.finish(tx)
        ids = await tx.rows("SELECT id FROM vault_key ORDER BY id")
    assert ids == sorted([(filled.vault.current.hex(),), ("index",)])
    await filled.close()


async def test_an_empty_field_stays_as_it_is(filled: SQLite) -> None:
    async with filled.transaction() as tx:
        await tx.run("UPDATE outbound SET text = NULL")
        await all_anew(tx)
        assert await tx.rows("SELECT DISTINCT text FROM outbound") == [(None,)]
    await filled.close()
