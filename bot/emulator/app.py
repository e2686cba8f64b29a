"""The emulator put together: an account, the wire, the phones and their page."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from bot.emulator.account import Account
from bot.emulator.controls import Controls
from bot.emulator.courier import Courier
from bot.emulator.dashboard import Dashboard
from bot.emulator.guard import Guard
from bot.emulator.pages import Pages
from bot.emulator.phones import Phones
from bot.emulator.profile import Profile
from bot.emulator.unknown import Unknown
from bot.emulator.wire import Wire
from storage.model import Millis


def now() -> Millis:
    return time.time_ns() // 1_000_000


def create_emulator(
    profile: Profile, *, clock: Callable[[], Millis] = now, token: Callable[[int], str] = secrets.token_hex
) -> Starlette:
    account = Account(profile, clock, token)
    courier = Courier(account)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with courier.working():
            yield

    return Starlette(
        routes=[
            *Wire(account, courier).routes(),
            *Dashboard(account).routes(),
            *Phones(account, courier).routes(),
            *Controls(account, courier.drop).routes(),
            *Pages(account).routes(),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: Unknown(account).answer},
        lifespan=lifespan,
    )
