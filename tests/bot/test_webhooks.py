"""The webhooks' door: who is let in, what is handed over, and every answer."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx2
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import Message

from bot.vonage import wire
from bot.vonage.signatures import Method, sign
from bot.webhooks import Door, Event, Protection, routes
from commands.durations import HOUR
from storage.engine import Unavailable
from storage.model import Inbound, Receipt

NOW = 1_770_000_515_000
TEXT_URL, RECEIPT_URL = "/webhooks/inbound-sms", "/webhooks/delivery-receipt"
TOKEN, SECRET = "an-unguessable-token", "a made-up signature secret"
SENT = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "messageId": "17000002677E17D8",
    "text": "Będę za pięć minut",
    "type": "unicode",
    "message-timestamp": "2026-02-01 17:48:35",
    "timestamp": str(NOW // 1000),
}
TOLD = {"msisdn": "447700900123", "to": "447700900001", "messageId": "14000000F9DBBBBB", "status": "delivered"}
TAKEN, NOTED = wire.inbound(SENT, NOW), wire.receipt(TOLD, NOW)


class Desk:
    """Takes what comes, unless it cannot."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.took: list[Inbound | Receipt] = []

    async def take(self, text: Inbound) -> None:
        if self.fault:
            raise self.fault
        self.took.append(text)

    async def note(self, receipt: Receipt) -> None:
        if self.fault:
            raise self.fault
        self.took.append(receipt)


class Service:
    """The routes of a service, called as Vonage calls them."""

    def __init__(self, protection: Protection = Protection(), fault: Exception | None = None) -> None:  # noqa: B008
        self.desk = Desk(fault)
        self.counted: list[Event] = []
        self.app = Starlette(routes=routes(protection, self.desk, lambda: NOW, self.counted.append))

    async def call(self, method: str, url: str, content: bytes = b"", content_type: str = "") -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app)
        headers = {"content-type": content_type} if content_type else {}
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, url, content=content, headers=headers)

    async def post(self, told: dict[str, str], url: str = TEXT_URL) -> httpx2.Response:
        return await self.call("POST", url, urlencode(told).encode(), "application/x-www-form-urlencoded")


def signed(method: Method = Method.MD5HASH, **changes: str) -> dict[str, str]:
    told = SENT | changes
    return told | {"sig": sign(told, SECRET, method)}


@pytest.mark.parametrize(
    ("method", "query", "body", "content_type"),
    [
        ("GET", urlencode(SENT), b"", ""),
        ("GET", urlencode(SENT), b"a body nobody reads", ""),
        ("POST", "", urlencode(SENT).encode(), "application/x-www-form-urlencoded; charset=UTF-8"),
        ("POST", "", urlencode(SENT).encode(), ""),
        ("POST", "", urlencode(SENT).encode(), "application/json"),
        ("POST", "", json.dumps(SENT).encode(), "application/json"),
        ("POST", "", json.dumps(SENT, ensure_ascii=False).encode(), ""),
        ("POST", "", json.dumps(SENT).encode(), "application/x-www-form-urlencoded"),
        ("POST", urlencode(SENT), b"", ""),
    ],
)
async def test_a_text_is_taken_in_every_shape(method: str, query: str, body: bytes, content_type: str) -> None:
    service = Service()
    answer = await service.call(method, f"{TEXT_URL}?{query}", body, content_type)
    assert (answer.status_code, answer.content) == (204, b"")
    assert service.desk.took == [TAKEN]


async def test_a_receipt_is_noted() -> None:
    service = Service()
    assert (await service.post(TOLD, RECEIPT_URL)).status_code == 204
    assert service.desk.took == [NOTED]


async def test_what_comes_to_the_other_url_is_not_lost() -> None:
    service = Service()
    assert (await service.post(SENT, RECEIPT_URL)).status_code == 204
    assert (await service.post(TOLD, TEXT_URL)).status_code == 204
    assert service.desk.took == [TAKEN, NOTED]


async def test_204_is_said_only_after_the_text_was_taken() -> None:
    stored = asyncio.Event()

    class Slow(Desk):
        async def take(self, text: Inbound) -> None:
            await stored.wait()

    service = Service()
    service.app = Starlette(routes=routes(Protection(), Slow(), lambda: NOW, service.counted.append))
    calling = asyncio.create_task(service.post(SENT))
    await asyncio.wait([calling], timeout=0.05)
    assert not calling.done()
    stored.set()
    assert (await calling).status_code == 204


@pytest.mark.parametrize(
    ("configured", "ending", "status"),
    [
        (TOKEN, f"/{TOKEN}", 204),
        (TOKEN, "", 404),
        (TOKEN, f"/{TOKEN}x", 404),
        (TOKEN, f"/{TOKEN[:-1]}", 404),
        (TOKEN, "/%C3%A9", 404),
        (TOKEN, "/%FF", 404),
        (None, "", 204),
        (None, f"/{TOKEN}", 404),
    ],
)
async def test_the_token_in_the_path_is_asked_for(configured: str | None, ending: str, status: int) -> None:
    service = Service(Protection(token=configured))
    assert (await service.post(SENT, TEXT_URL + ending)).status_code == status
    assert service.desk.took == ([TAKEN] if status == 204 else [])
    assert service.counted == ([] if status == 204 else [Event.BAD_TOKEN])


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_get_and_post_are_webhooks(method: str) -> None:
    service = Service()
    answer = await service.call(method, f"{TEXT_URL}?{urlencode(SENT)}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert (service.desk.took, service.counted) == ([], [Event.BAD_METHOD])


async def test_a_wrong_token_learns_nothing_of_methods() -> None:
    assert (await Service(Protection(token=TOKEN)).call("PUT", TEXT_URL)).status_code == 404


@pytest.mark.parametrize("method", list(Method))
async def test_signed_webhooks_are_taken_in_every_method_and_shape(method: Method) -> None:
    service, told = Service(Protection(signature_secret=SECRET, signature_method=method)), signed(method)
    statuses = [
        (await service.call("GET", f"{TEXT_URL}?{urlencode(told)}")).status_code,
        (await service.post(told)).status_code,
        (await service.call("POST", TEXT_URL, json.dumps(told).encode())).status_code,
    ]
    assert (statuses, service.desk.took) == ([204] * 3, [TAKEN] * 3)


@pytest.mark.parametrize(
    "told",
    [
        SENT,
        {**SENT, "sig": ""},
        {**SENT, "sig": "é"},
        {**signed(), "text": "forged"},
        {**signed(), "concat": "true"},
        signed(Method.SHA256),
    ],
)
async def test_a_wrong_or_missing_signature_is_401_and_counted(told: dict[str, str]) -> None:
    service = Service(Protection(signature_secret=SECRET))
    assert (await service.post(told)).status_code == 401
    assert (service.desk.took, service.counted) == ([], [Event.BAD_SIGNATURE])


def test_a_protection_does_not_show_its_secrets() -> None:
    shown = repr(Protection(TOKEN, SECRET))
    assert TOKEN not in shown
    assert SECRET not in shown


async def test_with_token_and_signature_both_are_asked_for() -> None:
    service = Service(Protection(TOKEN, SECRET))
    urls_and_forms = [(TEXT_URL, signed()), (f"{TEXT_URL}/{TOKEN}", SENT), (f"{TEXT_URL}/{TOKEN}", signed())]
    assert [(await service.post(form, url)).status_code for url, form in urls_and_forms] == [404, 401, 204]


@pytest.mark.parametrize(
    ("age", "status"),
    [(0, 204), (25 * HOUR, 204), (25 * HOUR + 1000, 401), (-25 * HOUR, 204), (-25 * HOUR - 1000, 401)],
)
async def test_a_signed_webhook_is_good_for_25_hours(age: int, status: int) -> None:
    service = Service(Protection(signature_secret=SECRET))
    answer = await service.post(signed(timestamp=str((NOW - age) // 1000)))
    assert answer.status_code == status
    assert service.counted == ([] if status == 204 else [Event.STALE])


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "٧", "9" * 5000])
async def test_a_signed_webhook_needs_its_stamp(stamp: str) -> None:
    assert (await Service(Protection(signature_secret=SECRET)).post(signed(timestamp=stamp))).status_code == 401


async def test_an_unsigned_webhook_may_have_any_stamp() -> None:
    assert (await Service().post(SENT | {"timestamp": "1"})).status_code == 204


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no parameters"),
        (b"{", "no readable JSON"),
        (b'{"a":' * 10_000, "no readable JSON"),
        (b'{"text": null}', "a value is not a string"),
        (b"text=a&text=b", "a parameter is there twice"),
        (b"text=hello", "msisdn is missing"),
        (b"\xff\xfe\x00", "msisdn is missing"),
    ],
)
async def test_what_is_no_webhook_is_400_and_told_why(body: bytes, reason: str) -> None:
    service = Service()
    answer = await service.call("POST", TEXT_URL, body)
    assert (answer.status_code, answer.text) == (400, reason + "\n")
    assert service.counted == [Event.NOT_A_WEBHOOK]


async def test_64_kib_are_read_and_no_more() -> None:
    service = Service()
    empty = len(urlencode(SENT | {"text": ""}))
    assert (await service.post(SENT | {"text": "x" * (64 * 1024 - empty)})).status_code == 204
    assert (await service.post(SENT | {"text": "x" * (64 * 1024 - empty + 1)})).status_code == 413
    assert (len(service.desk.took), service.counted) == (1, [Event.TOO_LARGE])


async def test_a_store_that_cannot_take_it_is_503_and_vonage_tries_again() -> None:
    for told in (SENT, TOLD):
        service = Service(fault=Unavailable("disk full"))
        answer = await service.post(told)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert service.counted == [Event.UNAVAILABLE]


async def test_a_fault_of_ours_is_503_too_and_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(fault=KeyError("447700900123 wrote: hello"))
    answer = await service.post(SENT)
    assert (answer.status_code, answer.text) == (503, "cannot take it just now\n")
    assert service.counted == [Event.FAULT]
    assert "KeyError at webhooks.py" in caplog.text
    assert "hello" not in caplog.text


async def test_each_refusal_is_one_line_that_shows_nothing_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="private_sms")
    service = Service(Protection(TOKEN, SECRET))
    await service.post(SENT, f"{TEXT_URL}/{TOKEN}x")
    await service.post(SENT, f"{TEXT_URL}/{TOKEN}")
    await service.call("POST", f"{TEXT_URL}/{TOKEN}", b'{"447700900123": 7}')
    told = [record.getMessage() for record in caplog.records if record.name == "private_sms.webhooks"]
    assert told == [
        "webhook answered 404: not found",
        "webhook answered 401: wrong or missing signature",
        "webhook answered 400: a value is not a string",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(["GET", "POST"]), query=st.binary(max_size=99), body=st.binary(max_size=99))
async def test_whatever_comes_the_answer_is_never_500(method: str, query: bytes, body: bytes) -> None:
    told: list[Message] = []
    messages = iter([{"type": "http.request", "body": body}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        told.append(message)

    door = Door(Protection(), Desk(), lambda: NOW, lambda _: None, lambda: None, None, 1.0)
    await door({"type": "http", "method": method, "path": "/", "query_string": query, "path_params": {}}, receive, send)
    assert told[0]["status"] in (204, 400)


@pytest.fixture
async def served() -> AsyncIterator[tuple[int, Service]]:
    """Behind the real server, for what happens below HTTP. Yields its port."""
    service = Service()
    app = Starlette(routes=routes(Protection(), service.desk, lambda: NOW, service.counted.append, read_within=0.4))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1], service
    server.should_exit = True
    await running


async def told_raw(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)
    answer = await reader.read()
    writer.close()
    return answer


HEAD = b"POST /webhooks/inbound-sms HTTP/1.1\r\nHost: service\r\n"


async def test_a_request_that_takes_too_long_is_408_and_the_line_closed(served: tuple[int, Service]) -> None:
    port, service = served
    began = time.monotonic()
    answer = await told_raw(port, HEAD + b"Content-Length: 100\r\n\r\n", *[b"a"] * 3, pause=0.08)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 0.6  # of the whole request, not of each piece
    assert (service.counted, service.desk.took) == ([Event.TOO_SLOW], [])


async def test_a_body_without_end_is_413_while_it_streams(served: tuple[int, Service]) -> None:
    port, service = served
    chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    answer = await told_raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, b"1\r\na\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert service.counted == [Event.TOO_LARGE]


async def test_a_url_is_read_up_to_32_kib(served: tuple[int, Service]) -> None:
    port, service = served
    answers = []
    for length in (31 * 1024, 32 * 1024):
        url = f"{TEXT_URL}?{urlencode(SENT | {'text': 'x' * length})}".encode()
        answers.append(await told_raw(port, b"GET " + url + b" HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"))
    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 204 ", b"HTTP/1.1 413 "]
    assert (service.counted, len(service.desk.took)) == ([Event.TOO_LARGE], 1)


async def test_a_get_is_answered_without_its_body(served: tuple[int, Service]) -> None:
    port, service = served
    head = f"GET {TEXT_URL}?{urlencode(SENT)} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n".encode()
    assert (await told_raw(port, head + b"Content-Length: 100\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
    assert service.desk.took == [TAKEN]


async def test_a_body_in_pieces_is_read_whole(served: tuple[int, Service]) -> None:
    port, service = served
    body = urlencode(SENT).encode()
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = await told_raw(port, head, *[body[n : n + 60] for n in range(0, len(body), 60)], pause=0.01)
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert service.desk.took == [TAKEN]


async def test_a_caller_that_hangs_up_half_way_leaves_nothing(served: tuple[int, Service]) -> None:
    port, service = served
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + b"Content-Length: 100\r\n\r\nmsisdn=447700900123")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.05)
    assert (service.desk.took, service.counted) == ([], [])
