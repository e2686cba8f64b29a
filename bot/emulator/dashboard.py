"""What Vonage's REST host says about the account itself: its balance and its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.emulator.account import Account
from bot.emulator.profile import on_the_wire
from bot.emulator.wire import Refused, check_credentials
from storage.number import NotANumber, Number

COUNTRIES = {44: "GB", 1: "US"}
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Dashboard:
    account: Account

    def routes(self) -> list[Route]:
        return [Route("/account/get-balance", self.balance), Route("/account/numbers", self.numbers)]

    async def balance(self, request: Request) -> JSONResponse:
        if refused := self._refuse(request):
            return refused
        return JSONResponse({"value": float(self.account.balance), "autoReload": False})

    async def numbers(self, request: Request) -> JSONResponse:
        if refused := self._refuse(request):
            return refused
        query = request.query_params
        found = [line for line in self.account.profile.lines if query.get("pattern", "") in line]
        size = min(_whole(query.get("size"), 10), LARGEST_PAGE)
        start = (_whole(query.get("index"), 1) - 1) * size
        if not found:
            return JSONResponse({})  # so answers Vonage when there is none
        return JSONResponse(
            {"count": len(found), "numbers": [self._number(line) for line in found[start : start + size]]}
        )

    def _number(self, line: str) -> dict[str, object]:
        told: dict[str, object] = {
            "country": _country(line),
            "msisdn": on_the_wire(line),
            "type": "mobile-lvn",
            "features": ["SMS"],
        }
        if self.account.profile.inbound_url:
            told["moHttpUrl"] = self.account.profile.inbound_url
        return told

    def _refuse(self, request: Request) -> JSONResponse | None:
        try:
            check_credentials(request.query_params, request.headers.get("authorization"), self.account.profile)
        except Refused:
            return JSONResponse({"error-code": "401", "error-code-label": "authentication failed"}, 401)
        return None


def _country(line: str) -> str:
    try:
        return COUNTRIES.get(Number.parse(line).country_code, "GB")
    except NotANumber:
        return "GB"


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and 0 < int(text) < 10**6 else otherwise
