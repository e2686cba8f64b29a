"""Bodies: form, JSON and query alike, and what cannot be read."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.types import Message

from bot.emulator.bodies import LARGEST, BadBody, read_json, read_parameters, readable


def request(body: bytes, content_type: str = "application/x-www-form-urlencoded", query: bytes = b"") -> Request:
    chunks = iter([body[:10], body[10:]])

    async def receive() -> Message:
        chunk = next(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers, "query_string": query}, receive)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"to=447700900101&text=one+%26+two", "application/x-www-form-urlencoded; charset=UTF-8"),
        (b'{"to": 447700900101, "text": "one & two"}', "application/json"),
    ],
)
async def test_form_and_json_say_the_same(body: bytes, content_type: str) -> None:
    assert await read_parameters(request(body, content_type)) == {"to": "447700900101", "text": "one & two"}


async def test_the_body_counts_more_than_the_query() -> None:
    told = await read_parameters(request(b"to=2", query=b"to=1&api_key=k"))
    assert told == {"to": "2", "api_key": "k"}


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"[" * 60_000, b'"text"'])
async def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        await read_json(request(body))


async def test_a_body_that_is_too_large_is_refused_while_it_comes() -> None:
    with pytest.raises(BadBody, match="64 KiB"):
        await read_parameters(request(b"a" * (LARGEST + 1)))


async def test_a_hundred_fields_are_enough() -> None:
    with pytest.raises(BadBody):
        await read_parameters(request(b"a=1&" * 101))


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert readable("a\ud83d") == "a?"
    assert readable("😀") == "😀"
