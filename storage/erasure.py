"""A person leaves every table; what is left is their opt-out, as the keyed hash it always was."""

from __future__ import annotations

import secrets

from storage import locks, retention
from storage.engine import Transaction
from storage.holdings import WRITTEN
from storage.model import Millis
from storage.number import Number
from storage.outbox import PROMOTE
from storage.vault import HASH_BYTES

OWN = (
    "DELETE FROM kept WHERE sender = $1",
    "DELETE FROM gathering WHERE sender = $1",
    "DELETE FROM told WHERE number = $1",
    "DELETE FROM sender_day WHERE number = $1",
    "DELETE FROM language WHERE number = $1",
    "DELETE FROM list_page WHERE admin = $1",
    "DELETE FROM block WHERE number = $1",
    "DELETE FROM admin WHERE number = $1",
    "DELETE FROM code_event WHERE admin = $1",
    "DELETE FROM code_lock WHERE admin = $1",
    "DELETE FROM authenticator_step WHERE admin = $1",
    "DELETE FROM undoable WHERE admin = $1 OR number = $1",
    "DELETE FROM line_use WHERE number = $1",
)
# What somebody else did, or went through, with this person: it stays, and says no more with whom.
OTHERS = (
    "UPDATE chat SET opened_by = $2 WHERE opened_by = $1",
    "UPDATE block SET blocked_by = $2 WHERE blocked_by = $1",
    "UPDATE admin SET added_by = $2 WHERE added_by = $1",
)


async def erase(tx: Transaction, number: Number, now: Millis) -> None:
    """Their chats are closed already. What is being sent just now cannot be called back, but leaves no trace."""
    index = tx.vault.index(number)
    await _erase_texts(tx, index, now)
    chats = await tx.rows("SELECT chat FROM participant WHERE number = $1", index)
    await retention.empty(tx, [chat for (chat,) in chats])
    for statement in OWN:
        await tx.run(statement, index)
    await locks.forget(tx, index)
    for statement in OTHERS:
        await tx.run(statement, index, _nobody())
    await _forget_as_partner(tx, index)
    await tx.run("DELETE FROM pending_code")  # its command may name them; it lives five minutes, and is asked for again
    await retention.ask_rewrite(tx, now)


async def _forget_as_partner(tx: Transaction, index: str) -> None:
    # Whoever they were with still needs the guard against late texts: there was somebody, and nobody else is the same.
    rows = await tx.rows("SELECT number, line FROM line_use WHERE partner = $1", index)
    await tx.many(
        "UPDATE line_use SET partner = $3 WHERE number = $1 AND line = $2", [(*row, _nobody()) for row in rows]
    )


def _nobody() -> str:
    """A token that looks like a person's hash, and is nobody's."""
    return secrets.token_urlsafe(HASH_BYTES)


async def _erase_texts(tx: Transaction, index: str, now: Millis) -> None:
    written = await tx.rows(f"DELETE FROM outbound WHERE {WRITTEN} RETURNING line, recipient", index)
    await tx.run("DELETE FROM outbound WHERE recipient = $1", index)
    await tx.many(PROMOTE, [(line, recipient, now) for line, recipient in dict.fromkeys(written)])
