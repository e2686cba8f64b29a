"""Requests that nothing here answers: told as JSON, and those meant for Vonage are in the wire log like any other."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.emulator.account import Account
from bot.emulator.bodies import BadBody, read_parameters
from bot.emulator.wirelog import asked

CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 409: "conflict"}
UNANSWERED = (404, 405)
# Where the page and the controls are; Vonage has nothing there.
OURS = frozenset({"", "static", "events", "phones", "faults", "seed", "magic", "settings", "wire", "reset"})


@dataclass(frozen=True, slots=True)
class Unknown:
    account: Account

    async def answer(self, request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        told = {"code": CODES.get(error.status_code, "error"), "message": error.detail}
        answer = JSONResponse({"error": told}, error.status_code, error.headers)
        if error.status_code in UNANSWERED and is_for_vonage(request):
            await self._log(request, answer)
        return answer

    async def _log(self, request: Request, answer: JSONResponse) -> None:
        try:
            parameters = await read_parameters(request)
        except BadBody:
            parameters = {}
        at, status, said = self.account.clock(), answer.status_code, bytes(answer.body).decode()
        self.account.log(asked(request, "unknown", parameters, at=at, status=status, answer=said))


def is_for_vonage(request: Request) -> bool:
    """Browsers ask for this and that of their own accord, and say that they are browsers."""
    return request.url.path.split("/")[1] not in OURS and "sec-fetch-site" not in request.headers
