"""The emulator as a process of its own: a provider that outlives every crash of the service."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.emulation import Emulated


@asynccontextmanager
async def provider(folder: Path, *options: str) -> AsyncIterator[Emulated]:
    with (folder / "provider.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "emulator", "--port", "0", *options, cwd=folder,
            stdin=DEVNULL, stdout=PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        said = (await process.stdout.readuntil(b"/sms/json")).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said
        # Not as long as the emulator keeps an idle connection, or a text would now and then meet one just being closed.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)
        async with aiohttp.ClientSession(connector=connector) as http:
            yield Emulated(found[0], http)
    finally:
        process.kill()
        await process.wait()
