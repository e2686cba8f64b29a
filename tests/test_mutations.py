"""Signed webhooks, changed in every field and every byte: none is taken but the true one.

What Vonage's algorithm itself cannot see, and so is taken too (named in `BLIND`): `&`, `=` and `_` standing for one
another in a value, the order of the fields, the letter case of `sig`, and a blank field more or less.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from urllib.parse import quote_plus, urlencode

import pytest
from starlette.types import Message, Scope

from bot.vonage.signatures import Method, sign
from bot.webhooks import Door, Event, Protection
from storage.model import Inbound, Receipt

pytestmark = pytest.mark.no_cover  # other tests cover it, and it would take twice the time

NOW = 1_770_000_515_000
SECRET = "a made-up signature secret"
TEXT = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "messageId": "17000002677E17D8",
    "text": "Będę & wait = 5_min?",
    "type": "unicode",
    "keyword": "BĘDĘ",
    "api-key": "abcd1234",
    "message-timestamp": "2026-02-01 17:48:35",
    "timestamp": str(NOW // 1000),
    "nonce": "6f1d5c1e-8f0b-4f6f-9d57-0c1b2a3d4e5f",
}
PART = TEXT | {"concat": "true", "concat-ref": "7", "concat-total": "3", "concat-part": "2"}
RECEIPT = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "network-code": "23420",
    "messageId": "14000000F9DBBBBB",
    "price": "0.00845000",
    "status": "delivered",
    "scts": "2607170234",
    "err-code": "0",
    "client-ref": "c" * 40,
    "timestamp": str(NOW // 1000),
    "nonce": "6f1d5c1e-8f0b-4f6f-9d57-0c1b2a3d4e5f",
}
KINDS = {"text": TEXT, "part": PART, "receipt": RECEIPT}
BLIND = {"&", "=", "_"}
ADDED = {"text": "x", "status": "delivered", "concat": "true", "keyword": "STOP", "data": "00", "zz": "1"}

Pairs = list[tuple[str, str]]
every_method = pytest.mark.parametrize("method", list(Method))
every_kind = pytest.mark.parametrize("kind", list(KINDS))
every_shape = pytest.mark.parametrize("shape", ["query", "form", "json"])


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A hundred thousand refusals: to log them takes half of the time, and other tests read what is logged."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


class Gate:
    """The webhooks' door, and what came through it."""

    def __init__(self, method: Method) -> None:
        self.took: list[Inbound | Receipt] = []
        self.refused: list[Event] = []
        protection = Protection(signature_secret=SECRET, signature_method=method)
        self._door = Door(protection, self, lambda: NOW, self.refused.append, lambda: None, None, 1.0)

    async def take(self, text: Inbound) -> None:
        self.took.append(text)

    async def note(self, receipt: Receipt) -> None:
        self.took.append(receipt)

    async def status(self, verb: str, query: bytes, body: bytes) -> int:
        told: list[Message] = []
        scope: Scope = {"type": "http", "method": verb, "path": "/", "query_string": query, "path_params": {}}

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            told.append(message)

        await self._door(scope, receive, send)
        return int(told[0]["status"])

    async def says(self, shape: str, pairs: Pairs) -> int:
        match shape:
            case "query":
                return await self.status("GET", as_form(pairs), b"")
            case "form":
                return await self.status("POST", b"", as_form(pairs))
            case _:
                return await self.status("POST", b"", as_json(pairs))


def as_json(pairs: Pairs) -> bytes:
    """By hand, for a dict could not hold a key twice."""
    return ("{" + ",".join(_member(key, value) for key, value in pairs) + "}").encode()


def as_form(pairs: Pairs) -> bytes:
    return "&".join(_field(key, value) for key, value in pairs).encode()


@cache  # most fields are the same in nearly every mutation
def _member(key: str, value: str) -> str:
    return f"{json.dumps(key)}:{json.dumps(value)}"


@cache
def _field(key: str, value: str) -> str:
    return urlencode([(key, value)])


def signed(told: Mapping[str, str], method: Method) -> Pairs:
    return [*told.items(), ("sig", sign(told, SECRET, method))]


def changed_bytes(value: str) -> Iterator[str]:
    """The value with each of its bytes changed: one bit, to an `_`, doubled, left out."""
    held = value.encode()
    for place, byte in enumerate(held):
        for new in (bytes([byte ^ 1]), b"_", bytes([byte, byte]), b""):
            changed = (held[:place] + new + held[place + 1 :]).decode("utf-8", "replace")
            if not looks_alike(changed, value):
                yield changed


def looks_alike(one: str, other: str) -> bool:
    """To the algorithm."""
    return one.translate({ord(letter): "_" for letter in BLIND}) == other.translate({ord(x): "_" for x in BLIND})


def mutations(true: Pairs) -> Iterator[Pairs]:
    for place, (key, value) in enumerate(true):
        before, after = true[:place], true[place + 1 :]
        yield before + after
        yield [*true, (key, value)]
        yield [*true, (key, value + "x")]
        yield [*before, (key + "x", value), *after]
        yield [*before, (key.swapcase(), value), *after]
        yield [*before, (key, ""), *after]
        if after:
            following, held = after[0]
            yield [*before, (key, held), (following, value), *after[1:]]
            yield [*before, (f"{key}={value}&{following}", held), *after[1:]]
            yield [*before, (key, f"{value}&{following}={held}"), *after[1:]]
        for changed in changed_bytes(value):
            yield [*before, (key, changed), *after]
    yield from ([*true, (key, value)] for key, value in ADDED.items() if key not in dict(true))


@every_shape
@every_kind
@every_method
async def test_of_a_signed_webhook_and_all_its_mutations_only_the_true_one_is_taken(
    method: Method, kind: str, shape: str
) -> None:
    gate, true, tried = Gate(method), signed(KINDS[kind], method), count()
    assert await gate.says(shape, true) == 204
    assert len(gate.took) == 1
    for mutation in mutations(true):
        next(tried)
        if dict(mutation) != dict(true) or len(mutation) != len(true):
            assert await gate.says(shape, mutation) in (400, 401), mutation
    assert len(gate.took) == 1
    assert next(tried) > 500


@every_kind
@every_method
async def test_no_changed_bit_of_the_body_gets_another_text_in(method: Method, kind: str) -> None:
    """On the wire, where a changed bit also makes other fields, other escapes, and no JSON at all."""
    gate, true = Gate(method), signed(KINDS[kind], method)
    for body in (urlencode(true).encode(), as_json(true)):
        gate.took.clear()
        await gate.status("POST", b"", body)
        [meant] = gate.took
        for place in range(len(body)):
            for bit in (1, 2, 4, 8, 16, 32, 64):
                gate.took.clear()
                changed = body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :]
                status = await gate.status("POST", b"", changed)
                assert (status == 204) == bool(gate.took)
                assert all(same_but_for_the_blind(taken, meant) for taken in gate.took), changed


def same_but_for_the_blind(taken: Inbound | Receipt, meant: Inbound | Receipt) -> bool:
    if isinstance(taken, Inbound) and isinstance(meant, Inbound):
        same = looks_alike(taken.text or "", meant.text or "")
        return same and (taken.sender, taken.line, taken.message_id, taken.part, taken.stamped_at) == (
            meant.sender, meant.line, meant.message_id, meant.part, meant.stamped_at
        )  # fmt: skip
    return taken == meant


@every_shape
@every_method
async def test_what_the_algorithm_cannot_see_is_this_and_no_more(method: Method, shape: str) -> None:
    gate, true = Gate(method), signed(TEXT, method)
    swapped = [(key, value.replace("&", "_").replace("=", "&")) for key, value in true]
    upper = [(key, value.upper() if key == "sig" else value) for key, value in true]
    lower = [(key, value.lower() if key == "sig" else value) for key, value in true]
    for alike in (true[::-1], sorted(true), swapped, upper, lower, [*true, ("network", "")]):
        assert await gate.says(shape, alike) == 204, alike


@every_shape
async def test_a_blank_field_more_must_have_a_harmless_name(shape: str) -> None:
    """It goes unseen by the signature; but it must not turn a text into a receipt, nor a whole into a part."""
    gate = Gate(Method.MD5HASH)
    for name in ("status", "concat", "concat-ref", "concat-total", "concat-part", "err-code", "client-ref", "data"):
        gate.took.clear()
        await gate.says(shape, [*signed(TEXT, Method.MD5HASH), (name, "")])
        [taken] = gate.took
        assert isinstance(taken, Inbound), name
        assert (taken.text, taken.part) == (TEXT["text"], None)


@every_method
async def test_of_query_and_body_only_what_was_signed_counts(method: Method) -> None:
    gate, true = Gate(method), signed(TEXT, method)
    forged = urlencode(TEXT | {"text": "forged"}).encode()
    assert await gate.status("POST", forged, urlencode(true).encode()) == 204
    assert await gate.status("GET", urlencode(true).encode(), forged) == 204
    assert await gate.status("POST", urlencode(true).encode(), forged) == 401
    assert [taken.text for taken in gate.took if isinstance(taken, Inbound)] == [TEXT["text"]] * 2


async def test_a_signature_of_one_request_is_none_for_another() -> None:
    gate = Gate(Method.SHA256)
    stolen = sign(TEXT, SECRET, Method.SHA256)
    assert await gate.says("form", [*RECEIPT.items(), ("sig", stolen)]) == 401
    query = "&".join(f"{key}={quote_plus(value)}" for key, value in TEXT.items())
    assert await gate.status("GET", f"{query}&sig={stolen}&sig={stolen}".encode(), b"") == 400
