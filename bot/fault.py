"""What the API answers when it cannot do what was asked: a status, a code for programs, a message for people."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


class Fault(Exception):
    """An answer to the caller. The message is in words of ours, and holds nothing that others may not see."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def answer(self) -> JSONResponse:
        return error(self.status, self.code, self.message, self.headers)


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": {"code": code, "message": message}}, status, {**challenge, **(headers or {})})
