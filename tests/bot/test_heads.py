"""Requests without an end, and too many from one address: hung up on, while others are served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.connections import Connections
from bot.heads import MOST_BYTES, Impatient


class Hasty(Impatient):
    seconds = 0.2


class Hastier(Impatient):
    seconds_in_all = 0.3


class Full(Connections):
    def take(self, host: str) -> bool:
        return False

    def leave(self, host: str) -> None:
        raise AssertionError("it was never let in")


async def echo(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params.get("wait", 0)))
    return PlainTextResponse(str(len(await request.body())))


@asynccontextmanager
async def served(protocol: Any = Hasty) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
    config = uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_config=None, port=0)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.shutdown()


async def hung_up(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends the connection without a word."""
    try:
        return await asyncio.wait_for(reader.read(), 2) == b""
    except ConnectionError:
        return True


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_who_sends_nothing_is_hung_up_on() -> None:
    async with served() as (reader, _):
        assert await hung_up(reader)


@pytest.mark.parametrize("begun", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
async def test_who_never_ends_the_head_is_hung_up_on(begun: bytes) -> None:
    async with served() as (reader, writer):
        writer.write(begun)
        assert await hung_up(reader)


async def test_a_trickle_does_not_win_time() -> None:
    async with served() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(6):
            await asyncio.sleep(0.05)
            writer.write(b"a")
        assert await hung_up(reader)


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nX: "])
async def test_a_head_that_grows_without_end_is_hung_up_on_before_its_time(begun: bytes) -> None:
    async with served(Impatient) as (reader, writer):
        writer.write(begun)
        for _ in range(MOST_BYTES // 1000):
            writer.write(b"a" * 4000)
        assert await hung_up(reader)


async def test_a_long_body_and_a_slow_answer_are_not_the_heads_affair() -> None:
    async with served() as (reader, writer):
        size = 2 * MOST_BYTES
        writer.write(b"POST /?wait=0.4 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b"a" * size)
        assert await answer(reader) == str(size).encode()


@pytest.mark.parametrize(
    "head",
    [b"POST / HTTP/1.1\r\nHost: a\r\n", b"POST /nowhere HTTP/1.1\r\nHost: a\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n"],
)
async def test_a_body_that_does_not_end_is_hung_up_on_though_nobody_reads_it(head: bytes) -> None:
    async with served(Hastier) as (reader, writer):
        writer.write(head + b"Content-Length: 100\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.05)
            writer.write(b"a")
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 2)  # what was answered before, if anything was
        assert reader.at_eof() or reader.exception()


async def test_the_end_of_a_request_is_the_end_of_its_time() -> None:
    async with served(Hastier) as (reader, writer):
        for _ in range(2):
            writer.write(b"POST /?wait=0.5 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            assert await answer(reader) == b"3"


async def test_one_connection_too_many_is_told_503_and_closed() -> None:
    async with served(partial(Impatient, connections_of=Full())) as (reader, _):
        told = await asyncio.wait_for(reader.read(), 2)
    assert told.startswith(b"HTTP/1.1 503 ")
    head, _, body = told.partition(b"\r\n\r\n")
    assert b"content-length: %d\r\n" % len(body) in head


async def test_who_leaves_is_counted_out() -> None:
    left = asyncio.Event()

    class Watched(Connections):
        def leave(self, host: str) -> None:
            assert host == "127.0.0.1"
            left.set()

    async with served(partial(Impatient, connections_of=Watched())) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await answer(reader) == b"0"
        writer.close()
        await asyncio.wait_for(left.wait(), 2)


async def test_a_kept_connection_may_rest_between_requests() -> None:
    async with served() as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await answer(reader) == b"0"
            await asyncio.sleep(0.4)


async def test_the_second_head_on_a_connection_has_its_time_too() -> None:
    async with served() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n")
        assert await answer(reader) == b"0"
        assert await hung_up(reader)
