"""The parts of the service alone, each a process of its own: the limits that the whole is compared with.

`route`: Starlette under the service's own uvicorn, which reads the request and says 204. `post`: aiohttp against the
provider. `commit`: the rows and indexes of a text, so many texts to a flush of the disk. And `tutorial`: all that
Vonage's tutorial does, in memory: look up the other number, answer, and send, with nothing written down.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import aiosqlite
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from bot.delivery import MOST_UNDER_WAY
from bot.server import listen, serve
from storage.sqlite import PRAGMAS, SQLite
from tests.bench.population import OPENED_AT, Population, Text

Webhook = Callable[[Request], Awaitable[Response]]

WEBHOOK = "/webhooks/inbound-sms/{token}"
AUTHORIZED = {"Authorization": aiohttp.encode_basic_auth("abcd1234", "a-secret-for-the-benchmark")}
SEEN = "INSERT INTO seen (message_id, received_at) VALUES (?, ?)"
TEXTED = "UPDATE participant SET texts = texts + 1, last_text_at = ? WHERE chat = ? AND side = ?"
ACTIVE = "UPDATE chat SET active_at = ? WHERE id = ?"
OUTBOUND = """
    INSERT INTO outbound (line, recipient, text, kind, chat, sender, sender_line, cause, client_ref, state, ready_at,
                          created_at, changed_at)
    VALUES (?, ?, ?, 'relay', ?, ?, ?, ?, ?, 'queued', ?, ?, ?)
"""


def route() -> None:
    async def webhook(request: Request) -> Response:
        await request.body()
        return Response(status_code=204)

    _serve(webhook)


def tutorial(provider: str, chats: str) -> None:
    population = Population(int(chats))
    partner = {population.number(person): population.number(person ^ 1) for person in range(2 * population.chats)}
    sending: set[asyncio.Task[None]] = set()

    async def webhook(request: Request) -> Response:
        task = asyncio.create_task(relay(request.state.http, await _read(request)))
        sending.add(task)
        task.add_done_callback(sending.discard)
        return Response(status_code=204)

    async def relay(http: aiohttp.ClientSession, text: dict[str, str]) -> None:
        sms = {"from": text["to"], "to": partner[text["msisdn"]], "text": text["text"]}
        async with http.post(f"{provider}/sms/json", data=sms) as answer:
            assert (await answer.json())["messages"][0]["status"] == "0"

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with aiohttp.ClientSession(headers=AUTHORIZED) as http:
            yield {"http": http}

    _serve(webhook, lifespan)


async def post(provider: str, count: str) -> float:
    """Sends a second, with as many under way as the service has."""
    form = urlencode({"from": "447700900000", "to": "447700900001", "text": "On my way now, about five minutes."})
    left = iter(range(int(count)))

    async def send(http: aiohttp.ClientSession) -> None:
        for _ in left:
            async with http.post(f"{provider}/sms/json", data=form) as answer:
                json.loads(await answer.read())

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession(headers=AUTHORIZED | headers) as http:
        begun = time.perf_counter()
        await asyncio.gather(*[send(http) for _ in range(MOST_UNDER_WAY)])
        return int(count) / (time.perf_counter() - begun)


async def commit(file: str, chats: str, count: str, batch: str) -> float:
    """Texts a second, `batch` of them to a commit."""
    population = Population(int(chats))
    await population.move_in(await SQLite.open(Path(file)))
    texts = population.texts(int(count), "commit", 1)
    async with aiosqlite.connect(file, isolation_level=None) as database:
        for pragma in PRAGMAS:
            await database.execute_fetchall(pragma)
        begun = time.perf_counter()
        for start in range(0, len(texts), int(batch)):
            await _write(database, start, texts[start : start + int(batch)], population)
        return len(texts) / (time.perf_counter() - begun)


async def _write(database: aiosqlite.Connection, start: int, texts: list[Text], population: Population) -> None:
    now = OPENED_AT + start
    persons = [population.sender(start + offset) for offset in range(len(texts))]
    await database.execute_fetchall("BEGIN IMMEDIATE")
    await database.executemany(SEEN, [(text.id, now) for text in texts])
    await database.executemany(TEXTED, [(now, person // 2 + 1, "AB"[person % 2]) for person in persons])
    await database.executemany(ACTIVE, [(now, person // 2 + 1) for person in persons])
    await database.executemany(
        OUTBOUND,
        [
            (f"+{text.line}", f"+{text.recipient}", text.words.encode(), person // 2 + 1, f"+{text.sender}",
             f"+{text.line}", text.id, f"{text.id:>40}", now, now, now)
            for text, person in zip(texts, persons, strict=True)
        ],
    )  # fmt: skip
    await database.execute_fetchall("COMMIT")


async def _read(request: Request) -> dict[str, str]:
    body = (await request.body()).decode()
    if body.startswith("{"):
        return dict(json.loads(body))
    return dict(parse_qsl(body or request.url.query))


def _serve(webhook: Webhook, lifespan: Lifespan[Starlette] | None = None) -> None:
    routes = [Route(WEBHOOK, webhook, methods=["GET", "POST"]), Route("/livez", _live)]
    serve(Starlette(routes=routes, lifespan=lifespan), listen("127.0.0.1", 0))


async def _live(request: Request) -> Response:
    return Response()


def _print(work: Coroutine[Any, Any, float]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(work))


def main(part: str, *arguments: str) -> None:
    match part:
        case "route":
            route()
        case "tutorial":
            tutorial(*arguments)
        case "post":
            _print(post(*arguments))
        case "commit":
            _print(commit(*arguments))
        case _:
            raise SystemExit(f"no such part: {part}")


if __name__ == "__main__":
    main(*sys.argv[1:])
