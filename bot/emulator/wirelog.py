"""The wire log: every request and webhook with its answer, readable, without secrets, and as a command for curl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from shlex import quote

from starlette.requests import Request

from bot.emulator.credentials import read_basic
from storage.model import Millis

SECRET = "$VONAGE_API_SECRET"  # noqa: S105 - a name, in place of the secret
HIDDEN = "«secret»"
BASIC = "Basic "
# The others are the client's business or the connection's.
SHOWN = ("authorization", "content-type", "accept", "user-agent", "retry-after")


class Direction(StrEnum):
    """As seen from the emulator."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `id` is given by the log."""

    at: Millis
    about: str  # sms, account, inbound, receipt
    method: str
    url: str
    parameters: dict[str, str]
    status: int | None  # None: there was no answer
    answer: str
    took: Millis = 0
    direction: Direction = Direction.IN
    headers: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    is_json: bool = False  # even where no header says so
    id: int = 0

    def told(self) -> dict[str, object]:
        return {
            "id": self.id,
            "at": iso(self.at),
            "about": self.about,
            "direction": self.direction,
            "method": self.method,
            "url": self.url,
            "headers": self.headers,
            "parameters": self.parameters,
            "status": self.status,
            "answer": self.answer,
            "took_ms": self.took,
            "fault": self.fault,
            "curl": curl(self),
        }


def asked(
    request: Request, about: str, parameters: Mapping[str, str], *, at: Millis, status: int | None, answer: str
) -> Exchange:
    """What a client asked and was answered, without its secrets."""
    return Exchange(
        at=at,
        about=about,
        method=request.method,
        url=str(request.url.replace(query="")),
        parameters=shown_parameters(parameters),
        status=status,
        answer=answer,
        headers=shown_headers(request.headers),
    )


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those worth reading; of the credentials the key only."""
    told = {name: headers[name] for name in SHOWN if name in headers}
    if "authorization" in told:
        key, _ = read_basic(told["authorization"]) or ("", "")
        told["authorization"] = f"{BASIC}{key}:…" if key else "…"
    return told


def shown_parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    return {key: HIDDEN if key == "api_secret" else value for key, value in parameters.items()}


def curl(exchange: Exchange) -> str:
    """What sends the same again. The secret is left to the shell's environment."""
    words = ["curl"]
    if exchange.method == "GET":
        words.append("--get")
    elif exchange.method != "POST" or not exchange.parameters:
        words += ["--request", exchange.method]
    if (authorization := exchange.headers.get("authorization", "")).startswith(BASIC):
        key = authorization.removeprefix(BASIC).removesuffix(":…")
        words += ["--user", f'{quote(key)}:"{SECRET}"']
    kind = exchange.headers.get("content-type", "")
    if exchange.method == "POST" and ("json" in kind or not kind):
        words += ["--header", quote(f"Content-Type: {kind}".rstrip())]
    if "json" in kind or exchange.is_json:
        words += ["--data", _but_for_the_secret(json.dumps(exchange.parameters, ensure_ascii=False))]
    else:
        pairs = (f"{key}={value}" for key, value in exchange.parameters.items())
        words += [word for pair in pairs for word in ("--data-urlencode", _but_for_the_secret(pair))]
    return " ".join([*words, quote(exchange.url)])


def _but_for_the_secret(text: str) -> str:
    """Quoted for the shell, but for the place of the secret, which the shell is to fill in."""
    return f'"{SECRET}"'.join(piece and quote(piece) for piece in text.split(HIDDEN))


def iso(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
