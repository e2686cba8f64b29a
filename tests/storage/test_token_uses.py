"""Tokens as the service saw them: changes are audited once, uses are remembered to the hour."""

from __future__ import annotations

from pathlib import Path

from storage.engine import Engine
from storage.model import Millis
from storage.token_uses import HOUR, last_used, reconcile, used, uses
from storage.tokens import Token
from tests.people import NOON

ONE, OTHER = Token("a" * 12, "dispatch", "0" * 64, NOON), Token("b" * 12, "backup", "1" * 64, NOON)


async def audited(engine: Engine) -> list[str]:
    return [what for (what,) in await engine.reader.rows("SELECT what FROM audit ORDER BY id")]


async def seen(engine: Engine, *tokens: Token) -> None:
    async with engine.transaction() as tx:
        await reconcile(tx, tokens, NOON)


async def test_what_was_added_and_removed_is_audited_once(engine: Engine) -> None:
    await seen(engine, ONE)
    await seen(engine, ONE)
    await seen(engine, OTHER)
    assert sorted(await audited(engine)) == [
        "API token backup added",
        "API token dispatch added",
        "API token dispatch removed",
    ]


async def test_no_hash_is_kept_in_the_database(engine: Engine) -> None:
    await seen(engine, ONE)
    assert await engine.reader.rows("SELECT * FROM api_token") == [(ONE.id, ONE.name, None)]


async def test_a_use_is_remembered_to_the_hour(engine: Engine) -> None:
    await seen(engine, ONE, OTHER)
    for at in (NOON, NOON + HOUR - 1):
        async with engine.transaction() as tx:
            await used(tx, ONE.id, at)
    assert await last_used_of(engine) == {ONE.id: NOON}
    async with engine.transaction() as tx:
        await used(tx, ONE.id, NOON + HOUR)
    assert await last_used_of(engine) == {ONE.id: NOON + HOUR}


async def last_used_of(engine: Engine) -> dict[str, Millis]:
    return await uses(engine.reader)


async def test_uses_are_read_from_the_file_beside_a_service(sqlite: Engine, tmp_path: Path) -> None:
    await seen(sqlite, ONE, OTHER)
    async with sqlite.transaction() as tx:
        await used(tx, ONE.id, NOON)
    assert last_used(tmp_path / "test.db") == {ONE.id: NOON}


def test_without_a_database_no_use_is_known(tmp_path: Path) -> None:
    assert last_used(tmp_path / "none.db") == {}
    (tmp_path / "text.db").write_text("no database at all, and long enough to be looked at")
    assert last_used(tmp_path / "text.db") == {}
