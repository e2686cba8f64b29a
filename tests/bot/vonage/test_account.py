"""Looking at the account through the SDK, at a Vonage on loopback, plain and over TLS."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from bot.vonage.account import (
    AccountError,
    AccountFacts,
    OddAnswer,
    OwnedNumber,
    Unreachable,
    WrongCredentials,
    look,
)
from storage.number import Number

KEY, SECRET = "abcd1234", "a-made-up-secret"
BALANCE = {"value": 12.34, "autoReload": False}
URL = "https://example.com/webhooks/inbound-sms/token"
OWNED: list[dict[str, object]] = [
    {"country": "GB", "msisdn": "447700900001", "moHttpUrl": URL, "type": "mobile-lvn", "features": ["SMS"]},
    {"country": "GB", "msisdn": "447700900002", "type": "mobile-lvn", "features": ["SMS"], "app_id": "an application"},
    {"country": "US", "msisdn": "38383", "type": "mobile-shortcode"},
]
FACTS = AccountFacts(
    12.34,
    (OwnedNumber(Number("+447700900001"), URL), OwnedNumber(Number("+447700900002"), None, "an application")),
)


class Vonage:
    """The two questions `look` asks, answered as Vonage answers them."""

    def __init__(self, owned: list[dict[str, object]]) -> None:
        self.owned = owned
        self.pages: list[str] = []
        self.expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        if request.headers.get("Authorization") != self.expected:
            return web.json_response({"error-code": "401", "error-code-label": "authentication failed"}, status=401)
        if request.path == "/account/get-balance":
            return web.json_response(BALANCE)
        assert request.path == "/account/numbers"
        self.pages.append(request.query["index"])
        start = (int(request.query["index"]) - 1) * int(request.query["size"])
        page = self.owned[start : start + int(request.query["size"])]
        return web.json_response({"count": len(self.owned), "numbers": page} if page else {})


@asynccontextmanager
async def served(handler: object, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler))  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def always(**answer: object) -> object:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(**answer)  # type: ignore[arg-type]

    return handler


async def test_balance_and_numbers_with_their_urls_are_told() -> None:
    async with served(Vonage(OWNED)) as url:
        assert await look(url, KEY, SECRET) == FACTS
        assert await look(url + "/", KEY, SECRET) == FACTS


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """For a server the SDK's own client believes in: it speaks TLS only."""
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return tls


async def test_the_sdk_asks_over_tls(trusted: ssl.SSLContext) -> None:
    async with served(Vonage(OWNED), trusted) as url:
        assert await look(url, KEY, SECRET) == FACTS


async def test_a_certificate_nobody_vouches_for_is_unreachable(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    async with served(Vonage(OWNED), trusted) as url:
        with pytest.raises(Unreachable, match="SSLError"):
            await look(url, KEY, SECRET)


async def test_an_account_without_numbers_has_none() -> None:
    async with served(Vonage([])) as url:
        assert await look(url, KEY, SECRET) == AccountFacts(12.34, ())


async def test_every_page_of_numbers_is_read() -> None:
    vonage = Vonage([{"msisdn": f"447700900{n:03}"} for n in range(250)])
    async with served(vonage) as url:
        facts = await look(url, KEY, SECRET)
    assert [owned.number.digits() for owned in facts.numbers] == [f"447700900{n:03}" for n in range(250)]
    assert vonage.pages == ["1", "2", "3"]


async def test_a_wrong_secret_is_said_to_be_one() -> None:
    async with served(Vonage(OWNED)) as url:
        with pytest.raises(WrongCredentials):
            await look(url, KEY, "another")


@pytest.mark.parametrize(
    ("status", "error"), [(403, WrongCredentials), (404, OddAnswer), (429, OddAnswer), (502, OddAnswer)]
)
async def test_an_http_error_is_one_of_ours(status: int, error: type[AccountError]) -> None:
    async with served(always(status=status)) as url:
        with pytest.raises(error):
            await look(url, KEY, SECRET)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        '"value"',
        "{}",
        '{"value": "much"}',
        '{"value": 1, "numbers": []}',
        '{"value": 1, "numbers": 7}',
    ],
)
async def test_an_answer_that_is_not_vonages_is_odd(body: str) -> None:
    async with served(always(text=body)) as url:
        with pytest.raises(OddAnswer):
            await look(url, KEY, SECRET)


async def test_nobody_listening_is_unreachable() -> None:
    async with served(Vonage([])) as url:
        pass
    for gone in (url, url.replace("http:", "https:")):
        with pytest.raises(Unreachable, match="ConnectionError"):
            await look(gone, KEY, SECRET)


async def test_an_answer_too_late_is_unreachable() -> None:
    async def slow(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.3)
        return web.json_response(BALANCE)

    async with served(slow) as url:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            await look(url, KEY, SECRET, within=0.1)
        assert time.monotonic() - began < 0.25
        await asyncio.sleep(0.8)  # both questions, so that the SDK's thread ends within the test


async def test_a_question_is_not_repeated_when_the_line_is_closed(trusted: ssl.SSLContext) -> None:
    asked = 0

    async def hang_up(request: web.BaseRequest) -> web.Response:
        nonlocal asked
        asked += 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with served(hang_up, trusted) as url:
        with pytest.raises(Unreachable):
            await look(url, KEY, SECRET)
    assert asked == 1


async def test_no_secret_and_no_number_is_logged_at_any_level(
    trusted: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("vonage", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    async with served(Vonage(OWNED), trusted) as url:
        facts = await look(url, KEY, SECRET)
        with pytest.raises(WrongCredentials):
            await look(url, KEY, "another")
    assert [record for record in caplog.records if record.name.startswith(("vonage", "urllib3"))] == []
    assert "token" not in repr(facts)
