"""The people of the benchmark: chats of two on a few lines, what they text, and what must arrive. All fictional."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from storage.engine import Engine
from storage.number import Number
from storage.vault import Vault

LINES = ("447700900000", "447700900001", "447700900002", "447700900003")
ADMIN = "+447700900100"
TOKEN = "a-webhook-token-for-the-benchmark"
STAMP = "2026-05-24 11:12:01"
STRIDE = 7919  # prime: one text after another comes from people far apart in the database
OPENED_AT = 1_779_000_000_000


class Shape(StrEnum):
    """How the webhook brings a text."""

    GET = "get"
    FORM = "form"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Text:
    id: str
    sender: str
    recipient: str
    line: str
    words: str
    lane: int  # one person's texts take one connection, so that their order is known

    def request(self, shape: Shape) -> bytes:
        fields = {
            "msisdn": self.sender,
            "to": self.line,
            "messageId": self.id,
            "text": self.words,
            "type": "text",
            "keyword": self.words.split()[0].upper(),
            "api-key": "abcd1234",
            "message-timestamp": STAMP,
        }
        match shape:
            case Shape.GET:
                return _head("GET", f"?{urlencode(fields)}") + b"\r\n"
            case Shape.FORM:
                return _with_body("application/x-www-form-urlencoded; charset=UTF-8", urlencode(fields))
            case Shape.JSON:
                return _with_body("application/json", json.dumps(fields))


@dataclass(frozen=True, slots=True)
class Population:
    chats: int

    def number(self, person: int) -> str:
        """Digits. Both people of a chat text the same line, and nobody has two."""
        chat, side = divmod(person, 2)
        area, subscriber = divmod(2 * (chat // len(LINES)) + side, 100)
        return f"1{200 + area}55501{subscriber:02}"

    def line(self, person: int) -> str:
        return LINES[person // 2 % len(LINES)]

    def sender(self, index: int) -> int:
        """Who writes the text of that index."""
        return index * STRIDE % (2 * self.chats)

    def texts(self, count: int, name: str, lanes: int) -> list[Text]:
        return [self._text(index, name, lanes) for index in range(count)]

    def _text(self, index: int, name: str, lanes: int) -> Text:
        sender = self.sender(index)
        words = f"On my way now, about five minutes; the blue door on the left. {name} {index}"
        return Text(
            f"{name}{index:012X}",
            self.number(sender),
            self.number(sender ^ 1),
            self.line(sender),
            words,
            sender % lanes,
        )

    async def move_in(self, engine: Engine) -> None:
        """Open all the chats in a new database, as PAIR would have left them. Closes it."""
        try:
            async with engine.transaction() as tx:
                await tx.many(
                    "INSERT INTO chat (id, open, opened_by, opened_at, active_at) VALUES ($1, 1, 'api', $2, $2)",
                    [(chat + 1, OPENED_AT) for chat in range(self.chats)],
                )
                await tx.many(
                    "INSERT INTO participant (chat, side, number, sealed, tail, line, open)"
                    " VALUES ($1, $2, $3, $4, $5, $6, 1)",
                    [self._seated(tx.vault, person) for person in range(2 * self.chats)],
                )
        finally:
            await engine.close()

    def _seated(self, vault: Vault, person: int) -> tuple[object, ...]:
        number = Number(f"+{self.number(person)}")
        return (
            person // 2 + 1, "AB"[person % 2], vault.index(number), vault.seal_number(number),
            vault.tail_index(number.digits()), f"+{self.line(person)}",
        )  # fmt: skip


class Wrong(Exception):
    """What arrived is not what was texted."""


def check(texts: Sequence[Text], arrived: Sequence[tuple[str, str, str]], *, ordered: bool = True) -> None:
    """`arrived`: line, recipient and words, in their order. Raises Wrong unless all is there, once, and in order."""
    expected, found = defaultdict(list), defaultdict(list)
    for text in texts:
        expected[text.line, text.recipient].append(text.words)
    for line, recipient, words in arrived:
        found[line, recipient].append(words)
    for seat in expected.keys() | found.keys():
        before, after = expected[seat], found[seat]
        if before != after and (ordered or sorted(before) != sorted(after)):
            raise Wrong(_difference(before, after))


def _difference(expected: list[str], found: list[str]) -> str:
    if missing := [words for words in expected if words not in found]:
        return f"{len(missing)} texts of a conversation are missing, the first is {missing[0]!r}"
    if strange := [words for words in found if words not in expected]:
        return f"somebody got what was not for them: {strange[0]!r}"
    return "a text is there twice" if len(found) > len(expected) else "the order within a conversation is lost"


def _head(method: str, query: str = "") -> bytes:
    return (
        f"{method} /webhooks/inbound-sms/{TOKEN}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "User-Agent: Vonage/MessagingHUB/v1.0\r\nAccept: */*\r\n"
    ).encode()


def _with_body(kind: str, body: str) -> bytes:
    return _head("POST") + f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
