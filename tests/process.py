"""The real process, started as an owner starts it: `python -m bot` with an environment, a SQLite file and a port."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests import forks
from tests.people import ADMIN, LINE, OTHER_LINE

TOKEN = "a-webhook-token-for-tests"
API_TOKEN = "an-api-token-for-tests"
PATIENCE = 50  # seconds


def free_port() -> int:
    """One that the system gives nobody who asks for any: the service comes back to it after a restart."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`python -m` with these words, to its end."""
    if forks.possible(environment):
        return forks.run(words, folder, environment, timeout=PATIENCE)
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@dataclass
class Service:
    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    running: Process | forks.Copy | None = None
    program: tuple[str, ...] = ("bot",)
    as_owners_do: bool = False  # its imports and all

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def webhook(self, event: str) -> str:
        return f"{self.url}/webhooks/{event}/{TOKEN}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "VONAGE_API_KEY": "abcd1234",
            "VONAGE_API_SECRET": "a-secret-for-tests",
            "VONAGE_NUMBER": f"{LINE.digits()},{OTHER_LINE.digits()}",
            "ADMIN_NUMBERS": ADMIN.e164(),
            "WEBHOOK_TOKEN": TOKEN,
            "API_TOKEN": API_TOKEN,
            "DATABASE_URL": f"sqlite:///{self.folder / 'service.db'}",
            "PORT": str(self.port),
            "LOG_LEVEL": "DEBUG",
        } | self.settings

    async def start(self, *words: str) -> None:
        """Returns once it answers."""
        await self.launch(*words)
        await self.answers()

    async def launch(self, *words: str) -> None:
        """Returns at once, whatever becomes of it."""
        with (self.folder / "service.log").open("ab") as log:
            if forks.possible(self.environment) and not self.as_owners_do:
                self.running = forks.start([*self.program, *words], self.folder, self.environment, log, log)
            else:
                self.running = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", *self.program, *words, cwd=self.folder, env=self.environment,
                    stdin=DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip

    async def answers(self) -> None:
        """Waits until it does."""
        assert self.running is not None
        async with aiohttp.ClientSession() as http:
            while self.running.returncode is None:
                try:
                    async with http.get(f"{self.url}/livez") as answer:
                        assert answer.status == 200
                        return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        raise AssertionError(f"it did not start:\n{self.log}")

    async def command(self, *words: str) -> tuple[int | None, str, str]:
        """`python -m bot` with these words, beside it: exit status, what it said, what it complained of."""
        done = await asyncio.to_thread(run, ["bot", *words], self.folder, self.environment)
        return done.returncode, done.stdout, done.stderr

    async def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status."""
        assert self.running is not None
        if self.running.returncode is None:
            self.running.send_signal(sent)
        return await self.running.wait()

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text("utf-8")
