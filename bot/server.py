"""uvicorn as we run it: one socket, an orderly stop, and no patience with requests that never come to an end."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any, Literal

import uvicorn
from starlette.applications import Starlette

from bot.connections import Connections
from bot.stop import end_at_once

GRACE = 10  # seconds for what is in flight when told to stop
BACKLOG = 2048
CONNECTIONS = 1000  # beyond these 503: Vonage tries again, and memory stays bounded
KEEP_ALIVE = 75  # longer than the proxies in front keep theirs, or they would write into a closed connection
# On every answer, uvicorn's own refusals too: no browser is to guess, keep or pass on anything of it.
HEADERS = [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")]
HEAD_BYTES = 80 * 1024  # where h11 reads the requests; elsewhere `bot.heads` counts


class CannotListen(Exception):
    """The address is taken, not ours, or not allowed."""


def listen(host: str, port: int) -> socket.socket:
    """Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0].lower()  # what follows says the address once more
        raise CannotListen(f"cannot listen on {host} port {port}: {reason}") from error


class Server(uvicorn.Server):
    """Says where it listens once it does; the lifespan's state is handed in, for `serve` runs the lifespan."""

    def __init__(self, config: uvicorn.Config, state: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._state = state

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            end_at_once()
        super().handle_exit(sig, frame)
        self._state.get("stop_taking", _nothing)()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state.update(self._state)
        await super().startup(sockets)
        for listener in sockets or ():
            print(f"Private SMS listens on {address(listener)}", flush=True)


def _nothing() -> None:
    pass


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Starlette, listener: socket.socket, connections: Connections | None = None) -> None:
    """Until SIGTERM or SIGINT. What the lifespan raises comes out as it is."""
    config = uvicorn.Config(
        app,
        http=_protocol(connections or Connections()),  # type: ignore[arg-type]  # it is called, and no more
        headers=HEADERS,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # its lines hold the query, and so the texts
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    # What is there now stays: looking through it again and again took a tenth of the time of a text.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    factory = config.get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(app, config, listener))


async def _serve(app: Starlette, config: uvicorn.Config, listener: socket.socket) -> None:
    # uvicorn would turn what the lifespan raises into a traceback in the log.
    async with app.router.lifespan_context(app) as state:
        await Server(config, state or {}).serve([listener])


def _protocol(connections: Connections) -> Callable[..., asyncio.Protocol] | Literal["h11"]:
    try:
        from bot.heads import Impatient
    except ImportError:  # no httptools on this machine, such as Windows
        return "h11"
    return partial(Impatient, connections_of=connections)
