"""The webhooks: who may call them, what is read of a request, and what it is answered.

204 is said only when whoever takes the text has it durably. What a passing fault keeps from being stored is answered
503, which Vonage sends again for a day; a 4xx may be final, so only what should be lost gets one.
"""

from __future__ import annotations

import hmac
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Protocol

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot import bodies
from bot.vonage import signatures, wire
from bot.vonage.signatures import Method
from commands.durations import HOUR
from storage.engine import Unavailable
from storage.model import Inbound, Millis, Receipt

PATHS = ("/webhooks/inbound-sms", "/webhooks/delivery-receipt")
LONGEST_URL = 32 * 1024  # the server itself breaks off at 64 KiB, and does not say why
# Vonage tries for 24 hours, and nobody knows whether it stamps a retry anew. As far ahead too: then it is our clock
# that is wrong, and a replay is stopped by the message ids that are remembered for longer.
FRESH = 25 * HOUR

SECONDS = re.compile(r"[0-9]{1,12}")

log = logging.getLogger("private_sms.webhooks")


class Intake(Protocol):
    """Takes what came. Both return when it is durably stored, and raise Unavailable when that cannot be."""

    async def take(self, text: Inbound) -> None: ...

    async def note(self, receipt: Receipt) -> None: ...


class Slowing(Protocol):
    """Who has had too many failures of late: `bot.brake.Brake`."""

    def wait(self, scope: Scope) -> int: ...

    def failed(self, scope: Scope) -> None: ...


@dataclass(frozen=True, slots=True)
class Protection:
    """How a caller shows that it is Vonage: by the path's last segment, by a signature, by both, or not at all."""

    token: str | None = field(default=None, repr=False)
    signature_secret: str | None = field(default=None, repr=False)
    signature_method: Method = Method.MD5HASH


class Event(StrEnum):
    """Why a webhook was refused, as the metrics count it."""

    BAD_TOKEN = "bad_token"  # noqa: S105
    SLOWED = "slowed"  # one more wrong token from an address that had too many
    BAD_METHOD = "bad_method"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NOT_A_WEBHOOK = "not_a_webhook"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"


STATUS = {
    Event.BAD_TOKEN: 404,
    Event.SLOWED: 429,
    Event.BAD_METHOD: 405,
    Event.TOO_LARGE: 413,
    Event.TOO_SLOW: 408,
    Event.NOT_A_WEBHOOK: 400,
    Event.BAD_SIGNATURE: 401,
    Event.STALE: 401,
    Event.UNAVAILABLE: 503,
    Event.FAULT: 503,
}
HEADERS = {
    Event.SLOWED: [(b"retry-after", b"60")],
    Event.BAD_METHOD: [(b"allow", b"GET, POST")],
    # The rest of such a body is not worth reading.
    Event.TOO_LARGE: [(b"connection", b"close")],
    Event.TOO_SLOW: [(b"connection", b"close")],
    Event.UNAVAILABLE: [(b"retry-after", b"5")],
    Event.FAULT: [(b"retry-after", b"5")],
}


class Refusal(Exception):
    """`reason` is in words of ours only: it is answered and logged."""

    def __init__(self, event: Event, reason: str) -> None:
        super().__init__(reason)
        self.event = event
        self.reason = reason


def routes(
    protection: Protection,
    intake: Intake,
    now: Callable[[], Millis],
    count: Callable[[Event], None],
    *,
    accepted: Callable[[], None] = lambda: None,
    brake: Slowing | None = None,
    read_within: float = bodies.WITHIN,
) -> list[Route]:
    """`count` is told of each refusal, `accepted` of each caller that showed itself to be Vonage."""
    door = Door(protection, intake, now, count, accepted, brake, read_within)
    return [Route(path + ending, door) for path in PATHS for ending in ("", "/{token}")]


@dataclass(frozen=True, slots=True)
class Door:
    """Both webhooks. ASGI itself instead of Request and Response: every text passes here."""

    protection: Protection
    intake: Intake
    now: Callable[[], Millis]
    count: Callable[[Event], None]
    accepted: Callable[[], None]
    brake: Slowing | None
    read_within: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._admit(scope, receive)
        except Refusal as refusal:
            await self._refuse(refusal, send)
        except bodies.Gone:
            log.info("webhook not answered: the caller hung up")
        except Exception as error:
            # Whatever is wrong with us, the text is not lost: Vonage tries again. The fault's own words may hold it.
            log.error("webhook failed: %s", _where(error))
            await self._refuse(Refusal(Event.FAULT, "cannot take it just now"), send)
        else:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    async def _admit(self, scope: Scope, receive: Receive) -> None:
        self._check_token(scope)
        if scope["method"] not in ("GET", "POST"):
            raise Refusal(Event.BAD_METHOD, "GET or POST")
        body = await self._read(scope, receive)
        now = self.now()
        try:
            parameters = wire.parameters(scope["method"], scope["query_string"], body)
            self._check_signature(parameters, now)
            self.accepted()
            told = wire.read(parameters, now)
        except wire.NotAWebhook as error:
            raise Refusal(Event.NOT_A_WEBHOOK, str(error)) from error
        await self._hand_over(told)

    def _check_token(self, scope: Scope) -> None:
        """The right one always passes, for Vonage may come by the same proxy as who guesses."""
        given, expected = scope["path_params"].get("token") or "", self.protection.token or ""
        if hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            return
        if self.brake is not None:
            if self.brake.wait(scope):
                raise Refusal(Event.SLOWED, "too many wrong requests")
            self.brake.failed(scope)
        raise Refusal(Event.BAD_TOKEN, "not found")

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST_URL:
            raise Refusal(Event.TOO_LARGE, "too large")
        if scope["method"] == "GET":
            return b""
        try:
            return await bodies.read(receive, self.read_within)
        except bodies.TooSlow as error:
            raise Refusal(Event.TOO_SLOW, "too slow") from error
        except bodies.TooLarge as error:
            raise Refusal(Event.TOO_LARGE, "too large") from error

    def _check_signature(self, parameters: Mapping[str, str], now: Millis) -> None:
        if self.protection.signature_secret is None:
            return
        if not signatures.verify(parameters, self.protection.signature_secret, self.protection.signature_method):
            raise Refusal(Event.BAD_SIGNATURE, "wrong or missing signature")
        stamp = parameters.get("timestamp", "")
        if not SECONDS.fullmatch(stamp) or abs(now - int(stamp) * 1000) > FRESH:
            raise Refusal(Event.STALE, "signed too long ago, or not stamped")

    async def _hand_over(self, told: Inbound | Receipt) -> None:
        try:
            match told:
                case Inbound():
                    await self.intake.take(told)
                case Receipt():
                    await self.intake.note(told)
        except Unavailable as error:
            raise Refusal(Event.UNAVAILABLE, "cannot store it just now") from error

    async def _refuse(self, refusal: Refusal, send: Send) -> None:
        status = STATUS[refusal.event]
        self.count(refusal.event)
        log.warning("webhook answered %d: %s", status, refusal.reason)
        body = refusal.reason.encode() + b"\n"
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        headers += HEADERS.get(refusal.event, [])
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"
