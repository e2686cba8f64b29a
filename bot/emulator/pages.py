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

from bot.emulator.account import PRICE, Account
from bot.emulator.faults import magic_numbers
from bot.emulator.settings import told as settings_told
from bot.vonage.signatures import Method
from commands.gsm import BASIC, EXTENDED, ROOM, Encoding

HERE = Path(__file__).parent
# What a page gets when it opens; the rest is a request away.
SHOWN_TEXTS = 200  # of each phone
SHOWN_EXCHANGES = 300
AGAIN = 1000  # milliseconds until a page that lost its line tries again: about as long as a restart takes


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
        # All scripts at once, instead of one after another as each imports the next.
        scripts = sorted(path.name for path in (HERE / "static").glob("*.js"))
        return HTMLResponse(self.templates.get_template("phones.html").render(methods=list(Method), scripts=scripts))

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
                yield _event("everything", self._everything(), retry=AGAIN)
                while (change := await watch.get()) is not None:
                    yield _event(change.kind, change.told)
                    if change.kind == "reset":
                        yield _event("everything", self._everything())
            finally:
                end.cancel()

    def _everything(self) -> dict[str, object]:
        return {
            "lines": self.account.profile.lines,
            "alphabet": {"basic": "".join(sorted(BASIC)), "extended": "".join(sorted(EXTENDED))},
            "room": {"gsm": ROOM[Encoding.GSM], "ucs2": ROOM[Encoding.UCS2]},
            "price": str(PRICE),
            "phones": [phone.told() for phone in self.account.phones.values()],
            "texts": [
                {"phone": number, **text.told()}
                for number in self.account.phones
                for text in self.account.texts_on(number)[-SHOWN_TEXTS:]
            ],
            "wire": [exchange.told() for exchange in list(self.account.wire)[-SHOWN_EXCHANGES:]],
            "faults": self.account.faults.told(),
            "magic": list(magic_numbers()),
            "settings": settings_told(self.account.profile),
        }


def _event(kind: str, told: dict[str, object], retry: int | None = None) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(told, ensure_ascii=False), event=kind, retry=retry)
