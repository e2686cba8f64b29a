"""Opening, closing and prolonging chats: what the commands and the HTTP API do alike."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from commands import seating
from commands.arguments import FILLERS
from commands.desk import Desk, Refused
from commands.destinations import Barred, country
from commands.words import plain
from storage import audit, chats, lines, people
from storage.lines import Sitting
from storage.model import Chat, Millis, Participant, Side
from storage.number import Number

API = "api"  # opened_by of a chat that no admin's text opened
LONGEST_LABEL = 40
RESERVED = FILLERS | {"all", "as", "for"}  # words that END and PAIR read otherwise
TELLING = 4  # digits in a row that would show part of a number


class Reason(StrEnum):
    ADMIN = "ended by an admin"
    API = "ended over the API"
    IDLE = "nobody wrote"
    TIME = "its time was up"
    UNDONE = "undone by an admin"


async def pair(desk: Desk, a: Number, b: Number, label: str | None, expires_at: Millis | None) -> Chat:
    """Open a chat and introduce both. Raises Refused."""
    if a == b:
        raise Refused("same_number", number=a)
    await _check_may_text(desk, a, b)
    if label is not None:
        _check_label(label, a, b)
    await _check_reachable(desk, a, b)
    sittings = [await seating.sitting(desk, a, b), await seating.sitting(desk, b, a)]
    chat = await chats.open_chat(
        desk.tx,
        a=sittings[0].seat,
        b=sittings[1].seat,
        label=label,
        opened_by=desk.admin or API,
        now=desk.now,
        expires_at=expires_at,
    )
    about = "_about" if label and desk.house.languages.english.cut("label", label) else ""
    return await _introduce(desk, chat, sittings, f"connected{about}", f"connected_new{about}")


async def close(desk: Desk, chat: Chat, reason: str, key: str = "ended") -> None:
    """Close it and tell both, by the text `key`; whose last text was still waiting is told that too."""
    cancelled = await chats.close(desk.tx, chat, reason=reason, now=desk.now)
    writers = {seat.number for seat in cancelled}  # perhaps on other lines, before the chat was opened again
    for participant in await reachable(desk, chat):
        if participant.number in writers:
            desk.notify(participant.seat, "not_delivered_ended", chat)
        desk.notify(participant.seat, key, chat)


async def reopen(desk: Desk, chat: Chat, expires_at: Millis | None = None) -> Chat:
    """The same two again, on the lines they had, where these are free and have rested. Raises Refused."""
    if chat.open:
        raise Refused("still_open", chat=chat, id=chat.id)
    await _check_may_text(desk, chat.a.number, chat.b.number)
    await _check_reachable(desk, chat.a.number, chat.b.number)
    sittings = [
        await seating.sitting(desk, each.number, other.number, rather=each.line)
        for each, other in (chat.participants, chat.participants[::-1])
    ]
    a, b = [each.seat for each in sittings]
    again = await chats.reopen(desk.tx, chat, a=a, b=b, now=desk.now, expires_at=expires_at)
    return await _introduce(desk, again, sittings, "reopened", "reopened_new")


async def extend(desk: Desk, chat: Chat, expires_at: Millis) -> None:
    await chats.extend(desk.tx, chat.id, expires_at=expires_at, now=desk.now)


async def reachable(desk: Desk, chat: Chat) -> list[Participant]:
    """Those of a chat whom we may text: not who has opted out."""
    silent = await people.opted_out(desk.tx, [participant.number for participant in chat.participants])
    return [participant for participant in chat.participants if participant.number not in silent]


async def _check_may_text(desk: Desk, a: Number, b: Number) -> None:
    """Not ourselves, and nobody where it would cost more than a text, or more than was agreed to."""
    for number in (a, b):
        if number in desk.house.lines:
            raise Refused("own_number", number=number)
        barred = desk.house.destinations.barred(number)
        if barred is None:
            continue
        await audit.record(
            desk.tx, audit.Kind.SECURITY, "number refused", who=desk.admin or API, now=desk.now, outcome=barred,
            whom=number,
        )  # fmt: skip
        if barred is Barred.COUNTRY:
            raise Refused("country_barred", code="country_not_allowed", number=number, country=country(number))
        raise Refused("dear_number", code="number_not_allowed", number=number)


async def _check_reachable(desk: Desk, a: Number, b: Number) -> None:
    silent = await people.opted_out(desk.tx, (a, b))
    for number in (a, b):
        if number in silent:
            raise Refused("has_opted_out", code="opted_out", number=number)


def _check_label(label: str, a: Number, b: Number) -> None:
    has_letter = any(map(str.isalpha, label))
    if len(label) > LONGEST_LABEL or len(label.split()) != 1 or not has_letter or label.casefold() in RESERVED:
        raise Refused("bad_label")
    # Both people read the label: it must not be a way to read the other's number.
    digits = "".join(str(int(letter)) for letter in plain(label) if letter.isdecimal())
    runs = {digits[start : start + TELLING] for start in range(len(digits) - TELLING + 1)}
    if any(run in number.digits() for run in runs for number in (a, b)):
        raise Refused("telling_label", code="bad_label")


async def _introduce(desk: Desk, chat: Chat, sittings: Sequence[Sitting], key: str, key_new: str) -> Chat:
    """Both sit down and are told; by the text `key_new` who would take it for a word of somebody else."""
    await lines.sit(desk.tx, chat.id, list(zip(Side, sittings, strict=True)))
    for side, each in zip(Side, sittings, strict=True):
        if each.guarded_until is None:
            desk.notify(each.seat, key, chat, label=chat.label)
        else:
            desk.notify(each.seat, key_new, chat, introduces=side, label=chat.label)
    return await desk.chat_known(chat.id)
