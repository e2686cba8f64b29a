"""Texts that come in: which are repeats, where their senders stand, and the parts of long ones."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from storage.engine import Reading, Row, Transaction
from storage.model import Guard, Inbound, Millis, Seat, Side, Standing
from storage.number import Number
from storage.outbox import seat_of
from storage.people import GUARD_WARNING, STOP_HINT, STRANGER
from storage.senders import day_of
from storage.vault import Vault

GAP = " […] "
SECOND: Millis = 1000
PARTS_WAIT = 30 * SECOND  # from the first part, until what is there goes out
PARTS_WINDOW = 600 * SECOND  # refs are small and recycled: later, the same ref is another text


async def remember(tx: Transaction, message_ids: Collection[str], now: Millis) -> set[str]:
    """Which of these were never seen before; from now on they have been."""
    rows = await tx.rows(
        "INSERT INTO seen (message_id, received_at)"
        f" SELECT each.value, CAST($2 AS BIGINT) FROM {tx.each} WHERE TRUE ON CONFLICT DO NOTHING RETURNING message_id",
        json.dumps(sorted(message_ids)), now,
    )  # fmt: skip
    return {message_id for (message_id,) in rows}


async def standings(
    reading: Reading, seats: Iterable[Seat], *, admins: Collection[Number], now: Millis
) -> dict[Seat, Standing]:
    """Where each of these people stands on that line, read in one statement."""
    wanted, index = list(dict.fromkeys(seats)), reading.vault.index
    rows = await reading.rows(
        "SELECT me.chat, me.side, partner.number, partner.sealed, partner.line, me_out.number, partner_out.number,"
        " code.expires_at, stranger.at, hint.at, chat.paused_at, me.told_paused, today.texts, today.held,"
        " today.answers, block.until, admin.number, chat.guard, warned.at, language.language,"
        " me.fresh_from, me.guarded_until, me.introduction"
        f" FROM {reading.each_row}"
        " LEFT JOIN participant AS me"
        "  ON me.line = each.value ->> 1 AND me.number = each.value ->> 0 AND me.open = 1"
        " LEFT JOIN participant AS partner ON partner.chat = me.chat AND partner.side <> me.side"
        " LEFT JOIN chat ON chat.id = me.chat"
        " LEFT JOIN opt_out AS me_out ON me_out.number = each.value ->> 0"
        " LEFT JOIN opt_out AS partner_out ON partner_out.number = partner.number"
        " LEFT JOIN pending_code AS code ON code.admin = each.value ->> 0 AND code.line = each.value ->> 1"
        f" LEFT JOIN told AS stranger ON stranger.number = each.value ->> 0 AND stranger.what = '{STRANGER}'"
        f" LEFT JOIN told AS hint ON hint.number = each.value ->> 0 AND hint.what = '{STOP_HINT}'"
        f" LEFT JOIN told AS warned ON warned.number = each.value ->> 0 AND warned.what = '{GUARD_WARNING}'"
        " LEFT JOIN sender_day AS today ON today.number = each.value ->> 0 AND today.day = $2"
        " LEFT JOIN block ON block.number = each.value ->> 0 AND block.until > $3"
        " LEFT JOIN admin ON admin.number = each.value ->> 0"
        " LEFT JOIN language ON language.number = each.value ->> 0"
        " ORDER BY each.key",
        json.dumps([(index(seat.number), seat.line.e164()) for seat in wanted]), day_of(now), now,
    )  # fmt: skip
    return {seat: _standing(reading.vault, row, seat.number in admins) for seat, row in zip(wanted, rows, strict=True)}


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that went nowhere, and why. `chat`: it was held in that one."""

    text: Inbound
    reason: str
    chat: int | None = None


async def keep(tx: Transaction, texts: Sequence[Kept]) -> None:
    await tx.many(
        "INSERT INTO kept (message_id, sender, raw_sealed, line, text, stamped_at, received_at, reason, chat)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [_kept_values(tx.vault, each) for each in texts],
    )


def _kept_values(vault: Vault, kept: Kept) -> tuple[object, ...]:
    text = kept.text
    return (
        text.message_id,
        "" if text.sender is None else vault.index(text.sender),
        vault.seal(text.raw_sender, f"kept from {text.message_id}"),
        text.line.e164(),
        vault.seal(text.text, f"kept {text.message_id}"),
        text.stamped_at,
        text.received_at,
        kept.reason,
        kept.chat,
    )


async def count_held(reading: Reading, chat: int, *, since: Millis = 0) -> int:
    """Texts that were held in this chat."""
    row = await reading.row(
        "SELECT count(*) FROM kept WHERE chat = $1 AND chat IS NOT NULL AND received_at >= $2", chat, since
    )
    assert row is not None
    return int(row[0])


async def gather(tx: Transaction, text: Inbound) -> Inbound | None:
    """Put a part with its others. Returns the whole text once complete, a late part alone, else None.

    It counts as written when the earliest of its parts was: whoever began it had nobody else in mind at its end.
    """
    assert text.part is not None
    found = await _gathering(tx, text)
    if found is None:
        await _add(tx, await _begin(tx, text), text)
        return None
    gathering, has_gone, stamped_at = found
    await _add(tx, gathering, text)
    if has_gone:
        await _let_go(tx, gathering)
        return _whole(text, text.text or "", min(text.stamped_at, stamped_at))
    if text.stamped_at < stamped_at:
        await tx.run("UPDATE gathering SET stamped_at = $2 WHERE id = $1", gathering, text.stamped_at)
    return await _joined(tx, gathering, text) if await _complete(tx, gathering, text.part.total) else None


async def overdue(tx: Transaction, now: Millis, limit: int = 100) -> list[Inbound]:
    """Long texts whose missing parts have had their time: what is there, with the gaps shown."""
    rows = await tx.rows(
        "SELECT id, sender, sealed, line, total, stamped_at FROM gathering WHERE due_at IS NOT NULL AND due_at <= $1"
        " ORDER BY due_at LIMIT $2",
        now, limit,
    )  # fmt: skip
    texts = []
    for gathering, sender, sealed, line, total, stamped_at in rows:
        parts = await _parts(tx, gathering)
        message_id = next(iter(parts.values()))[0]
        await _let_go(tx, gathering)
        whole = _with_gaps([parts[index][1] if index in parts else None for index in range(1, total + 1)])
        number = tx.vault.number(sender, sealed)
        texts.append(Inbound(message_id, number, number.digits(), Number(line), whole, stamped_at, now))
    return texts


async def next_due(reading: Reading) -> Millis | None:
    row = await reading.row("SELECT min(due_at) FROM gathering WHERE due_at IS NOT NULL")
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def _with_gaps(parts: Sequence[str | None]) -> str:
    whole: list[str] = []
    for part in parts:
        if part is not None:
            whole.append(part)
        elif not whole or whole[-1] != GAP:
            whole.append(GAP)
    return "".join(whole)


async def _gathering(tx: Transaction, text: Inbound) -> tuple[int, bool, Millis] | None:
    """The newest gathering this part belongs to, whether it has gone, and its stamp; None: it begins another text."""
    assert text.part is not None
    assert text.sender is not None
    row = await tx.row(
        "SELECT id, due_at, EXISTS (SELECT 1 FROM gathered_part"
        "  WHERE gathering = gathering.id AND position = $5), stamped_at"
        " FROM gathering WHERE sender = $1 AND line = $2 AND ref = $3 AND total = $4 AND started_at > $6"
        " ORDER BY id DESC LIMIT 1",
        tx.vault.index(text.sender), text.line.e164(), text.part.ref, text.part.total, text.part.index,
        text.received_at - PARTS_WINDOW,
    )  # fmt: skip
    # The same piece again under another message id: the ref was given out anew.
    return None if row is None or row[2] else (row[0], row[1] is None, row[3])


async def _begin(tx: Transaction, text: Inbound) -> int:
    assert text.part is not None
    assert text.sender is not None
    row = await tx.row(
        "INSERT INTO gathering (sender, sealed, line, ref, total, started_at, due_at, stamped_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        tx.vault.index(text.sender), tx.vault.seal_number(text.sender), text.line.e164(), text.part.ref,
        text.part.total, text.received_at, text.received_at + PARTS_WAIT, text.stamped_at,
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def _add(tx: Transaction, gathering: int, text: Inbound) -> None:
    assert text.part is not None
    await tx.run(
        "INSERT INTO gathered_part (gathering, position, message_id, text) VALUES ($1, $2, $3, $4)",
        gathering, text.part.index, text.message_id, tx.vault.seal(text.text or "", f"part {text.message_id}"),
    )  # fmt: skip


async def _complete(tx: Transaction, gathering: int, total: int) -> bool:
    row = await tx.row("SELECT count(*) FROM gathered_part WHERE gathering = $1", gathering)
    assert row is not None
    return bool(row[0] == total)


async def _joined(tx: Transaction, gathering: int, last: Inbound) -> Inbound:
    row = await tx.row("SELECT stamped_at FROM gathering WHERE id = $1", gathering)
    assert row is not None
    parts = await _parts(tx, gathering)
    await _let_go(tx, gathering)
    return _whole(last, "".join(text for _, text in parts.values()), row[0])


async def _parts(tx: Transaction, gathering: int) -> dict[int, tuple[str, str]]:
    rows = await tx.rows(
        "SELECT position, message_id, text FROM gathered_part WHERE gathering = $1 ORDER BY position", gathering
    )
    return {
        position: (message_id, tx.vault.open(text, f"part {message_id}") or "") for position, message_id, text in rows
    }


async def _let_go(tx: Transaction, gathering: int) -> None:
    await tx.run("UPDATE gathering SET due_at = NULL WHERE id = $1", gathering)
    await tx.run("UPDATE gathered_part SET text = NULL WHERE gathering = $1", gathering)


def _whole(part: Inbound, text: str, stamped_at: Millis) -> Inbound:
    return Inbound(
        part.message_id, part.sender, part.raw_sender, part.line, text, stamped_at, part.received_at, part=None
    )


def _standing(vault: Vault, row: Row, is_admin: bool) -> Standing:
    (
        chat,
        side,
        partner_number,
        partner_sealed,
        partner_line,
        out,
        partner_out,
        code_expires_at,
        stranger_at,
        hint_at,
        *limits,
    ) = row
    paused_at, told_paused, texts, held, answers, blocked_until, added_admin, own_guard, warned_at, *own = limits
    language, fresh_from, guarded_until, introduction = own
    return Standing(
        is_admin=is_admin or added_admin is not None,
        blocked=blocked_until is not None,
        opted_out=out is not None,
        chat=chat,
        side=None if side is None else Side(side),
        partner=seat_of(vault, partner_number, partner_sealed, partner_line),
        partner_opted_out=partner_out is not None,
        code_pending=code_expires_at is not None,
        told_stranger_at=stranger_at,
        told_stop_at=hint_at,
        paused=paused_at is not None,
        told_paused=bool(told_paused),
        texts_today=texts or 0,
        held_today=held or 0,
        answers_today=answers or 0,
        guard=None if own_guard is None else Guard(own_guard),
        told_guard_at=warned_at,
        language=language,
        fresh_from=fresh_from,
        guarded_until=guarded_until,
        introduced=introduction is None,
    )


async def forget(tx: Transaction, *, before: Millis) -> int:
    """Ids of long ago; a thousand at a time, so that nobody waits for it. Returns how many."""
    rows = await tx.rows(
        "DELETE FROM seen WHERE message_id IN"
        " (SELECT message_id FROM seen WHERE received_at < $1 ORDER BY received_at LIMIT 1000) RETURNING 1",
        before,
    )
    return len(rows)
