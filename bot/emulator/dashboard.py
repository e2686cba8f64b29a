"""What Vonage's REST host says about the account itself: its balance and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.emulator.account import Account
from bot.emulator.credentials import check_credentials
from bot.emulator.profile import on_the_wire
from bot.emulator.statuses import Refused
from bot.emulator.wirelog import asked
from storage.number import NotANumber, Number

COUNTRIES = {44: "GB", 1: "US"}
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Dashboard:
    account: Account

    def routes(self) -> list[Route]:
        return [Route("/account/get-balance", self.balance), Route("/account/numbers", self.numbers)]

    async def balance(self, request: Request) -> JSONResponse:
        return self._answer(request, self._balance)

    async def numbers(self, request: Request) -> JSONResponse:
        return self._answer(request, self._numbers)

    def _balance(self, query: QueryParams) -> dict[str, object]:
        return {"value": float(self.account.balance), "autoReload": False}

    def _numbers(self, query: QueryParams) -> dict[str, object]:
        found = [line for line in self.account.profile.lines if query.get("pattern", "") in line]
        size = min(_whole(query.get("size"), 10), LARGEST_PAGE)
        start = (_whole(query.get("index"), 1) - 1) * size
        if not found:
            return {}  # so answers Vonage when there is none
        return {"count": len(found), "numbers": [self._number(line) for line in found[start : start + size]]}

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

    def _answer(self, request: Request, tell: Callable[[QueryParams], dict[str, object]]) -> JSONResponse:
        query = request.query_params
        try:
            check_credentials(query, request.headers.get("authorization"), self.account.profile)
            answer = JSONResponse(tell(query))
        except Refused:
            answer = JSONResponse({"error-code": "401", "error-code-label": "authentication failed"}, 401)
        at, status, said = self.account.clock(), answer.status_code, bytes(answer.body).decode()
        self.account.log(asked(request, "account", query, at=at, status=status, answer=said))
        return answer


def _country(line: str) -> str:
    try:
        return COUNTRIES.get(Number.parse(line).country_code, "GB")
    except NotANumber:
        return "GB"


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and 0 < int(text) < 10**6 else otherwise
