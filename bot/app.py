"""The composition root: which part gets what, and where each route leads."""

from __future__ import annotations

import hmac
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot import webhooks
from bot.api import Api, http_exception
from bot.deadlines import Deadlines
from bot.delivery import Delivery
from bot.health import Health
from bot.intake import Handover, Intake
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.pace import Pace, SenderLimit
from bot.receipts import Receipts
from bot.service import Service
from bot.settings import Settings
from bot.undelivered import Undelivered
from bot.vonage.sending import Transport
from bot.webhooks import Protection
from bot.writer import Writer
from commands.catalogue import Catalogue
from commands.desk import House
from storage.model import Millis
from storage.sqlite import SQLite


def system_clock() -> Millis:
    return time.time_ns() // 1_000_000


def create_app(settings: Settings, *, clock: Callable[[], Millis] = system_clock) -> Starlette:
    """The whole service. Its lifespan raises storage.engine.Unusable when the database cannot be used."""
    house = _house(settings)
    engine = SQLite(settings.database_path)
    metrics = Metrics()
    writer = Writer(engine)
    outgoing = Outgoing(new_ref=lambda: secrets.token_urlsafe(30))
    undelivered = Undelivered(house, outgoing)
    receipts = Receipts(undelivered=undelivered, metrics=metrics, clock=clock)
    limit = SenderLimit(settings.sender_limit)
    intake = Intake(house=house, outgoing=outgoing, undelivered=undelivered, limit=limit, metrics=metrics, clock=clock)
    transport = _transport(settings)
    delivery = Delivery(
        writer=writer,
        transport=transport,
        outgoing=outgoing,
        house=house,
        pace=Pace(settings.account_rate, {line: settings.rate_of(line) for line in house.lines}),
        receipts=receipts,
        undelivered=undelivered,
        metrics=metrics,
        clock=clock,
        jitter=random.random,  # spreads retries, guards nothing
        owner=secrets.token_hex(8),
    )
    deadlines = Deadlines(
        engine=engine,
        writer=writer,
        intake=intake,
        undelivered=undelivered,
        outgoing=outgoing,
        house=house,
        limit=limit,
        metrics=metrics,
        doubt_after=settings.doubt_after,
        clock=clock,
    )
    service = Service(
        engine=engine, writer=writer, delivery=delivery, deadlines=deadlines, transport=transport, clock=clock
    )
    handover = Handover(writer, intake, receipts, metrics)
    api = Api(house, writer, engine, outgoing, _open(settings.api_token), clock)
    health = Health(engine, writer, delivery, metrics, clock, service.fallen)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with service.running():
            yield

    return Starlette(
        routes=[
            *webhooks.routes(_protection(settings), handover, clock, lambda why: metrics.refused.labels(why).inc()),
            *api.routes(),
            *health.routes(api),
        ],
        exception_handlers={HTTPException: http_exception},
        lifespan=lifespan,
    )


def _house(settings: Settings) -> House:
    return House(
        service_name=settings.service_name,
        lines=settings.vonage_number,
        admins=frozenset(settings.admin_numbers),
        region=settings.default_region,
        chat_ttl=settings.chat_ttl,
        texts=Catalogue.load("en"),
        # Not a secret of its own to be kept, and yet none that lies in the database beside the hashes.
        code_key=hmac.digest(settings.vonage_api_secret.get_secret_value().encode(), b"admin codes", "sha256"),
        new_code=lambda: f"{secrets.randbelow(10_000):04}",
    )


def _transport(settings: Settings) -> Transport:
    return Transport(
        rest_url=settings.vonage_rest_url,
        api_key=settings.vonage_api_key,
        api_secret=settings.vonage_api_secret.get_secret_value(),
    )


def _protection(settings: Settings) -> Protection:
    return Protection(
        token=_open(settings.webhook_token),
        signature_secret=_open(settings.vonage_signature_secret),
        signature_method=settings.vonage_signature_method,
    )


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
