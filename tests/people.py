"""The people, lines and texts that tests are about. All numbers are fictional."""

from __future__ import annotations

from itertools import count

from storage.model import Inbound, Kind, Millis, Outbound, Part, Receipt, Seat
from storage.number import Number

LINE = Number("+447700900000")
OTHER_LINE = Number("+447700900009")
ADMIN = Number("+447700900100")
ALICE = Number("+447700900001")
BOB = Number("+447700900002")
CAROL = Number("+447700900003")
DAVE = Number("+447700900004")

NOON: Millis = 1_790_000_000_000

_ids = count(1)


def inbound(
    sender: Number, text: str | None, *, line: Number = LINE, id: str | None = None, at: Millis = NOON,
    part: Part | None = None,
) -> Inbound:  # fmt: skip
    return Inbound(id or f"M{next(_ids):015}", sender, sender.digits(), line, text, at, at, part)


def relay(sender: Number, recipient: Number, text: str, *, chat: int, line: Number = LINE) -> Outbound:
    return Outbound(line, recipient, text, Kind.RELAY, chat=chat, sender=Seat(sender, line))


def notice(recipient: Number, text: str = "notice", *, line: Number = LINE) -> Outbound:
    return Outbound(line, recipient, text, Kind.NOTICE)


def reply(recipient: Number, text: str = "reply", *, line: Number = LINE, resend: bool = True) -> Outbound:
    return Outbound(line, recipient, text, Kind.REPLY, resend=resend)


def receipt(
    message_id: str, status: str, *, ref: str | None = None, err_code: str = "0", recipient: Number = BOB
) -> Receipt:
    return Receipt(message_id, ref, recipient, status, err_code, NOON)
