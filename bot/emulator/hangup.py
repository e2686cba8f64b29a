"""An app that may close the connection a request came on: what no answer says is a fault to be tested too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as Protocol
else:
    Protocol = AutoHTTPProtocol  # whichever of the two is there


class Tangible(Protocol):
    """uvicorn's protocol, whose requests carry a way to hang up: `request.state.hang_up()`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "hang_up": transport.close}


async def hang_up(request: Request) -> None:
    """Close, and return once it is closed: from then on whatever is answered goes nowhere."""
    request.state.hang_up()
    await until_gone(request)


async def until_gone(request: Request) -> None:
    """Until the client has had enough. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
