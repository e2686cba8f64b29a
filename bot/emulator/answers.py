"""The answer to a text sent, when it is to go wrong on purpose: what then comes over the line, if anything does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.emulator.hangup import hang_up, until_gone

TAKEN = "-taken"  # ends the name of a fault that befalls the answer only: the text was taken
SLOW = 3.0  # seconds
PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class Silence(Enum):
    """No answer at all."""

    HANG = "the request was left hanging"
    CLOSE = "the connection was closed without an answer"


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What comes instead of Vonage's answer, and whether the text was taken all the same."""

    instead: Response | Silence
    taken: bool


def spoil(fault: str | None) -> Spoiled | None:
    """None: Vonage's own answer stands."""
    taken = (fault or "").endswith(TAKEN)
    match (fault or "").removesuffix(TAKEN):
        case "http-401":
            answer = JSONResponse({"error-code": "401", "error-code-label": "authentication failed"}, 401)
        case "http-429":
            problem = {"title": "Rate Limit Hit", "detail": "Please wait, then retry your request"}
            answer = JSONResponse(problem, 429, {"Retry-After": "1"})
        case "http-500":
            answer = JSONResponse({"title": "Internal Error", "detail": "There was an error processing it"}, 500)
        case "http-502":
            return Spoiled(HTMLResponse(PAGE.format("502 Bad Gateway"), 502), taken)
        case "html":
            return Spoiled(HTMLResponse(PAGE.format("Maintenance")), taken)
        case "hang":
            return Spoiled(Silence.HANG, taken)
        case "close":
            return Spoiled(Silence.CLOSE, taken)
        case _:
            return None
    return Spoiled(answer, taken)


async def keep(silence: Silence, request: Request) -> Response:
    """Returns when the client is gone: what is answered then reaches nobody."""
    match silence:
        case Silence.HANG:
            await until_gone(request)
        case Silence.CLOSE:
            await hang_up(request)
    return Response(status_code=204)


async def be_slow(fault: str | None, speed: float) -> None:
    if fault == "slow":
        await asyncio.sleep(SLOW / speed)
