"""`python -m bot emulator`: the options, and serving until told to stop."""

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
from bot.emulator.profile import NotAnAddress, Phone, Profile, Shape, address
from bot.server import CannotListen, listen
from bot.server import address as url_of
from bot.vonage.signatures import Method

PHONES = (Phone("+447700900101", "Alice"), Phone("+447700900102", "Bob"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where it listens (default: %(default)s)")
    parser.add_argument("--port", type=int, default=3001, help="0 takes any that is free (default: %(default)s)")
    parser.add_argument("--inbound-url", metavar="URL", help="where a text from a phone goes")
    parser.add_argument("--receipt-url", metavar="URL", help="where delivery receipts go")
    parser.add_argument("--key", help="the account's API key (default: any is taken)")
    parser.add_argument("--secret", help="the account's API secret (default: any is taken)")
    parser.add_argument(
        "--line",
        metavar="NUMBER",
        action="extend",
        type=_numbers,
        default=[],
        help="a virtual number of the account; repeat it, or use commas (default: any number is one)",
    )
    parser.add_argument(
        "--phone",
        metavar="NAME=NUMBER",
        action="append",
        type=_phone,
        default=[],
        help="a phone that is on the page from the start (default: Alice's and Bob's)",
    )
    parser.add_argument(
        "--suggest",
        metavar="NUMBER=TEXT",
        action="append",
        type=_suggestion,
        default=[],
        help="a text which one click on that phone sends",
    )
    parser.add_argument(
        "--webhook-method",
        type=Shape,
        choices=list(Shape),
        default=Shape.POST,
        metavar="{" + ",".join(Shape) + "}",
        help="how webhooks are sent (default: %(default)s)",
    )
    parser.add_argument("--tls", action="store_true", help="https, for clients that speak nothing else")
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        type=Path,
        default=Path("emulator-ca.pem"),
        help="with --tls: where the authority to be trusted is written (default: %(default)s)",
    )
    parser.add_argument("--signature-secret", metavar="SECRET", help="sign webhooks with it (default: unsigned)")
    parser.add_argument(
        "--signature-method",
        type=Method,
        choices=list(Method),
        default=Method.MD5HASH,
        metavar="{" + ",".join(Method) + "}",
        help="(default: %(default)s)",
    )


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


def profile_of(arguments: argparse.Namespace) -> Profile:
    return Profile(
        key=arguments.key,
        secret=arguments.secret,
        lines=tuple(dict.fromkeys(arguments.line)),
        phones=_phones(arguments.phone, arguments.suggest),
        inbound_url=arguments.inbound_url,
        receipt_url=arguments.receipt_url,
        webhooks=arguments.webhook_method,
        signature_secret=arguments.signature_secret,
        signature_method=arguments.signature_method,
    )


def _phones(named: list[tuple[str, str]], suggested: list[tuple[str, str]]) -> tuple[Phone, ...]:
    if not named:
        return PHONES
    return tuple(
        Phone(number, name, tuple(text for whose, text in suggested if whose == number)) for name, number in named
    )


def _numbers(text: str) -> list[str]:
    return [_address(each) for each in text.split(",") if each.strip()]


def _address(text: str) -> str:
    try:
        return address(text)
    except NotAnAddress as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error


def _phone(text: str) -> tuple[str, str]:
    name, number = _pair(text)
    return (name, _address(number))


def _suggestion(text: str) -> tuple[str, str]:
    number, suggested = _pair(text)
    return (_address(number), suggested)


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left.strip() and equals and right.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected two parts with = between them")
    return (left.strip(), right.strip())


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
