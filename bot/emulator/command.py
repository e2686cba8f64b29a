"""`python -m bot emulator`: serving until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import uvicorn

from bot.emulator.app import create_emulator
from bot.emulator.certificate import certificate
from bot.emulator.hangup import Tangible
from bot.emulator.options import add_arguments, profile_of
from bot.emulator.profile import Profile
from bot.server import CannotListen, listen
from bot.server import address as url_of

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    with ExitStack() as stack:
        try:
            listener = stack.enter_context(listen(arguments.host, arguments.port))
            pem = stack.enter_context(certificate(arguments.host, arguments.ca_file)) if arguments.tls else None
        except (CannotListen, OSError) as error:
            print(f"The emulator cannot start: {error}", file=sys.stderr)
            return 1
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, _stop)
        print(_banner(arguments, listener), flush=True)
        asyncio.run(serve(profile_of(arguments), listener, pem))
    return 0


async def serve(profile: Profile, listener: socket.socket, pem: Path | None = None) -> None:
    """Until told to stop; over TLS if `pem` names a file with key and certificate."""
    config = uvicorn.Config(
        create_emulator(profile),
        http=Tangible,
        access_log=False,  # the addresses it would hold are numbers
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=1,  # an open page must not keep a stopping server alive
        ssl_certfile=pem,
    )
    await uvicorn.Server(config).serve(sockets=[listener])


def _stop(signum: int, frame: FrameType | None) -> None:
    # uvicorn stops in good order, then raises the signal again: it must not read as a crash.
    raise SystemExit(0)


def _banner(arguments: argparse.Namespace, listener: socket.socket) -> str:
    here = url_of(listener)
    if arguments.tls:
        here = here.replace("http", "https", 1)
    trust = [f"  to be trusted {arguments.ca_file} (REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS)"] if arguments.tls else []
    return "\n".join(
        [
            "A Vonage emulator: no text leaves this machine.",
            f"  phones page   {here}/",
            f"  SMS API       {here}/sms/json ({'with its key and secret' if arguments.key else 'any key and secret'})",
            f"  inbound to    {arguments.inbound_url or '(nowhere: give --inbound-url)'}",
            f"  receipts to   {arguments.receipt_url or '(nowhere: give --receipt-url)'}",
            *trust,
        ]
    )
