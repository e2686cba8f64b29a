"""The emulator as a process of its own: a provider that outlives every crash of the service."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import aiohttp

from bot.emulator.command import serve
from bot.emulator.profile import RETRIES, Profile
from bot.server import address, listen
from tests.emulation import Emulated
from tests.people import LINE, OTHER_LINE

ROOT = Path(__file__).parents[2]
RETRY_EVERY = 0.5  # seconds; Vonage's own rule is a minute
BALANCE = Decimal(10**9)  # the usual thousand euros are gone after some 24,000 texts, and a soak takes more


@asynccontextmanager
async def provider(folder: Path, inbound_url: str, receipt_url: str, seed: int) -> AsyncIterator[Emulated]:
    with (folder / "provider.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.crash.provider", inbound_url, receipt_url, str(seed), cwd=ROOT,
            stdin=DEVNULL, stdout=PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        url = (await process.stdout.readuntil(b"\n")).decode().strip()
        # Not as long as the emulator keeps an idle connection, or a text would now and then meet one just being closed.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)
        async with aiohttp.ClientSession(connector=connector) as http:
            yield Emulated(url, http)
    finally:
        process.kill()
        await process.wait()


def main(inbound_url: str, receipt_url: str, seed: str) -> None:
    retries = RETRIES["A"]
    profile = Profile(
        lines=(LINE.e164(), OTHER_LINE.e164()),
        inbound_url=inbound_url,
        receipt_url=receipt_url,
        balance=BALANCE,
        rate=None,
        retries=retries,
        time_factor=retries.first / RETRY_EVERY,
        seed=int(seed),
    )
    with listen("127.0.0.1", 0) as listener:
        print(address(listener), flush=True)
        asyncio.run(serve(profile, listener))


if __name__ == "__main__":
    main(*sys.argv[1:])
