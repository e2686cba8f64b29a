"""The script: what may be said, commanded, asked and broken in a play."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.canary.cast import Person
from tests.people import LINE
from tests.spellings import MANNERS

PLANTED, PLANTED_IN_SENDING, PLANTED_IN_API = "planted fault", "planted doubt", "planted"
SEND_FAULTS = ("status-6", "http-500-taken", "http-500", "close-taken", "html", "partial", "status-5")
RECEIPT_FAULTS = ("receipt-failed", "receipt-repeated", "receipt-late", "receipt-bad-signature", "receipt-false",
                  "receipt-no-ref", "receipt-early", "receipt-expired")  # fmt: skip
WEBHOOK_FAULTS = ("webhook-duplicate", "webhook-no-concat", "webhook-reordered", "webhook-bad-signature",
                  "webhook-missing-part", "webhook-stale-stamp", "webhook-no-content-type")  # fmt: skip
COMMANDS = (
    "LIST", "LIST {tail}", "NEXT", "STATUS", "SHOW 1", "SHOW 2", "CHECK {number}", "CHECK {tail}", "WHOAMI", "HELP",
    "HELP PAIR", "GUARD 1", "GUARD 2 MASK", "GUARD 2 DEFAULT", "EXTEND 1 2D", "EXTEND {token} 2D", "RESUME 1",
    "REOPEN 99", "BLOCK {number}", "UNBLOCK {number}", "UNDO", "FAILED", "FAILED 3", "FAILED 4", "RESEND 3",
    "DISMISS 4", "RESEND ALL", "DISMISS ALL", "ADMIN LIST", "ADMIN ADD {number}", "ADMIN REMOVE {number}",
    "END {token}", "END 99", "PIAR {number}", "PAIR {number} {token}", "PAIR {number} 07700900",
    "PAIR {number} {number} AS {digits}", "/{token} what", "OK 0000", "PAIR 07700 900123 {number}",
    "BLOCK 12345678901234567890", "PAIR +1 {digits} +44 {digits}", "END {number}x",
)  # fmt: skip
GRAVE = ("RESEND ALL", "DISMISS ALL", "ADMIN ADD", "ADMIN REMOVE")  # three codes in ten minutes are all an admin gets


def words(chance: Random, token: str, me: Person, partner: Person, third: Person) -> str:
    """What somebody in a chat may write; of it all, only the token may arrive."""
    manner = chance.choice(MANNERS)
    about = chance.choice((me, partner))
    return chance.choice((
        f"On my way {token}",
        f"{token} ąęß 🚕 né?",
        f"{token} " + "the quick brown fox jumps over the lazy dog, " * 9 + token,
        "Ż" * 90 + f" {token} " + "Ż" * 60,
        f"{token} is my number: {manner(about.number)}",
        f"{token} call {manner(about.number)} or not",
        f"ask {third.phone} {token}",
        f"PAIR {me.phone} {partner.phone} {token}",
        f"STOP it {token}",
        f"SAY 1 {token}",
    ))  # fmt: skip


def odd_requests(one: Person, other: Person, token: str) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """To the API: right and wrong ones, with numbers and texts wherever a request can hold them."""
    wrong, chats = f"{token} {one.phone}", "/chats"
    return (
        ("GET", chats, {}), ("GET", f"{chats}?state=all&limit=3", {}), ("GET", f"{chats}/1", {}),
        ("GET", f"{chats}/{one.number.digits()}", {}), ("GET", f"{chats}/{token}", {}),
        ("GET", f"{chats}?state={token}", {}), ("GET", f"{chats}?after={one.phone}", {}),
        ("GET", "/messages?state=dead", {}), ("GET", "/messages?state=uncertain", {}), ("GET", "/messages/3", {}),
        ("GET", f"/messages?state={one.number.digits()}", {}), ("POST", f"/messages/{one.number.digits()}/resend", {}),
        ("GET", "/metrics", {}), ("GET", "/readyz", {}), ("GET", "/livez", {}), ("GET", "/", {}),
        ("GET", f"/{one.number.digits()}/{token}", {}), ("PUT", f"/chat?text={token}", {}),
        ("POST", "/chat", {"data": b"\xff" + wrong.encode()}), ("POST", "/chat", {"json": [wrong]}),
        ("POST", "/chat", {"json": {one.phone: 5}}), ("POST", "/chat", {"json": {token: None, wrong: {}}}),
        ("POST", "/chat", {"data": f"{{{wrong}", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/chat", {"data": wrong, "headers": {"Content-Type": f"text/{token}"}}),
        ("POST", "/chat", {"json": {"userANumber": wrong, "userBNumber": one.phone}}),
        ("POST", "/chat", {"json": {"userANumber": one.phone, "userBNumber": one.phone}}),
        ("POST", "/chat", {"json": {"userANumber": one.phone, "userBNumber": LINE.e164()}}),
        ("POST", "/chat", {"json": {"userANumber": one.phone, "userBNumber": other.phone, "ttl": wrong}}),
        ("POST", "/chat", {"json": {"userANumber": one.phone, "userBNumber": other.phone, "label": other.phone}}),
        ("POST", "/chat", {"data": wrong * 4000}), ("DELETE", f"{chats}/{one.number.digits()}", {}),
        ("GET", chats, {"headers": {"Authorization": f"Bearer {token}{one.phone}"}}),
    )  # fmt: skip
