"""Request bodies as plain parameters: form or JSON, strings only, of a bounded size."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from starlette.requests import Request

LARGEST = 64 * 1024


class BadBody(ValueError):
    """The body cannot be read as parameters."""


async def read_json(request: Request) -> dict[str, object]:
    """A JSON object, whatever the content type says. Raises BadBody."""
    try:
        held = json.loads(await _read(request))
    except (ValueError, RecursionError) as error:  # nesting too deep for the parser is the sender's fault too
        raise BadBody("expected a JSON object") from error
    if not isinstance(held, dict):
        raise BadBody("expected a JSON object")
    return held


async def read_parameters(request: Request) -> dict[str, str]:
    """A form, or an object of JSON, over the query: Vonage reads all three. Raises BadBody."""
    query = dict(request.query_params)
    if "json" in request.headers.get("content-type", ""):
        return query | {key: _spelled(value) for key, value in (await read_json(request)).items()}
    body = (await _read(request)).decode("utf-8", "replace")
    try:
        return query | dict(parse_qsl(body, keep_blank_values=True, max_num_fields=100, errors="replace"))
    except ValueError as error:
        raise BadBody("too many fields") from error


def readable(text: str) -> str:
    """Without the lone surrogates that JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _spelled(value: object) -> str:
    return readable(value) if isinstance(value, str) else json.dumps(value)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise BadBody("more than 64 KiB")
    return bytes(body)
