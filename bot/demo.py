"""`python -m bot demo`: the service beside the emulator, on a fresh database, without an account or a setting."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bot.server import CannotListen, listen
from bot.settings import SECRETS, Settings

HOST = "127.0.0.1"
# Numbers that the regulator keeps for films: they belong to nobody.
LINES = ("+447700900000", "+447700900009")
ADMIN, ALICE, BOB = "+447700900100", "+447700900001", "+447700900002"
PHONES = {"Admin": ADMIN, "Alice": ALICE, "Bob": BOB}
SUGGESTIONS = (
    (ADMIN, f"PAIR {ALICE} {BOB}"),
    (ADMIN, "LIST"),
    (ADMIN, "END"),
    (ALICE, "Hi, it's Alice. Are you on your way?"),
    (BOB, "Yes, five minutes away!"),
)
START_PATIENCE = 30.0  # seconds: a small board with a slow card takes a while
STOP_PATIENCE = 10.0
CHECKOUT = Path(__file__).resolve().parent.parent


class Trouble(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Two ports, and credentials that are good for this run only."""

    port: int
    folder: Path
    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def service_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def emulator_url(self) -> str:
        return f"http://{HOST}:{self.port + 1}"

    def service_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The demo's settings and none of the user's: a real account must not be texted from here."""
        ours = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
        return {name: value for name, value in environ.items() if name.upper() not in ours} | {
            "VONAGE_API_KEY": self.key,
            "VONAGE_API_SECRET": self.secret,
            "VONAGE_NUMBER": ",".join(LINES),
            "VONAGE_REST_URL": self.emulator_url,
            "VONAGE_API_URL": self.emulator_url,
            "WEBHOOK_TOKEN": self.token,
            "ADMIN_NUMBERS": ADMIN,
            "DATABASE_URL": f"sqlite:///{self.folder / 'demo.db'}",
            "HOST": HOST,
            "PORT": str(self.port),
            "PUBLIC_URL": self.service_url,
            "LOG_LEVEL": "WARNING",
        }

    def emulator_options(self) -> list[str]:
        return [
            f"--port={self.port + 1}",
            f"--inbound-url={self.service_url}/webhooks/inbound-sms/{self.token}",
            f"--receipt-url={self.service_url}/webhooks/delivery-receipt/{self.token}",
            f"--key={self.key}",
            f"--secret={self.secret}",
            f"--line={','.join(LINES)}",
            *(f"--phone={name}={number}" for name, number in PHONES.items()),
            *(f"--suggest={number}={text}" for number, text in SUGGESTIONS),
        ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=3000, help="the service's; the phones are on the next one (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="private-sms-demo-") as folder:
        plan = Plan(
            port=arguments.port,
            folder=Path(folder),
            key=secrets.token_hex(4),
            secret=secrets.token_urlsafe(16),
            token=secrets.token_urlsafe(24),
        )
        try:
            check_ports(plan.port, plan.port + 1)
            asyncio.run(play_until_told(plan))
        except Trouble as trouble:
            print(trouble, file=sys.stderr)
            return 1
    print("\nStopped. Nothing is kept.", flush=True)
    return 0


def check_ports(*ports: int) -> None:
    for port in ports:
        try:
            listen(HOST, port).close()
        except (CannotListen, OverflowError) as error:
            needed = " and ".join(map(str, ports))
            raise Trouble(f"The demo needs the ports {needed}, but {error}. Choose others with --port.") from error


async def play_until_told(plan: Plan) -> None:
    """Until Ctrl-C or SIGTERM. Raises Trouble."""
    playing = asyncio.ensure_future(play(plan))
    for each in (signal.SIGINT, signal.SIGTERM):
        # Not as an exception: that would come up wherever the loop is just then.
        asyncio.get_running_loop().add_signal_handler(each, playing.cancel)
    with suppress(asyncio.CancelledError):
        await playing


async def play(plan: Plan) -> None:
    """Until it is cancelled, or one of the two ends by itself."""
    environ = plan.service_environment(os.environ)
    # From the temporary folder no `.env` is found; so the code must be found from there too.
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), environ.get("PYTHONPATH")]))
    async with (
        child(plan, environ, "emulator", *plan.emulator_options()) as emulator,
        child(plan, environ) as service,
    ):
        await asyncio.gather(show(plan), ended(emulator, "emulator"), ended(service, "service"))


@asynccontextmanager
async def child(plan: Plan, environ: Mapping[str, str], *words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        cwd=plan.folder,
        env=environ,
        stdin=DEVNULL,
        stdout=DEVNULL,
        start_new_session=True,  # Ctrl-C comes to us alone, and we stop them in order
    )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_PATIENCE)
    finally:  # when told to stop a second time, too
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: Process, name: str) -> None:
    status = await process.wait()
    raise Trouble(f"The {name} ended by itself (exit status {status}), so the demo is over.")


async def show(plan: Plan) -> None:
    """Say where the phones are, once both answer."""
    async with aiohttp.ClientSession() as session:
        try:
            async with asyncio.timeout(START_PATIENCE):
                await answers(session, f"{plan.service_url}/readyz")
                await answers(session, f"{plan.emulator_url}/")
        except TimeoutError as error:
            raise Trouble(f"The demo did not start within {START_PATIENCE:g} s.") from error
    print(banner(plan), flush=True)


async def answers(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        with suppress(aiohttp.ClientError):
            async with session.get(url) as response:
                if response.status == 200:
                    return
        await asyncio.sleep(0.05)


def banner(plan: Plan) -> str:
    return "\n".join(
        [
            "",
            f"  Private SMS is running. Open the phones:  {plan.emulator_url}/",
            "",
            "  Press Enter on the Admin's phone: Alice and Bob can then text each other",
            "  without learning each other's number. No text leaves this machine.",
            "",
            "  Ctrl-C stops it; nothing is kept.",
            "",
        ]
    )
