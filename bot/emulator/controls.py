"""The controls, by REST: faults, seed, magic numbers, settings, the wire log, reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.emulator.account import Account
from bot.emulator.bodies import BadBody, read_json
from bot.emulator.faults import KINDS, Rule, magic_numbers
from bot.emulator.profile import NotAnAddress, address
from bot.emulator.settings import BadSetting, changed, told

HIGHEST_SEED = 2**53  # what JSON's numbers hold exactly everywhere
MOST_TIMES = 10**6


@dataclass(frozen=True, slots=True)
class Controls:
    account: Account
    drop_errands: Callable[[], None]  # what is under way must not arrive after a reset

    def routes(self) -> list[Route]:
        return [
            Route("/faults", self.faults),
            Route("/faults", self.switch_on, methods=["POST"]),
            Route("/faults", self.all_off, methods=["DELETE"]),
            Route("/faults/{id:int}", self.switch_off, methods=["DELETE"]),
            Route("/seed", self.sow, methods=["PUT"]),
            Route("/magic", self.magic),
            Route("/settings", self.settings),
            Route("/settings", self.change_settings, methods=["PATCH"]),
            Route("/wire", self.wire),
            Route("/reset", self.reset, methods=["POST"]),
        ]

    async def faults(self, request: Request) -> JSONResponse:
        return JSONResponse(self.account.faults.told())

    async def switch_on(self, request: Request) -> JSONResponse:
        asked = await body(request, allowed={"kind", "number", "probability", "times"})
        kind = asked.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise HTTPException(400, "`kind` is one of those that GET /faults lists")
        rule = self.account.faults.switch_on(Rule(KINDS[kind], _number(asked), _probability(asked), _times(asked)))
        return JSONResponse(rule.told(), 201)

    async def switch_off(self, request: Request) -> Response:
        if not self.account.faults.switch_off(request.path_params["id"]):
            raise HTTPException(404, "no such fault is switched on")
        return Response(status_code=204)

    async def all_off(self, request: Request) -> Response:
        self.account.faults.all_off()
        return Response(status_code=204)

    async def sow(self, request: Request) -> Response:
        seed = (await body(request, allowed={"seed"})).get("seed")
        if not _whole(seed, 0, HIGHEST_SEED):
            raise HTTPException(400, f"`seed` is a whole number between 0 and {HIGHEST_SEED}")
        self.account.faults.sow(seed)
        return Response(status_code=204)

    async def magic(self, request: Request) -> JSONResponse:
        return JSONResponse(list(magic_numbers()))

    async def settings(self, request: Request) -> JSONResponse:
        return JSONResponse(told(self.account.profile))

    async def change_settings(self, request: Request) -> JSONResponse:
        try:
            self.account.change(changed(self.account.profile, await body(request)))
        except BadSetting as error:
            raise HTTPException(400, str(error)) from error
        return JSONResponse(told(self.account.profile))

    async def wire(self, request: Request) -> JSONResponse:
        """Oldest first. `?limit=20`: the newest 20; with `?after=17`, the first 20 that came later than that one."""
        after, limit = _asked(request, "after"), _asked(request, "limit")
        found = [exchange for exchange in self.account.wire if exchange.id > (after or 0)]
        if limit is not None:
            found = found[:limit] if after is not None else found[max(0, len(found) - limit) :]
        return JSONResponse([exchange.told() for exchange in found])

    async def reset(self, request: Request) -> Response:
        self.drop_errands()
        self.account.reset()
        return Response(status_code=204)


async def body(request: Request, allowed: set[str] | None = None) -> dict[str, object]:
    try:
        asked = await read_json(request)
    except BadBody as error:
        raise HTTPException(400, str(error)) from error
    if allowed is not None and (unknown := asked.keys() - allowed):
        raise HTTPException(400, f"unknown: {', '.join(sorted(unknown))}; expected {', '.join(sorted(allowed))}")
    return asked


def _number(asked: dict[str, object]) -> str | None:
    number = asked.get("number")
    if number is None:
        return None
    try:
        return address(str(number))
    except NotAnAddress as error:
        raise HTTPException(400, f"`number`: {error}") from error


def _probability(asked: dict[str, object]) -> float:
    probability = asked.get("probability", 1.0)
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise HTTPException(400, "`probability` is a number between 0 and 1")
    return float(probability)


def _times(asked: dict[str, object]) -> int | None:
    times = asked.get("times")
    if times is not None and not _whole(times, 1, MOST_TIMES):
        raise HTTPException(400, f"`times` is a whole number between 1 and {MOST_TIMES}, or null for without end")
    return times


def _whole(value: object, lowest: int, highest: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _asked(request: Request, name: str) -> int | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 16):
        raise HTTPException(400, f"`{name}` is a whole number")
    return int(given)
