"""Chats and who is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storage import lines
from storage.engine import Reading, Row, Transaction, must_be_alone
from storage.model import Chat, Guard, Millis, Participant, Seat, Side
from storage.number import Number
from storage.outbox import CHAT_ENDED, PAUSED, PROMOTE, WAITING, seat_of
from storage.transitions import Event, becomes, may
from storage.vault import TAIL, Vault

SELECT = """
    SELECT chat.id, chat.label, chat.open, chat.opened_at, chat.expires_at, chat.closed_at, chat.closed_reason,
           chat.paused_at, chat.paused_reason, chat.guard,
           a.last_text_at, b.last_text_at,
           a.number, a.sealed, a.line, a.texts, a_speaks.language, a.guarded_until, a.introduction IS NULL,
           b.number, b.sealed, b.line, b.texts, b_speaks.language, b.guarded_until, b.introduction IS NULL
    FROM chat
    JOIN participant AS a ON a.chat = chat.id AND a.side = 'A'
    JOIN participant AS b ON b.chat = chat.id AND b.side = 'B'
    LEFT JOIN language AS a_speaks ON a_speaks.number = a.number
    LEFT JOIN language AS b_speaks ON b_speaks.number = b.number
"""


async def open_chat(
    tx: Transaction,
    *,
    a: Seat,
    b: Seat,
    label: str | None,
    opened_by: Number | str,
    now: Millis,
    expires_at: Millis | None,
) -> Chat:
    """`opened_by`: an admin, or what else did. Raises Taken when one of them is in another open chat on that line."""
    must_be_alone(tx)
    vault = tx.vault
    row = await tx.row(
        "INSERT INTO chat (label, open, opened_by, opened_at, active_at, expires_at)"
        " VALUES ($1, 1, $2, $3, $3, $4) RETURNING id",
        label, vault.index(opened_by) if isinstance(opened_by, Number) else opened_by, now, expires_at,
    )  # fmt: skip
    assert row is not None
    await tx.many(
        "INSERT INTO participant (chat, side, number, sealed, tail, line, open) VALUES ($1, $2, $3, $4, $5, $6, 1)",
        [
            (row[0], side.value, vault.index(seat.number), vault.seal_number(seat.number),
             vault.tail_index(seat.number.e164()), seat.line.e164())
            for side, seat in ((Side.A, a), (Side.B, b))
        ],
    )  # fmt: skip
    return await _known(tx, row[0])


async def find(reading: Reading, chat: int) -> Chat | None:
    row = await reading.row(SELECT + "WHERE chat.id = $1", chat)
    return None if row is None else _chat(reading.vault, row)


async def open_of(reading: Reading, number: Number) -> list[Chat]:
    """A person's open chats, oldest first."""
    return _chats(
        reading,
        await reading.rows(
            SELECT + "WHERE chat.id IN (SELECT chat FROM participant WHERE number = $1 AND open = 1) ORDER BY chat.id",
            reading.vault.index(number),
        ),
    )


async def open_chats(reading: Reading, *, after: int = 0, limit: int = 50) -> list[Chat]:
    return _chats(
        reading,
        await reading.rows(SELECT + "WHERE chat.open = 1 AND chat.id > $1 ORDER BY chat.id LIMIT $2", after, limit),
    )


async def all_chats(reading: Reading, *, after: int = 0, limit: int = 50) -> list[Chat]:
    return _chats(reading, await reading.rows(SELECT + "WHERE chat.id > $1 ORDER BY chat.id LIMIT $2", after, limit))


async def labelled(reading: Reading, label: str) -> list[Chat]:
    """The open chats of that label, in any case."""
    return _chats(
        reading,
        await reading.rows(
            SELECT + "WHERE chat.open = 1 AND chat.label IS NOT NULL AND lower(chat.label) = lower($1)"
            " ORDER BY chat.id",
            label,
        ),
    )


async def matching(reading: Reading, sought: str, *, limit: int) -> list[Chat]:
    """Open chats with this in their label, in any case, or with four digits or more at the end of a number."""
    pattern = sought.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = _chats(
        reading,
        await reading.rows(
            SELECT + r"WHERE chat.open = 1 AND lower(chat.label) LIKE $1 ESCAPE '\' ORDER BY chat.id LIMIT $2",
            f"%{pattern}%", limit,
        ),
    )  # fmt: skip
    tail = sought.removeprefix("*")
    if tail.isascii() and tail.isdigit() and len(tail) >= TAIL:
        found += await _ending_in(reading, tail)
    return [chat for _, chat in sorted({chat.id: chat for chat in found}.items())][:limit]


async def _ending_in(reading: Reading, tail: str) -> list[Chat]:
    rows = await reading.rows(
        SELECT + "WHERE chat.id IN (SELECT chat FROM participant WHERE tail = $1 AND open = 1)",
        reading.vault.tail_index(tail),
    )
    found = _chats(reading, rows)
    return [chat for chat in found if any(each.number.digits().endswith(tail) for each in chat.participants)]


async def count_open(reading: Reading) -> int:
    row = await reading.row("SELECT count(*) FROM chat WHERE open = 1")
    assert row is not None
    return int(row[0])


async def close(tx: Transaction, chat: Chat, *, reason: str, now: Millis) -> list[Seat]:
    """Close it and cancel its relays that still wait; returns the seats of those whose text was cancelled."""
    must_be_alone(tx)
    await lines.leave(tx, chat.id, now)
    await tx.run(
        "UPDATE chat SET open = 0, closed_at = $2, closed_reason = $3 WHERE id = $1 AND open = 1", chat.id, now, reason
    )
    cancelled = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.CANCELLED)}, ready_at = NULL, reason = '{CHAT_ENDED}', changed_at = $2"
        f" WHERE chat = $1 AND kind = 'relay' AND {may(Event.CANCELLED)} AND {WAITING}"
        " RETURNING sender, sender_sealed, sender_line, line, recipient",
        chat.id, now,
    )  # fmt: skip
    # The rows' own conversations: the chat may have been on other lines when they were queued.
    await tx.many(PROMOTE, [(line, recipient, now) for line, recipient in {row[3:] for row in cancelled}])
    return _writers(tx, cancelled)


async def reopen(tx: Transaction, chat: Chat, *, a: Seat, b: Seat, now: Millis, expires_at: Millis | None) -> Chat:
    """The same chat again, perhaps on other lines. Raises Taken as `open_chat` does."""
    must_be_alone(tx)
    await tx.many(
        "UPDATE participant SET line = $3, told_paused = 0 WHERE chat = $1 AND side = $2",
        [(chat.id, Side.A.value, a.line.e164()), (chat.id, Side.B.value, b.line.e164())],
    )
    await tx.run(
        "UPDATE chat SET open = 1, closed_at = NULL, closed_reason = NULL, active_at = $2, expires_at = $3,"
        " paused_at = NULL, paused_reason = NULL"
        " WHERE id = $1 AND open = 0",
        chat.id, now, expires_at,
    )  # fmt: skip
    return await _known(tx, chat.id)


async def pause(tx: Transaction, chat: int, *, reason: str, now: Millis) -> list[Seat]:
    """Hold its relays; those that wait already are put aside as failed. Returns the seats of whose these are."""
    await tx.run(
        "UPDATE chat SET paused_at = $2, paused_reason = $3 WHERE id = $1 AND paused_at IS NULL", chat, now, reason
    )
    held = await tx.rows(
        f"UPDATE outbound SET {becomes(Event.HELD)}, ready_at = NULL, reason = '{PAUSED}', changed_at = $2"
        f" WHERE chat = $1 AND kind = 'relay' AND state = 'queued' AND {WAITING}"
        " RETURNING sender, sender_sealed, sender_line, line, recipient",
        chat, now,
    )  # fmt: skip
    await tx.many(PROMOTE, [(line, recipient, now) for line, recipient in {row[3:] for row in held}])
    return _writers(tx, held)


async def told_paused(tx: Transaction, sides: Sequence[tuple[int, Side]]) -> None:
    """Each (chat, side) knows that the chat is paused."""
    await tx.many(
        "UPDATE participant SET told_paused = 1 WHERE chat = $1 AND side = $2",
        [(chat, side.value) for chat, side in sides],
    )


async def resume(tx: Transaction, chat: int) -> None:
    await tx.run("UPDATE chat SET paused_at = NULL, paused_reason = NULL WHERE id = $1", chat)
    await tx.run("UPDATE participant SET told_paused = 0 WHERE chat = $1", chat)


async def extend(tx: Transaction, chat: int, *, expires_at: Millis | None, now: Millis) -> None:
    await tx.run("UPDATE chat SET expires_at = $2, active_at = $3 WHERE id = $1 AND open = 1", chat, expires_at, now)


async def set_guard(tx: Transaction, chat: int, guard: Guard | None) -> None:
    """None: as the settings say."""
    await tx.run("UPDATE chat SET guard = $2 WHERE id = $1", chat, None if guard is None else guard.value)


async def ended(tx: Reading, now: Millis, *, idle_since: Millis | None, limit: int = 100) -> list[Chat]:
    """Open chats whose fixed end has come, or (with `idle_since`) that have been silent since then."""
    expired = await tx.rows(
        SELECT + "WHERE chat.open = 1 AND chat.expires_at IS NOT NULL AND chat.expires_at <= $1"
        " ORDER BY chat.expires_at LIMIT $2",
        now, limit,
    )  # fmt: skip
    silent: list[Row] = []
    if idle_since is not None:
        silent = await tx.rows(
            SELECT + "WHERE chat.open = 1 AND chat.active_at <= $1 ORDER BY chat.active_at LIMIT $2", idle_since, limit
        )
    return _chats(tx, dict.fromkeys([*expired, *silent]))


async def next_end(reading: Reading, *, chat_ttl: Millis | None) -> Millis | None:
    """When the next chat ends by itself."""
    row = await reading.row(
        "SELECT (SELECT min(expires_at) FROM chat WHERE open = 1 AND expires_at IS NOT NULL),"
        " (SELECT min(active_at) FROM chat WHERE open = 1)"
    )
    assert row is not None
    expiry, active = row
    idle = None if chat_ttl is None or active is None else active + chat_ttl
    return min((each for each in (expiry, idle) if each is not None), default=None)


async def texted(tx: Transaction, texts: Sequence[tuple[int, Side]], now: Millis) -> None:
    """Count a text of each (chat, side) and move the idle end."""
    await tx.many(
        "UPDATE participant SET texts = texts + 1, last_text_at = $3 WHERE chat = $1 AND side = $2",
        [(chat, side.value, now) for chat, side in texts],
    )
    await tx.many(
        "UPDATE chat SET active_at = $2 WHERE id = $1", [(chat, now) for chat in sorted({chat for chat, _ in texts})]
    )


async def _known(reading: Reading, chat: int) -> Chat:
    found = await find(reading, chat)
    assert found is not None
    return found


def _writers(tx: Transaction, rows: Iterable[Row]) -> list[Seat]:
    return list(dict.fromkeys(seat for row in rows if (seat := seat_of(tx.vault, *row[:3])) is not None))


def _chats(reading: Reading, rows: Iterable[Row]) -> list[Chat]:
    return [_chat(reading.vault, row) for row in rows]


def _chat(vault: Vault, row: Row) -> Chat:
    chat, label, is_open, opened_at, expires_at, closed_at, closed_reason, paused_at, paused_reason, own = row[:10]
    last_text_at = max((at for at in row[10:12] if at is not None), default=None)
    a, b = _participant(vault, Side.A, row[12:19]), _participant(vault, Side.B, row[19:26])
    return Chat(
        chat, label, bool(is_open), a, b, opened_at, expires_at, last_text_at, closed_at, closed_reason,
        paused_at, paused_reason, None if own is None else Guard(own),
    )  # fmt: skip


def _participant(vault: Vault, side: Side, row: Row) -> Participant:
    number, sealed, line, texts, language, guarded_until, introduced = row
    return Participant(
        side, vault.number(number, sealed), Number(line), texts, language, guarded_until, bool(introduced)
    )
