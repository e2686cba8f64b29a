"""The body of a request: read to its end, within a time and up to a size, or not at all."""

from __future__ import annotations

import asyncio

from starlette.types import Receive

LARGEST = 64 * 1024
WITHIN = 10.0  # seconds; uvicorn itself waits for ever


class TooLarge(Exception):
    """Longer than 64 KiB. The rest is not worth reading: close the connection."""


class TooSlow(Exception):
    """It did not come to its end in time."""


class Gone(Exception):
    """The caller hung up: there is nobody to answer."""


async def read(receive: Receive, within: float = WITHIN) -> bytes:
    """Raises TooLarge, TooSlow and Gone. `within`: seconds for the whole of it, not for each piece."""
    try:
        async with asyncio.timeout(within):
            return await _counted(receive)
    except TimeoutError as error:
        raise TooSlow from error


async def _counted(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise TooLarge
        more = message.get("more_body", False)
    return bytes(body)
