"""Hanging up: the client sees its connection end without an answer, and the server stays in good order."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.emulator.hangup import hang_up, until_gone
from tests.conftest import Serve


class App:
    """Hangs up on /close, answers never on /hang, and else at once."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        request = Request(scope, receive)
        await request.body()
        if request.url.path == "/close":
            await hang_up(request)
        if request.url.path == "/hang":
            await until_gone(request)
        await Response("here")(scope, receive, send)
        self.gone.set()


async def test_the_connection_ends_without_an_answer(
    serve: Serve, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    app = App()
    url = await serve(app)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await http.post(f"{url}/close", data=b"x" * 10_000)
    await asyncio.wait_for(app.gone.wait(), 2)
    async with http.get(url) as response:
        assert await response.text() == "here"
    assert capfd.readouterr().err == ""


async def test_nobody_is_answered_until_the_client_has_had_enough(
    serve: Serve, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    app = App()
    url = await serve(app)
    with pytest.raises(TimeoutError):
        await http.post(f"{url}/hang", timeout=aiohttp.ClientTimeout(total=0.1))
    await asyncio.wait_for(app.gone.wait(), 2)
    assert capfd.readouterr().err == ""
