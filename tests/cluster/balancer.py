"""A load balancer of the smallest kind: each connection goes to one of the processes that answer, by chance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random


@asynccontextmanager
async def balancer(port: int, ports: Sequence[int], chance: Random) -> AsyncIterator[None]:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            for chosen in chance.sample(ports, len(ports)):
                try:
                    theirs, to_them = await asyncio.open_connection("127.0.0.1", chosen)
                except OSError:
                    continue
                await asyncio.gather(_pump(reader, to_them), _pump(theirs, writer))
                break
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    with suppress(OSError):
        writer.close()
