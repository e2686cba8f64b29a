"""The web side of the real process: headers, odd requests, who fails too often, who is slow, what is refused."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import suppress

import pytest

from bot.brake import MOST
from bot.server import HEADERS
from storage.audit import read
from tests.process import API_TOKEN
from tests.test_conversations import ADMIN, ALICE, BOB, CAROL, LINE, Begin, Town, begin

__all__ = ["begin"]  # a fixture

SLOW = 300  # sockets


def webhook(number: int = 1, **more: str) -> dict[str, str]:
    return {"msisdn": CAROL[1:], "to": LINE[1:], "messageId": f"W{number}", "text": "hello", "type": "text", **more}


async def raw(town: Town, sent: bytes) -> bytes:
    """What is answered until the line is closed, or nothing more comes for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", town.service.port)
    told = b""
    with suppress(ConnectionError, TimeoutError):
        writer.write(sent)
        async with asyncio.timeout(5):
            told = await reader.read()
    writer.close()
    return told


async def status(town: Town, path: str, token: str = API_TOKEN, **headers: str) -> tuple[int, dict[str, str], str]:
    asked = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with town.vonage.http.get(town.service.url + path, headers=asked) as answer:
        told = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, told, await answer.text()


PATHS = ["/", "/livez", "/readyz", "/chats", "/chats/1", "/metrics", "/nowhere", "/webhooks/inbound-sms/wrong"]


async def test_every_answer_has_the_headers_that_protect_and_names_no_server(begin: Begin) -> None:
    town = await begin()
    for path in PATHS:
        for token in (API_TOKEN, "wrong"):
            _, headers, _ = await status(town, path, token)
            assert {name: headers.get(name) for name, _ in HEADERS} == dict(HEADERS), path
            assert "server" not in headers
    async with town.vonage.http.get(town.service.webhook("inbound-sms"), params=webhook()) as answer:
        assert (answer.status, answer.headers["x-content-type-options"]) == (204, "nosniff")
    policy = (await status(town, "/"))[1]["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


ODD = [
    (b"TRACE / HTTP/1.1\r\nHost: a\r\nX-Secret: canary\r\n\r\n", {405}),
    (b"TRACE /chats HTTP/1.1\r\nHost: a\r\n\r\n", {405}),
    (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    (b"GET http://evil.example/livez HTTP/1.1\r\nHost: a\r\n\r\n", {200, 400, 404}),
    (b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", {405}),
    (b"CANARY / HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    (b"GET //livez HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    (b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    (b"GET /chats/%00 HTTP/1.1\r\nHost: a\r\n\r\n", {401}),
    (b"GET /chats/%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", {401}),
    (b"GET /livez/ HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
    (b"GET " + b"/" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
    (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", {200, 400, 505}),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    (b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", {400}),
    (b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", {400}),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {200, 400}),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n", {400}),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", {200}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    (b"\0" * 100, {400}),
]


@pytest.mark.parametrize("first", range(4))
async def test_odd_methods_paths_and_heads_get_an_answer_that_shows_nothing(begin: Begin, first: int) -> None:
    town = await begin()
    for sent, expected in ODD[first::4]:
        told = await raw(town, sent.replace(b"Host: a\r\n", b"Host: a\r\nConnection: close\r\n", 1))
        assert int(told.split(b" ", 2)[1]) in expected, (sent, told)
        for leak in (b"canary", b"CANARY", b"Traceback", b"Exception", b".py", b"root:"):
            assert leak not in told, (sent, told)
    assert (await status(town, "/livez"))[0] == 200


async def test_ten_wrong_tokens_a_minute_and_then_even_the_right_one_waits(begin: Begin) -> None:
    town = await begin()
    assert [(await status(town, "/chats", "wrong"))[0] for _ in range(MOST)] == [401] * MOST
    waits, headers, body = await status(town, "/chats")
    assert (waits, json.loads(body)["error"]["code"]) == (429, "too_many_failures")
    assert 0 < int(headers["retry-after"]) <= 60
    assert (await status(town, "/livez"))[0] == 200, "what needs no token is not slowed"


async def test_behind_a_trusted_proxy_only_who_fails_is_slowed(begin: Begin) -> None:
    town = await begin(TRUSTED_PROXIES="127.0.0.0/8")
    for _ in range(MOST):
        assert (await status(town, "/chats", "wrong", X_Forwarded_For="198.51.100.7, 203.0.113.9"))[0] == 401
    assert (await status(town, "/chats", X_Forwarded_For="203.0.113.9"))[0] == 429
    assert (await status(town, "/chats", X_Forwarded_For="198.51.100.7"))[0] == 200, "it only said it was that one"
    assert (await status(town, "/chats"))[0] == 200


async def test_without_a_trusted_proxy_nobody_wins_tries_by_making_up_addresses(begin: Begin) -> None:
    town = await begin()
    for number in range(MOST):
        assert (await status(town, "/chats", "wrong", X_Forwarded_For=f"203.0.113.{number}"))[0] == 401
    assert (await status(town, "/chats", X_Forwarded_For="203.0.113.99"))[0] == 429


async def test_who_guesses_webhook_tokens_is_slowed_and_vonage_by_the_same_proxy_is_not(begin: Begin) -> None:
    town = await begin()
    await town.pair()
    wrong = f"{town.service.url}/webhooks/inbound-sms/a-guess-of-a-token"
    told = []
    for number in range(MOST + 5):
        async with town.vonage.http.get(wrong, params=webhook(number)) as answer:
            told.append(answer.status)
    assert told == [404] * MOST + [429] * 5
    assert answer.headers["retry-after"] == "60"
    await town.text(ALICE, "from the same address")
    await town.reads(BOB, "from the same address")


async def test_a_wrong_secret_of_ours_is_told_before_a_text_is_missed(begin: Begin) -> None:
    town = await begin({"signature_secret": "the-one-of-vonage"}, VONAGE_SIGNATURE_SECRET="another-one")
    await town.text(ADMIN, "STATUS")
    for _ in range(500):
        ready, _, body = await status(town, "/readyz")
        if ready == 503:
            break
        await asyncio.sleep(0.01)
    [reason] = json.loads(body)["reasons"]
    assert reason.startswith("webhooks are refused, and none was accepted: ")
    assert reason.endswith(" wrong signatures in 10 min, check VONAGE_SIGNATURE_SECRET")
    assert 'private_sms_webhooks_refused_total{why="bad_signature"}' in (await status(town, "/metrics"))[2]


async def test_a_forger_alone_is_told_by_status_and_does_not_make_it_look_broken(begin: Begin) -> None:
    secret = "a-signature-secret"
    town = await begin({"signature_secret": secret}, VONAGE_SIGNATURE_SECRET=secret)
    for number in range(3):
        async with town.vonage.http.get(town.service.webhook("inbound-sms"), params=webhook(number)) as answer:
            assert answer.status == 401
    await town.text(ADMIN, "STATUS")
    refused = "WEBHOOKS REFUSED: 3 wrong signatures in 10 min, check VONAGE_SIGNATURE_SECRET."
    await town.reads(ADMIN, f"{refused} Open chats: 0. Waiting: 0. In doubt: 0. Failed: 0.")
    assert (await status(town, "/readyz"))[0] == 200


async def test_a_webhook_sent_again_with_another_nonce_is_one_text(begin: Begin) -> None:
    town = await begin()
    for nonce in ("one", "other"):
        async with town.vonage.http.get(town.service.webhook("inbound-sms"), params=webhook(nonce=nonce)) as answer:
            assert answer.status == 204
    await town.text(ALICE, "afterwards")
    await town.vonage.received(ALICE, 1)
    assert len(await town.vonage.messages(CAROL)) == 1


async def test_nesting_without_end_crashes_no_reader_of_json(begin: Begin) -> None:
    town = await begin()
    deep = [b"[" * 60_000, b'{"a":' * 10_000, b'{"userANumber":' + b"[" * 50_000 + b"]" * 50_000 + b"}"]
    for url in (
        town.service.webhook("inbound-sms"),
        town.service.webhook("delivery-receipt"),
        town.service.url + "/chat",
    ):
        for body in deep:
            headers = {"Authorization": f"Bearer {API_TOKEN}", "Content-Type": "application/json"}
            async with town.vonage.http.post(url, data=body, headers=headers) as answer:
                assert answer.status in (400, 413)
    assert (await status(town, "/livez"))[0] == 200


async def test_the_apis_bodies_have_a_size_and_a_time(begin: Begin) -> None:
    town = await begin()
    head = f"POST /chat HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_TOKEN}\r\n".encode()
    large = b"Transfer-Encoding: chunked\r\n\r\n" + (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 3
    told = await raw(town, head + large)
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in told
    reader, writer = await asyncio.open_connection("127.0.0.1", town.service.port)
    writer.write(head + b"Content-Length: 100\r\n\r\nuserANumber=")
    async with asyncio.timeout(30):
        told = await reader.read()
    writer.close()
    assert told.startswith(b"HTTP/1.1 408 ")


async def trickle(port: int, head: bytes, until: asyncio.Event) -> None:
    """A byte now and then, in a request that never ends; begun anew when it is hung up on."""
    while not until.is_set():
        with suppress(ConnectionError, OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            while not until.is_set() and not writer.is_closing():
                writer.write(b"a")
                await asyncio.sleep(0.5)
            writer.close()


async def test_three_hundred_slow_sockets_keep_no_webhook_waiting(begin: Begin) -> None:
    town, over = await begin(), asyncio.Event()
    await town.pair()
    path = town.service.webhook("inbound-sms").removeprefix(town.service.url).encode()
    heads = [
        b"GET / HTTP/1.1\r\nX: ",
        b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n",
        b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n",
    ]
    slow = [asyncio.create_task(trickle(town.service.port, heads[n % 3], over)) for n in range(SLOW)]
    await asyncio.sleep(1)
    times = []
    for number in range(20):
        began = time.monotonic()
        # A limit in a test, and a generous one: that it is answered at all is the question here.
        async with asyncio.timeout(10):
            async with town.vonage.http.get(town.service.webhook("inbound-sms"), params=webhook(number)) as answer:
                assert answer.status == 204
        times.append(time.monotonic() - began)
    await town.text(ALICE, "through the crowd")
    await town.reads(BOB, "through the crowd")
    over.set()
    await asyncio.gather(*slow)
    print(f"{SLOW} slow sockets: a webhook took {sorted(times)[10] * 1000:.1f} ms, {max(times) * 1000:.1f} ms at most")


def address_of_ours() -> str | None:
    """One that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


@pytest.mark.skipif(address_of_ours() is None, reason="this machine has no address but loopback")
async def test_one_address_has_only_so_many_connections_and_this_machine_as_many_as_it_likes(begin: Begin) -> None:
    town = await begin(HOST="0.0.0.0", CONNECTIONS_PER_ADDRESS="3")  # noqa: S104 - for the length of a test
    host = address_of_ours()
    held = [await asyncio.open_connection(host, town.service.port) for _ in range(3)]
    reader, writer = await asyncio.open_connection(host, town.service.port)
    assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
    writer.close()
    assert (await status(town, "/livez"))[0] == 200, "from loopback"
    held.pop()[1].close()
    await asyncio.sleep(0.2)
    reader, writer = await asyncio.open_connection(host, town.service.port)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    for _, each in [*held, (reader, writer)]:
        each.close()


async def test_security_events_are_in_the_audit_log(begin: Begin) -> None:
    town = await begin()
    for _ in range(MOST + 3):
        await status(town, "/chats", "wrong")
        async with town.vonage.http.get(f"{town.service.url}/webhooks/inbound-sms/wrong") as answer:
            assert answer.status in (404, 429)
    await town.service.end()
    assert await audited(town) == {
        ("api", "too many wrong API tokens"),
        ("webhooks", "too many wrong webhook tokens"),
        ("webhooks", "webhooks refused: wrong tokens"),
    }


async def audited(town: Town) -> set[tuple[str, str]]:
    return {(entry.who, entry.what) for entry in read(town.service.folder / "service.db")}
