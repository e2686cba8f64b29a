"""The API's tokens as the service saw them: a change is audited, and when each was used is remembered to the hour."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from storage import audit
from storage.engine import Reading, Transaction
from storage.model import Millis
from storage.tokens import Token

WHO = "command line"
HOUR: Millis = 3_600_000
USES = "SELECT id, used_at FROM api_token WHERE used_at IS NOT NULL"


async def reconcile(tx: Transaction, tokens: Sequence[Token], now: Millis) -> None:
    """From now on these are known; what was added and removed since the last time goes into the audit log."""
    known: dict[str, str] = {id: name for id, name in await tx.rows("SELECT id, name FROM api_token")}
    present = {token.id: token.name for token in tokens}
    for id in present.keys() - known.keys():
        await tx.run("INSERT INTO api_token (id, name) VALUES ($1, $2)", id, present[id])
        await audit.record(tx, audit.Kind.SECURITY, f"API token {present[id]} added", who=WHO, now=now)
    for id in known.keys() - present.keys():
        await tx.run("DELETE FROM api_token WHERE id = $1", id)
        await audit.record(tx, audit.Kind.SECURITY, f"API token {known[id]} removed", who=WHO, now=now)


async def used(tx: Transaction, id: str, now: Millis) -> None:
    """Remembered to the hour."""
    await tx.run(
        "UPDATE api_token SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)", id, now, now - HOUR
    )


async def uses(reading: Reading) -> dict[str, Millis]:
    """When each was used last, by its id."""
    return {id: at for id, at in await reading.rows(USES)}


def last_used(database: Path) -> dict[str, Millis]:
    """By the token's id, from a file that a service may be writing to; what cannot be read is not known."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as opened:
            return dict(opened.execute(USES))
    except sqlite3.Error:
        return {}
