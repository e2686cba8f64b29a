"""What can be seen from outside: the front page, whether the service lives and is ready, and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bot.api import Api
from bot.delivery import Delivery
from bot.metrics import Metrics
from bot.spending import UNIT
from bot.writer import Writer
from storage import chats, outbox, spending
from storage.engine import Engine, StorageError
from storage.model import Millis

STUCK_AFTER: Millis = 600_000  # an outbox older than this is a reason to look

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Private SMS</title>
<h1>Private SMS</h1>
<p>This service lets two people text each other without learning each other's number. It is running.</p>
<p>There is nothing to see here: it is run by text message. An admin texts <code>HELP</code> to one of its numbers.</p>
<p>Documentation: <code>README.md</code>, beside the program. Health: <a href="/livez">/livez</a>,
<a href="/readyz">/readyz</a>.</p>
</html>
"""
# What every answer has beside it: bot/server.py.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}


@dataclass(frozen=True, slots=True)
class Health:
    engine: Engine
    writer: Writer
    delivery: Delivery
    metrics: Metrics
    clock: Callable[[], Millis]
    fallen: Callable[[], list[str]]  # the tasks that have ended though they never should
    deaf: Callable[[], str | None]  # why texts may not reach us

    def routes(self, api: Api) -> list[Route]:
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/livez", self.live, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", api.guarded(self.measure), methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        return HTMLResponse(PAGE, headers=PAGE_HEADERS)

    async def live(self, request: Request) -> Response:
        return _report("alive", [f"the {name} task has ended: restart the service" for name in self.fallen()])

    async def ready(self, request: Request) -> Response:
        # A balancer must not go by what stands still for all processes alike, nor by what a stranger brings about by a
        # wrong token: it would turn texts away that could be kept.
        only_taking = request.query_params.get("for") == "webhooks"
        return _report("ready", self.closed() if only_taking else await self.reasons())

    def closed(self) -> list[str]:
        """Why this process can take no texts just now; empty: it can."""
        reasons = [f"the {name} task has ended: restart the service" for name in self.fallen()]
        if self.writer.failing is not None:
            reasons.append(f"texts cannot be stored: {self.writer.failing}")
        return reasons

    async def reasons(self) -> list[str]:
        """Why texts cannot be taken or sent just now; empty: all is well."""
        reasons = self.closed()
        if self.delivery.trouble is not None:
            reasons.append(f"no text leaves, all wait: {self.delivery.trouble}")
        if (deaf := self.deaf()) is not None:
            reasons.append(deaf)
        try:
            counts = await outbox.counts(self.engine.reader)
        except StorageError as error:
            return [*reasons, f"the database cannot be read: {error}"]
        if counts.oldest_queued_at is not None and self.clock() - counts.oldest_queued_at > STUCK_AFTER:
            reasons.append("texts have been waiting for over 10 minutes")
        return reasons

    async def measure(self, request: Request) -> Response:
        counts = await outbox.counts(self.engine.reader)
        for state in ("queued", "sending", "uncertain", "dead"):
            self.metrics.waiting.labels(state).set(getattr(counts, state))
        oldest = counts.oldest_queued_at
        self.metrics.oldest.set(0 if oldest is None else max(0, self.clock() - oldest) / 1000)
        self.metrics.chats.set(await chats.count_open(self.engine.reader))
        spent = await spending.today(self.engine.reader, self.clock())
        self.metrics.texts_today.set(spent.texts)
        self.metrics.money_today.set(float(spent.money / UNIT))
        return Response(self.metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _report(word: str, reasons: list[str]) -> Response:
    return JSONResponse({word: not reasons, "reasons": reasons}, 503 if reasons else 200)
