"""Odd requests from a seed: webhooks, API calls and plain noise, as bytes on the wire."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlencode

from bot.vonage.signatures import Method, sign
from tests.people import LINE, OTHER_LINE
from tests.process import API_TOKEN, TOKEN

SECRET = "a-signature-secret-for-the-fuzzer"
KNOWN = "192.0.2.1"  # where the right token comes from
Fields = list[tuple[str, str]]
KEYS = (
    "msisdn", "to", "messageId", "text", "type", "keyword", "api-key", "message-timestamp", "timestamp", "nonce", "sig",
    "concat", "concat-ref", "concat-total", "concat-part", "data", "udh", "status", "err-code", "client-ref", "scts",
)  # fmt: skip
WORDS = (
    "", " ", "0", "-1", "1e999", "NaN", "null", "true", "STOP", "START", "HELP", "END ALL", "OK 4821", "PAIR", "\0",
    "é", "🚕", "\u202e", "\u200b", "٤٤٧٧٠٠", "a&b=c", "%00", "{x}", "' OR 1=1 --", "<script>", "../..", "A" * 500,
    "\ud800", "\r\nX: y",
    "2026-02-30 00:00:00", "0001-01-01 00:00:00+23:59", "9999-12-31 23:59:59", "+", "=", "&", "99999999999999999999",
)  # fmt: skip
PATHS = (
    "/",
    "/livez",
    "/readyz",
    "/metrics",
    "/chats",
    "/chats/1",
    "/messages",
    "/messages/1/resend",
    "/nowhere",
    "/%2e%2e",
)
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND")


@dataclass(frozen=True, slots=True)
class Request:
    sent: bytes
    whole: bool  # False: it breaks off, or is no HTTP: an answer may or may not come
    method: str = "GET"


class Oddity:
    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def next(self) -> Request:
        kind = self._rng.random()
        if kind < 0.7:
            return self._webhook()
        if kind < 0.9:
            return self._api()
        return self._noise()

    def _webhook(self) -> Request:
        rng = self._rng
        fields = self._mutated(self._receipt() if rng.random() < 0.3 else self._text())
        if rng.random() < 0.8:
            fields = [(key, value) for key, value in fields if key != "sig"]
            fields.append(("sig", sign(dict(fields), SECRET, Method.MD5HASH)))
        token = TOKEN if rng.random() < 0.95 else self._word()
        event = rng.choice(("inbound-sms", "delivery-receipt"))
        path = f"/webhooks/{event}/{quote_from_bytes(_bytes(token), safe='')}"
        encoded = "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in fields).encode()
        if rng.random() < 0.35:
            return self._on_the_wire("GET", path.encode() + b"?" + self._torn(encoded), b"")
        body = encoded if rng.random() < 0.5 else self._json(fields)
        return self._on_the_wire("POST", path.encode(), self._torn(body))

    def _text(self) -> Fields:
        rng = self._rng
        fields = {
            "msisdn": f"447700900{rng.randrange(100, 1000)}",
            "to": rng.choice((LINE, OTHER_LINE)).digits(),
            "messageId": f"{rng.getrandbits(64):016X}",
            "text": self._word(),
            "type": rng.choice(("text", "unicode", "binary")),
            "message-timestamp": "2026-11-25 09:00:00",
            "timestamp": str(int(time.time())),
        }
        if rng.random() < 0.3:
            total = rng.randrange(0, 6)
            fields |= {"concat": "true", "concat-ref": str(rng.randrange(256)), "concat-total": str(total)}
            fields["concat-part"] = str(rng.randrange(0, total + 2))
        return list(fields.items())

    def _receipt(self) -> Fields:
        rng = self._rng
        return [
            ("msisdn", f"447700900{rng.randrange(100, 1000)}"),
            ("to", LINE.digits()),
            ("messageId", f"{rng.getrandbits(64):016X}"),
            ("status", rng.choice(("delivered", "failed", "rejected", "buffered", self._word()))),
            ("err-code", str(rng.randrange(0, 100))),
            ("timestamp", str(int(time.time()))),
        ]

    def _mutated(self, fields: Fields) -> Fields:
        for _ in range(self._rng.choice((0, 0, 0, 1, 2, 5))):
            place = self._rng.randrange(len(fields) + 1)
            mutation = self._rng.randrange(4)
            if mutation == 0:
                fields.insert(place, (self._rng.choice((*KEYS, self._word())), self._word()))
            elif place < len(fields):
                if mutation == 1:
                    del fields[place]
                elif mutation == 2:
                    fields[place] = (fields[place][0], self._word())
                else:
                    fields.append(fields[place])
        return fields

    def _word(self) -> str:
        rng = self._rng
        match rng.randrange(4):
            case 0:
                return rng.choice(WORDS)
            case 1:
                return "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(30)))
            case 2:
                return "".join(chr(rng.randrange(1, 0x10FFFF)) for _ in range(rng.randrange(12)))
            case _:
                return str(rng.getrandbits(rng.choice((4, 16, 40, 80))))

    def _json(self, fields: Fields) -> bytes:
        if self._rng.random() < 0.1:
            return self._rng.choice(
                (b"[" * 5000, b'{"a":' * 5000, b"{}", b"[]", b"null", b'{"text":{}}', b"{" + b"\xff" * 50)
            )
        return ("{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in fields) + "}").encode()

    def _torn(self, encoded: bytes) -> bytes:
        """Now and then with a few bytes that are others, or missing."""
        if not encoded or self._rng.random() < 0.85:
            return encoded
        held = bytearray(encoded)
        for _ in range(self._rng.randrange(1, 4)):
            held[self._rng.randrange(len(held))] = self._rng.choice(b'%&=+"{}[]\\abc\x80\xff')
        return bytes(held)

    def _api(self) -> Request:
        rng = self._rng
        path = rng.choice(PATHS)
        if rng.random() < 0.3:
            path = f"/chats/{_quoted(self._word())}"
        query = urlencode([(rng.choice(("state", "limit", "after", "label")), _clean(self._word()))])
        header = self._right() if rng.random() < 0.9 else self._wrong()
        if rng.random() < 0.3:
            fields = [(key, self._word()) for key in ("userANumber", "userBNumber", "label", "ttl")[: rng.randrange(5)]]
            body = self._torn(self._json(fields) if rng.random() < 0.5 else urlencode(_cleaned(fields)).encode())
            return self._on_the_wire("POST", b"/chat", body, header)
        return self._on_the_wire(rng.choice(METHODS), f"{path}?{query}".encode(), b"", header)

    def _right(self) -> bytes:
        return f"X-Forwarded-For: {KNOWN}\r\nAuthorization: Bearer {API_TOKEN}\r\n".encode()

    def _wrong(self) -> bytes:
        """From many addresses, as by many thieves."""
        word = _clean(self._word()).encode("ascii", "ignore").decode()
        given = "".join(letter for letter in word if letter.isprintable())
        address = f"198.18.{self._rng.randrange(256)}.{self._rng.randrange(256)}"
        return f"X-Forwarded-For: {address}\r\nAuthorization: Bearer {given}\r\n".encode()

    def _noise(self) -> Request:
        rng = self._rng
        match rng.randrange(4):
            case 0:
                return Request(rng.randbytes(rng.randrange(1, 400)), whole=False)
            case 1:  # breaks off somewhere
                sent = self._webhook().sent
                return Request(sent[: rng.randrange(1, len(sent))], whole=False)
            case 2:
                held = bytearray(self._webhook().sent)
                held[rng.randrange(min(len(held), 80))] = rng.randrange(256)
                return Request(bytes(held), whole=False)
            case _:
                return Request(
                    b"GET / HTTP/1.1\r\n" + rng.randbytes(40) + b": " + rng.randbytes(40) + b"\r\n\r\n", whole=False
                )

    def _on_the_wire(self, method: str, target: bytes, body: bytes, headers: bytes = b"") -> Request:
        rng = self._rng
        kind = rng.choice(
            ("application/x-www-form-urlencoded", "application/json", "text/xml", "", "a/b; charset=\xff")
        )
        if kind and body:
            headers += b"Content-Type: " + kind.encode("latin-1") + b"\r\n"
        if rng.random() < 0.1:
            headers += b"X-Forwarded-For: " + rng.choice((b"192.0.2.9", b"::1, x", b",,,", b"\xff")) + b"\r\n"
        head = method.encode() + b" " + target + b" HTTP/1.1\r\nHost: service\r\n" + headers
        if not body:
            return Request(head + b"\r\n", whole=True, method=method)
        if rng.random() < 0.2:
            half = len(body) // 2 or 1
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (body[:half], body[half:]) if each)
            return Request(
                head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n", whole=True, method=method
            )
        return Request(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, whole=True, method=method)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _quoted(text: str) -> str:
    return quote_from_bytes(_bytes(text), safe="")


def _clean(text: str) -> str:
    return _bytes(text).decode()


def _cleaned(fields: Fields) -> Fields:
    return [(_clean(key), _clean(value)) for key, value in fields]
