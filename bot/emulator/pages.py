"""The phones page: the page itself, its static files, and the stream of events that keeps it live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.emulator.account import Account
from commands.gsm import BASIC, EXTENDED, ROOM, Encoding

HERE = Path(__file__).parent
SHOWN = 200  # texts of each phone that a page gets when it opens


def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Pages:
    account: Account
    templates: Environment = field(default_factory=_templates)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.page),
            Route("/events", self.events),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    async def page(self, request: Request) -> HTMLResponse:
        return HTMLResponse(self.templates.get_template("phones.html").render(profile=self.account.profile))

    async def events(self, request: Request) -> EventSourceResponse:
        closing = anyio.Event()
        return EventSourceResponse(
            self._events(closing), send_timeout=10, shutdown_event=closing, shutdown_grace_period=1
        )

    async def _events(self, closing: anyio.Event) -> AsyncIterator[ServerSentEvent]:
        """All there is, then what changes. A page that lost its line gets all again: nothing is ever missed."""
        with self.account.feed.watch() as watch:
            end = asyncio.create_task(closing.wait())
            end.add_done_callback(lambda _: watch.put_nowait(None))
            try:
                yield _event("everything", self._everything())
                while (change := await watch.get()) is not None:
                    yield _event(change.kind, change.told)
            finally:
                end.cancel()

    def _everything(self) -> dict[str, object]:
        return {
            "lines": self.account.profile.lines,
            "alphabet": {"basic": "".join(sorted(BASIC)), "extended": "".join(sorted(EXTENDED))},
            "room": {"gsm": ROOM[Encoding.GSM], "ucs2": ROOM[Encoding.UCS2]},
            "phones": [phone.told() for phone in self.account.phones.values()],
            "texts": [
                {"phone": number, **text.told()}
                for number in self.account.phones
                for text in self.account.texts_on(number)[-SHOWN:]
            ],
        }


def _event(kind: str, told: dict[str, object]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(told, ensure_ascii=False), event=kind)
