"""What is held about a person: how much of it, and for an export all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.engine import Reading, Row
from storage.model import Millis
from storage.number import Number
from storage.vault import CannotOpen

# Whose texts a person wrote is found by whom they were in chats with: the busiest table has no index for it.
PARTNERS = """
    SELECT other.number FROM participant AS me JOIN participant AS other
    ON other.chat = me.chat AND other.side <> me.side WHERE me.number = $1
"""
WRITTEN = f"recipient IN ({PARTNERS}) AND sender = $1"

COUNTS = f"""
    SELECT (SELECT count(*) FROM participant WHERE number = $1),
           (SELECT count(*) FROM participant WHERE number = $1 AND open = 1),
           (SELECT count(*) FROM outbound WHERE {WRITTEN}),
           (SELECT count(*) FROM outbound WHERE recipient = $1),
           (SELECT count(*) FROM kept WHERE sender = $1)
               + (SELECT count(*) FROM gathering WHERE sender = $1),
           (SELECT count(*) FROM block WHERE number = $1) + (SELECT count(*) FROM admin WHERE number = $1)
               + (SELECT count(*) FROM language WHERE number = $1) + (SELECT count(*) FROM told WHERE number = $1)
               + (SELECT count(*) FROM sender_day WHERE number = $1)
               + (SELECT count(*) FROM line_use WHERE number = $1 OR partner = $1)
               + (SELECT count(*) FROM chat WHERE opened_by = $1)
               + (SELECT count(*) FROM undoable WHERE admin = $1 OR number = $1)
               + (SELECT count(*) FROM list_page WHERE admin = $1)
               + (SELECT count(*) FROM code_event WHERE admin = $1)
               + (SELECT count(*) FROM code_lock WHERE admin = $1)
               + (SELECT count(*) FROM authenticator_step WHERE admin = $1)
               + (SELECT count(*) FROM pending_code WHERE admin = $1)
               + (SELECT count(*) FROM block WHERE blocked_by = $1)
               + (SELECT count(*) FROM admin WHERE added_by = $1),
           (SELECT count(*) FROM opt_out WHERE number = $1)
"""


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much. `kept`: texts that went nowhere, and parts of long ones; `traces`: whatever else names the person."""

    chats: int
    open_chats: int
    written: int
    received: int
    kept: int
    traces: int
    opted_out: bool

    @property
    def nothing(self) -> bool:
        """Nothing that could be erased: an opt-out stays."""
        return not (self.chats or self.written or self.received or self.kept or self.traces)


async def count(reading: Reading, number: Number) -> Holdings:
    row = await reading.row(COUNTS, reading.vault.index(number))
    assert row is not None
    chats, open_chats, written, received, kept, traces, opted_out = row
    return Holdings(chats, open_chats, written, received, kept, traces, bool(opted_out))


@dataclass(frozen=True, slots=True)
class Text:
    """`words`: None when they are gone already; `why` it went nowhere, of a text that was kept."""

    at: Millis
    line: str
    words: str | None = field(repr=False)
    kind: str | None = None
    chat: int | None = None
    state: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """A person's side of a chat; nothing of the other's."""

    chat: int
    label: str | None = field(repr=False)
    side: str
    line: str
    opened_at: Millis
    closed_at: Millis | None
    texts: int
    last_text_at: Millis | None


async def sittings(reading: Reading, number: Number) -> list[Sitting]:
    rows = await reading.rows(
        "SELECT chat.id, chat.label, me.side, me.line, chat.opened_at, chat.closed_at, me.texts, me.last_text_at"
        " FROM participant AS me JOIN chat ON chat.id = me.chat WHERE me.number = $1 ORDER BY chat.id",
        reading.vault.index(number),
    )
    return [Sitting(*row) for row in rows]


async def written(reading: Reading, number: Number) -> list[Text]:
    return await _sent(reading, f"sender_line, {SENT} WHERE {WRITTEN}", number)


async def received(reading: Reading, number: Number) -> list[Text]:
    """Whatever was to be sent to them, however far it came."""
    return await _sent(reading, f"line, {SENT} WHERE recipient = $1", number)


SENT = "created_at, text, client_ref, kind, chat, state FROM outbound"


async def _sent(reading: Reading, chosen: str, number: Number) -> list[Text]:
    rows = await reading.rows(f"SELECT {chosen} ORDER BY id", reading.vault.index(number))
    return [
        Text(at, line, _words(reading, words, f"outbound {ref}"), kind, chat, state)
        for line, at, words, ref, kind, chat, state in rows
    ]


def _words(reading: Reading, sealed: bytes | None, row: str) -> str | None:
    """None where they are gone, or cannot be read any more: one damaged field must not keep back all others."""
    try:
        return reading.vault.open(sealed, row)
    except CannotOpen:
        return None


async def kept(reading: Reading, number: Number) -> list[Text]:
    rows = await reading.rows(
        "SELECT received_at, line, text, message_id, chat, reason FROM kept WHERE sender = $1 ORDER BY id",
        reading.vault.index(number),
    )
    return [
        Text(at, line, _words(reading, words, f"kept {message_id}"), chat=chat, why=why)
        for at, line, words, message_id, chat, why in rows
    ]


async def waiting(reading: Reading, number: Number) -> list[Text]:
    """Parts of long texts whose other parts have not come yet."""
    rows = await reading.rows(
        "SELECT started_at, line, part.text, part.message_id FROM gathering"
        " JOIN gathered_part AS part ON part.gathering = gathering.id"
        " WHERE sender = $1 AND due_at IS NOT NULL ORDER BY gathering.id, position",
        reading.vault.index(number),
    )
    return [Text(at, line, _words(reading, words, f"part {message_id}")) for at, line, words, message_id in rows]


@dataclass(frozen=True, slots=True)
class Marks:
    """What is noted of a person outside of chats; each None where it is not. `blocked` ends at `blocked_until`."""

    opted_out_at: Millis | None = None
    opted_out_by: str | None = None
    blocked_at: Millis | None = None
    blocked_until: Millis | None = None
    added_as_admin_at: Millis | None = None
    language: str | None = None
    language_chosen_at: Millis | None = None


async def marks(reading: Reading, number: Number) -> Marks:
    index = reading.vault.index(number)
    parts: list[Row] = []
    for sql, width in MARKS:
        parts.append(await reading.row(sql, index) or (None,) * width)
    return Marks(*(value for part in parts for value in part))


MARKS: Sequence[tuple[str, int]] = (
    ("SELECT at, source FROM opt_out WHERE number = $1", 2),
    ("SELECT blocked_at, until FROM block WHERE number = $1", 2),
    ("SELECT added_at FROM admin WHERE number = $1", 1),
    ("SELECT language, at FROM language WHERE number = $1", 2),
)
