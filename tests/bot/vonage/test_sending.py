"""Sending: what each answer means, and what leaves on the wire, against real servers on loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.vonage.sending import Accepted, AccountTrouble, Doubt, NotTaken, Outcome, Refused, Transport, classify
from storage.number import Number

LINE, RECIPIENT = Number("+447700900001"), Number("+447700900123")
REF = "r" * 40
TAKEN = {
    "to": "447700900123",
    "message-id": "62dfdf68-0000-4000-8000-000000000001",
    "status": "0",
    "remaining-balance": "37.43563628",
    "message-price": "0.04120000",
    "network": "23420",
    "client-ref": REF,
}
ACCEPTED = Accepted((TAKEN["message-id"],), "0.04120000", "37.43563628")

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(*parts: object) -> bytes:
    return json.dumps({"message-count": str(len(parts)), "messages": parts}).encode()


def status(number: str, error_text: str = "why") -> bytes:
    return answer({"status": number, "error-text": error_text})


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (answer(TAKEN), ACCEPTED),
        (answer(TAKEN, TAKEN | {"message-id": "2"}), Accepted((TAKEN["message-id"], "2"), "0.08240000", "37.43563628")),
        (answer(TAKEN | {"message-id": "0A000000123E45"}), Accepted(("0A000000123E45",), "0.04120000", "37.43563628")),
        (answer({"status": "0"}), Accepted(())),
        (answer(TAKEN | {"message-price": "free"}), Accepted((TAKEN["message-id"],), None, "37.43563628")),
        (status("1", "Throughput Rate Exceeded - please wait [ 702 ] and retry"), NotTaken("status 1", 702)),
        (status("1", "Throughput Rate Exceeded - please wait [250] and retry"), NotTaken("status 1", 250)),
        (status("1", "MT limit reached"), NotTaken("status 1")),
        (status("10"), NotTaken("status 10")),
        (status("5"), Doubt("status 5", answered=True)),
        (status("13"), Doubt("status 13", answered=True)),
        *((status(number), AccountTrouble(f"status {number}")) for number in ("4", "8", "9", "11", "14", "32")),
        *((status(number), Refused(f"status {number}")) for number in ("2", "3", "6", "7", "12", "15", "22", "23")),
        *((status(number), Refused(f"status {number}")) for number in ("16", "17", "18", "19", "20", "29", "33", "34")),
        *(
            (status(number), Refused(f"status {number}"))
            for number in ("21", "24", "28", "30", "41", "102", "103", "999")
        ),
        (status("101"), Refused("status 101", opted_out=True)),
        (status("٥"), Doubt("an answer with an odd status", answered=True)),
        (status("-1"), Doubt("an answer with an odd status", answered=True)),
        (status(""), Doubt("an answer with an odd status", answered=True)),
        (status("447700900123"), Doubt("an answer with an odd status", answered=True)),
        (answer({}), Doubt("an answer with an odd status", answered=True)),
        (answer(TAKEN, {"status": "6"}), Doubt("parts with different statuses", (TAKEN["message-id"],), answered=True)),
        (
            answer({"status": "6", "message-id": "2"}, {"status": "2"}),
            Doubt("parts with different statuses", answered=True),
        ),
        (answer({"status": "1"}, {"status": "6"}), Doubt("parts with different statuses", answered=True)),
        (answer({"status": "6"}, {"status": "6"}), Refused("status 6")),
        (answer(), Doubt("an answer without parts", answered=True)),
        *(
            (body, Doubt("an answer not of the SMS API"))
            for body in (
                b"",
                b"<html><h1>It works!</h1></html>",
                b"[]",
                b"null",
                b'"0"',
                b"\xff\xfe",
                b"[" * 100_000,
                b'{"messages":' * 50_000,
                b"{}",
                b'{"messages": []}',
                b'{"message-count": "1"}',
                b'{"message-count": "1", "messages": null}',
                b'{"message-count": "1", "messages": {"status": "0"}}',
                b'{"message-count": "1", "messages": ["0"]}',
                b'{"message-count": 1, "messages": [{"status": "0"}]}',
                b'{"message-count": "1", "messages": [{"status": 0}]}',
                b'{"message-count": "1", "messages": [{"status": "0", "message-id": 1.5e16}]}',
                b'{"message-count": "1", "messages": [{"status": "0"}]',
                b'{"title": "Throttled", "detail": "slow down"}',
                b'{"error-code": "401", "error-code-label": "authentication failed"}',
            )
        ),
    ],
)
def test_every_answer_has_its_meaning(body: bytes, outcome: Outcome) -> None:
    assert classify(200, {}, body) == outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (201, ACCEPTED),
        (202, ACCEPTED),
        (302, Doubt("HTTP 302")),
        (400, Refused("HTTP 400")),
        (401, AccountTrouble("HTTP 401")),
        (403, AccountTrouble("HTTP 403")),
        (404, Refused("HTTP 404")),
        (422, Refused("HTTP 422")),
        (429, NotTaken("HTTP 429")),
        (500, Doubt("HTTP 500")),
        (502, Doubt("HTTP 502")),
        (503, Doubt("HTTP 503")),
        (599, Doubt("HTTP 599")),
    ],
)
def test_the_http_status_counts_before_the_body(code: int, outcome: Outcome) -> None:
    assert classify(code, {}, answer(TAKEN)) == outcome


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7000),
        ({"retry-after": "0"}, 0),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30_000),
        ({"Retry-After": "Tue, 24 Nov 2026 09:00:00 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 0),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 -0000", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, None),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_a_wait_is_honoured_when_it_can_be_read(headers: dict[str, str], wait: int | None) -> None:
    assert classify(429, CIMultiDict(headers), b"") == NotTaken("HTTP 429", wait)


@given(code=st.integers(200, 599), retry_after=st.text(), date=st.text(), body=st.binary())
def test_whatever_the_answer_it_has_a_meaning(code: int, retry_after: str, date: str, body: bytes) -> None:
    outcome = classify(code, {"Retry-After": retry_after, "Date": date}, body)
    assert not isinstance(outcome, Accepted)


class Provider:
    """Answers each POST with the next of `answers`, the last again and again, and keeps what it was sent."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.forms.append(dict(parse_qsl((await request.read()).decode(), keep_blank_values=True)))
        self.headers.append({"path": request.path, "method": request.method, **request.headers})
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=now.status, headers=now.headers, body=now.body)


@asynccontextmanager
async def transport(url: str, **settings: object) -> AsyncIterator[Transport]:
    made = Transport(url, "abcd1234", "secret", **settings)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def provided(provider: Provider, **settings: object) -> AsyncIterator[Transport]:
    async with RawTestServer(provider) as server, transport(str(server.make_url("")), **settings) as made:
        yield made


@asynccontextmanager
async def listening(connection: Connection) -> AsyncIterator[int]:
    """For faults below HTTP: the other side speaks bytes. Yields its port."""
    served: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connection(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(asyncio.gather(*served, return_exceptions=True), 5)


@asynccontextmanager
async def connected(connection: Connection, **settings: object) -> AsyncIterator[Transport]:
    async with listening(connection) as port, transport(f"http://127.0.0.1:{port}", **settings) as made:
        yield made


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def ok(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


async def send(made: Transport, text: str = "On my way.") -> Outcome:
    return await made.send(LINE, RECIPIENT, text, REF)


async def test_a_text_leaves_as_one_form_with_basic_credentials() -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with provided(provider) as made:
        assert await send(made) == ACCEPTED
    assert provider.forms == [
        {"to": "447700900123", "from": "447700900001", "text": "On my way.", "type": "text", "client-ref": REF}
    ]
    sent = provider.headers[0]
    assert (sent["method"], sent["path"]) == ("POST", "/sms/json")
    assert sent["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent["Authorization"] == "Basic YWJjZDEyMzQ6c2VjcmV0"


async def test_the_address_may_end_in_a_slash() -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with RawTestServer(provider) as server, transport(f"{server.make_url('/')}") as made:
        await send(made)
    assert [sent["path"] for sent in provider.headers] == ["/sms/json"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Plain [brackets] and €", "text"), ("Będę", "unicode"), ("\N{GRINNING FACE}", "unicode"), ("don’t", "unicode")],
)
async def test_unicode_is_said_only_of_texts_outside_gsm(text: str, kind: str) -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with provided(provider) as made:
        await send(made, text)
    assert [(form["text"], form["type"]) for form in provider.forms] == [(text, kind)]


@pytest.mark.parametrize(
    "text", ["a&b=c", "100% + 5", "line\nline\r\n", " spaces ", "None", "?/:@;#é", "x" * 3200, "\0"]
)
async def test_every_character_arrives_as_it_was_written(text: str) -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with provided(provider) as made:
        await send(made, text)
    assert [form["text"] for form in provider.forms] == [text]


@pytest.mark.parametrize(("text", "reason"), [("", "text empty"), ("x" * 3201, "text too long")])
async def test_what_vonage_would_refuse_is_not_sent(text: str, reason: str) -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with provided(provider) as made:
        assert await send(made, text) == Refused(reason)
    assert provider.forms == []


async def test_a_client_ref_has_at_most_forty_characters() -> None:
    async with provided(Provider(ok(answer(TAKEN)))) as made:
        with pytest.raises(ValueError, match="client_ref"):
            await made.send(LINE, RECIPIENT, "hello", REF + "r")


async def test_http_answers_are_classified_with_their_headers() -> None:
    busy = web.Response(status=429, headers={"Retry-After": "2"})
    async with provided(Provider(busy, web.Response(status=401), web.Response(status=502), ok(b"<html>"))) as made:
        outcomes = [await send(made) for _ in range(4)]
    assert outcomes == [
        NotTaken("HTTP 429", 2000),
        AccountTrouble("HTTP 401"),
        Doubt("HTTP 502"),
        Doubt("an answer not of the SMS API"),
    ]


async def test_a_redirect_is_not_followed() -> None:
    provider = Provider(web.Response(status=307, headers={"Location": "/elsewhere"}))
    async with provided(provider) as made:
        assert await send(made) == Doubt("HTTP 307")
    assert len(provider.forms) == 1


async def test_connections_are_used_again() -> None:
    peers = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal peers
        peers += 1
        body = answer(TAKEN)
        for _ in range(5):
            await request_read(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with connected(serve) as made:
        assert [await send(made) for _ in range(5)] == [ACCEPTED] * 5
    assert peers == 1


async def test_nobody_listening_is_certainly_not_taken() -> None:
    async with listening(silent) as port:
        pass
    async with transport(f"http://127.0.0.1:{port}") as made:
        assert await send(made) == NotTaken("connect failed", answered=False)


async def test_a_name_that_does_not_resolve_is_certainly_not_taken() -> None:
    async with transport("http://nowhere.invalid") as made:
        assert await send(made) == NotTaken("connect failed", answered=False)


async def test_a_certificate_nobody_vouches_for_is_certainly_not_taken() -> None:
    provider = Provider(ok(answer(TAKEN)))
    async with secured(provider) as (url, _), transport(url) as made:
        assert await send(made) == NotTaken("connect failed", answered=False)
    assert provider.forms == []


async def test_a_certificate_of_the_given_authority_is_accepted() -> None:
    async with secured(Provider(ok(answer(TAKEN)))) as (url, tls), transport(url, tls=tls) as made:
        assert await send(made) == ACCEPTED


async def test_a_handshake_that_never_ends_is_certainly_not_taken() -> None:
    async with listening(silent) as port, transport(f"https://127.0.0.1:{port}", connect_within=0.1) as made:
        assert await send(made) == NotTaken("connect failed", answered=False)


async def test_a_request_read_and_never_answered_is_in_doubt() -> None:
    async with connected(silent, answer_within=0.1) as made:
        assert await send(made) == Doubt("time-out after the request was sent")


async def test_a_text_that_got_no_free_connection_in_time_is_certainly_not_taken() -> None:
    async with connected(silent, connect_within=0.2, answer_within=0.6) as made:
        outcomes = await asyncio.gather(*[send(made) for _ in range(103)])
    assert set(outcomes) == {Doubt("time-out after the request was sent"), NotTaken("connect failed", answered=False)}
    assert outcomes.count(NotTaken("connect failed", answered=False)) >= 3  # the pool holds 100


async def test_a_request_read_and_the_line_closed_is_in_doubt_and_posted_once() -> None:
    posts: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        posts.append(await request_read(reader))

    async with connected(hang_up) as made:
        assert await send(made) == Doubt("connection lost after the request was sent")
        await asyncio.sleep(0.05)
    assert [post[:14] for post in posts] == [b"POST /sms/json"]


async def test_a_kept_connection_closed_as_it_is_used_again_is_in_doubt_and_posted_once() -> None:
    posts: list[bytes] = []

    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        posts.append(await request_read(reader))
        body = answer(TAKEN)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        posts.append(await request_read(reader))

    async with connected(one_answer) as made:
        assert await send(made) == ACCEPTED
        assert await send(made) == Doubt("connection lost after the request was sent")
        await asyncio.sleep(0.05)
    assert len(posts) == 2


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",  # and closed
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b" " * 900_000,
    ],
)
async def test_an_answer_that_breaks_off_or_is_no_http_is_in_doubt(told: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        writer.write(told)

    async with connected(serve) as made:
        assert await send(made) == Doubt("connection lost after the request was sent")


async def test_an_answer_in_pieces_is_read_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        body = answer(TAKEN)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async with connected(serve) as made:
        assert await send(made) == ACCEPTED


async def request_read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(int(length.split(b":")[1]))


@asynccontextmanager
async def secured(provider: Provider) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    authority = trustme.CA()
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    authority.configure_trust(ours)
    runner = web.ServerRunner(web.Server(provider))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=theirs)
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}", ours
    await runner.cleanup()
