"""The visitor: whoever asks the service over HTTP, with a right token or a wrong one, and keeps all it is answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from tests.canary.cast import Cast, Person
from tests.canary.script import odd_requests
from tests.canary.surfaces import Kind, Surface
from tests.people import LINE
from tests.process import API_TOKEN, TOKEN, Service


@dataclass
class Visitor:
    cast: Cast
    chance: Random
    service: Service
    http: aiohttp.ClientSession
    answers: list[Surface] = field(default_factory=list)

    async def ask_oddly(self) -> None:
        one, other = self.chance.sample(self.cast.people, 2)
        for method, path, options in odd_requests(one, other, self.cast.token()):
            await self.ask(method, path, **options)
        await self.odd_webhooks(one, other)
        await self.no_http(f"{self.cast.token()} {one.phone}")

    async def odd_webhooks(self, one: Person, other: Person) -> None:
        for path in ("inbound-sms", "delivery-receipt"):
            sent = {"msisdn": one.number.digits(), "to": LINE.digits(), "messageId": f"F{self.chance.random()}",
                    "text": f"{self.cast.token()} {other.phone}", "type": "text", "sig": "0" * 32}  # fmt: skip
            right = f"/webhooks/{path}/{TOKEN}"
            await self.ask("GET", right, params=sent)
            await self.ask("POST", right, json=sent)
            await self.ask("POST", right, data=sent | {"text": "x" * 70_000})
            await self.ask("POST", right, data=b"{" + sent["text"].encode())
            await self.ask("POST", f"/webhooks/{path}/{self.cast.token()}?text={one.phone}", data=sent)
            await self.ask("DELETE", f"/webhooks/{path}", params=sent)

    async def no_http(self, words: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.service.port)
        writer.write(f"GET /?text={words} HTTP/9\r\n{words}\r\n\r\n".encode())
        self.note("no HTTP", await reader.read())
        writer.close()
        await writer.wait_closed()

    async def ask(self, method: str, path: str, **options: Any) -> bytes:
        headers = {"Authorization": f"Bearer {API_TOKEN}"} | options.pop("headers", {})
        try:
            async with self.http.request(
                method, self.service.url + path, headers=headers, allow_redirects=False, **options
            ) as answer:
                body = await answer.read()
                head = f"{answer.status} {answer.reason}\n" + "".join(f"{k}: {v}\n" for k, v in answer.headers.items())
        except aiohttp.ClientConnectionError:  # hanging up on what is far too large is an answer too
            return b""
        self.note(f"{method} {path.partition('?')[0]}", head.encode() + b"\n" + body)
        return body

    async def ask_json(self, method: str, path: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        async with self.http.request(method, self.service.url + path, headers=headers) as answer:
            return answer.status, await answer.json()

    def note(self, name: str, seen: bytes) -> None:
        kind = Kind.METRICS if name == "GET /metrics" else Kind.ANSWER
        self.answers.append(Surface(kind, name, seen))
