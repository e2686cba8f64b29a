"""The composition root: which part gets what, and where each route leads."""

from __future__ import annotations

import hmac
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot import webhooks
from bot.admission import Admission
from bot.api import Api, http_exception, our_fault
from bot.brake import Brake
from bot.callers import Callers
from bot.health import Health
from bot.incidents import Incidents
from bot.messages import Messages
from bot.metrics import Metrics
from bot.pace import Pace
from bot.proxy import Chance, assemble
from bot.refusals import Refusals
from bot.retention import Periods
from bot.service import Service
from bot.settings import Settings
from bot.spending import Caps
from bot.vonage.sending import Transport
from bot.webhooks import Event, Protection
from commands.desk import House
from commands.destinations import Destinations
from commands.leakguard import Rules
from storage import errands, tokens
from storage.engine import Engine, Reading, Unusable
from storage.keys import Keys, KeySetting
from storage.model import Millis
from storage.reading import reading
from storage.sqlite import SQLite

NO_ASYNCPG = "PostgreSQL needs the package asyncpg: pip install 'private-sms[postgres]'"


def system_clock() -> Millis:
    return time.time_ns() // 1_000_000


def create_app(
    settings: Settings, *, clock: Callable[[], Millis] = system_clock, after_restore: bool = False
) -> Starlette:
    """The whole service. Its lifespan raises storage.engine.Unusable when the database cannot be used.

    `after_restore`: what was unfinished in the database is held for a person.
    """
    transport = _transport(settings)
    refusals = Refusals(clock)
    proxy = assemble(
        engine=engine_of(settings),
        house=replace(house_of(settings), refused=refusals.told),
        transport=transport,
        pace=Pace(settings.account_rate, {line: settings.rate_of(line) for line in settings.vonage_number}),
        sender_limit=settings.sender_limit,
        sender_daily=settings.sender_daily,
        stranger_limit=settings.stranger_limit,
        caps=Caps(settings.daily_texts, settings.daily_spend),
        doubt_after=settings.doubt_after,
        keep=Periods(settings.retain_texts, settings.retain_chats),
        errand_file=None if settings.on_postgres else errands.beside(settings.database_path),
        clock=clock,
        # Jitter spreads retries and guards nothing; the others have to be unguessable.
        chance=Chance(lambda: secrets.token_urlsafe(30), random.random, secrets.token_hex(8)),
    )
    service = Service(
        engine=proxy.engine,
        writer=proxy.writer,
        delivery=proxy.delivery,
        deadlines=proxy.deadlines,
        beside=proxy.beside,
        receipts=proxy.receipts,
        transport=transport,
        clock=clock,
        after_restore=after_restore,
    )
    callers, incidents = Callers(settings.trusted_proxies), Incidents(proxy.writer, clock)
    admission = Admission(
        api_token=_open(settings.api_token),
        file=tokens.beside(settings.database_path),
        brake=Brake(callers, clock, lambda: incidents.note("too many wrong API tokens", who="api")),
        writer=proxy.writer,
        clock=clock,
    )
    api = Api(proxy.house, proxy.writer, proxy.engine, proxy.outgoing, admission, clock)
    health = Health(proxy.engine, proxy.writer, proxy.delivery, proxy.metrics, clock, service.fallen, refusals.reason)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Callable[[], None]]]:
        async with service.running():
            await admission.look()
            yield {"stop_taking": proxy.handover.stop}

    app = Starlette(
        routes=[
            *webhooks.routes(
                _protection(settings),
                proxy.handover,
                clock,
                _counting(proxy.metrics, refusals, incidents),
                accepted=refusals.accepted,
                brake=Brake(callers, clock, lambda: incidents.note("too many wrong webhook tokens", who="webhooks")),
            ),
            *api.routes(),
            *Messages(api).routes(),
            *health.routes(api),
        ],
        exception_handlers={HTTPException: http_exception, Exception: our_fault},
        lifespan=lifespan,
    )
    # A redirect to the same path without its slash would go to whatever host the caller names.
    app.router.redirect_slashes = False
    return app


def _counting(metrics: Metrics, refusals: Refusals, incidents: Incidents) -> Callable[[Event], None]:
    def count(why: Event) -> None:
        metrics.refused.labels(why).inc()
        if (first := refusals.note(why)) is not None:
            incidents.note(first, who="webhooks")

    return count


def house_of(settings: Settings) -> House:
    return House(
        service_name=settings.service_name,
        lines=settings.vonage_number,
        admins=frozenset(settings.admin_numbers),
        region=settings.default_region,
        destinations=Destinations(settings.countries),
        rules=Rules(settings.leak_guard, settings.leak_guard_links),
        codes=settings.admin_codes,
        news=settings.admin_news,
        authenticators=settings.authenticators,
        chat_ttl=settings.chat_ttl,
        language=settings.texts_language,
        quarantine=settings.quarantine,
        quarantine_strict=settings.quarantine_strict,
        changeover=settings.changeover,
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


def engine_of(settings: Settings) -> Engine:
    """Not opened yet. Raises storage.engine.Unusable."""
    keys = keys_of(settings)
    if not settings.on_postgres:
        return SQLite(settings.database_path, keys)
    try:
        from storage.postgres import Postgres  # a dependency that SQLite does without
    except ImportError as error:
        raise Unusable(NO_ASYNCPG) from error
    assert keys is not None
    return Postgres(settings.database_url, keys, pooled=settings.database_pooled)


def reading_of(settings: Settings) -> AbstractAsyncContextManager[Reading]:
    """For commands: what is there, beside services that run or not; nothing is written. Raises Unusable."""
    keys = keys_of(settings)
    if not settings.on_postgres:
        return reading(settings.database_path, keys)
    try:
        from storage.visit import visiting
    except ImportError as error:
        raise Unusable(NO_ASYNCPG) from error
    assert keys is not None
    return visiting(settings.database_url, keys)


def keys_of(settings: Settings) -> Keys | None:
    return None if settings.data_key is None else KeySetting(settings.data_key.get_secret_value())


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
