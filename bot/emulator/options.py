"""The options of `python -m bot emulator`, and the account they describe."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.emulator.faults import FIRST_SEED, KINDS, Rule
from bot.emulator.profile import RETRIES, NotAnAddress, Phone, Profile, Shape, Stamps, address
from bot.emulator.settings import READ
from bot.vonage.signatures import Method

PHONES = (Phone("+447700900101", "Alice"), Phone("+447700900102", "Bob"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_place(parser.add_argument_group("where it is"))
    _add_account(parser.add_argument_group("the account"))
    _add_webhooks(parser.add_argument_group("webhooks"))
    _add_phones(parser.add_argument_group("phones"))
    _add_trouble(parser.add_argument_group("trouble"))


def _add_place(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--host", default="127.0.0.1", help="where it listens (default: %(default)s)")
    group.add_argument("--port", type=int, default=3001, help="0 takes any that is free (default: %(default)s)")
    group.add_argument("--tls", action="store_true", help="https, for clients that speak nothing else")
    group.add_argument(
        "--ca-file",
        metavar="FILE",
        type=Path,
        default=Path("emulator-ca.pem"),
        help="with --tls: where the authority to be trusted is written (default: %(default)s)",
    )


def _add_account(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--key", help="the API key (default: any is taken)")
    group.add_argument("--secret", help="the API secret (default: any is taken)")
    group.add_argument(
        "--line",
        metavar="NUMBER",
        action="extend",
        type=_numbers,
        default=[],
        help="a virtual number of the account; repeat it, or use commas (default: any number is one)",
    )
    group.add_argument(
        "--rate", type=_setting("rate", lambda text: int(text) or None), default=30, metavar="N",
        help="requests a second, 0 for no limit (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--balance", type=_setting("balance", float), default=Decimal(1000), metavar="EUROS",
        help="the credit it starts with; a text takes 0.0412 (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--trial", action="store_true", help="a trial account: it may text its test numbers only")
    group.add_argument(
        "--test-number", metavar="NUMBER", action="extend", type=_numbers, default=[],
        help="whom a trial account may text; repeat it, or use commas (default: the first phone)",
    )  # fmt: skip
    group.add_argument("--opt-out-assist", action="store_true", help="Vonage itself answers STOP, and blocks")


def _add_webhooks(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--inbound-url", metavar="URL", type=_url("inbound_url"), help="where a text from a phone goes")
    group.add_argument("--receipt-url", metavar="URL", type=_url("receipt_url"), help="where delivery receipts go")
    _add_choice(group, "--webhook-method", Shape, Shape.POST, "how they are sent")
    group.add_argument("--signature-secret", metavar="SECRET", help="sign them with it (default: unsigned)")
    _add_choice(group, "--signature-method", Method, Method.MD5HASH, "how they are signed")
    _add_choice(group, "--retries", RETRIES, "B", "A: every 60 s, whatever was answered; B: 5 s doubling, 429 and 5xx")
    _add_choice(group, "--stamps", Stamps, Stamps.FROZEN, "whether what comes again is stamped and signed anew")
    group.add_argument("--unordered", action="store_true", help="a person's texts go out side by side, in no order")
    group.add_argument(
        "--receipt-delay", metavar="SECONDS", type=_setting("receipt_delay", float), default=0.0,
        help="between a text and its receipt (default: %(default)g)",
    )  # fmt: skip
    group.add_argument(
        "--time-factor", metavar="N", type=_setting("time_factor", float), default=1.0,
        help="every wait of the emulator is so many times shorter (default: %(default)g)",
    )  # fmt: skip


def _add_phones(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--phone",
        metavar="NAME=NUMBER",
        action="append",
        type=_phone,
        default=[],
        help="a phone that is on the page from the start (default: Alice's and Bob's)",
    )
    group.add_argument(
        "--suggest",
        metavar="NUMBER=TEXT",
        action="append",
        type=_suggestion,
        default=[],
        help="a text which one click on that phone sends",
    )


def _add_trouble(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--fault",
        metavar="KIND[,number=NUMBER][,probability=P][,times=N]",
        action="append",
        type=_fault,
        default=[],
        help="a fault that is switched on from the start; repeat it (the kinds: GET /faults)",
    )
    group.add_argument(
        "--seed", type=int, default=FIRST_SEED, help="another seed, other faults by chance (default: %(default)s)"
    )


def _add_choice(group: argparse._ArgumentGroup, name: str, choices: Iterable[str], otherwise: str, says: str) -> None:
    names = list(choices)
    shown = "{" + ",".join(names) + "}"
    group.add_argument(name, choices=names, default=otherwise, metavar=shown, help=f"{says} (default: {otherwise})")


def profile_of(arguments: argparse.Namespace) -> Profile:
    return Profile(
        key=arguments.key,
        secret=arguments.secret,
        lines=tuple(dict.fromkeys(arguments.line)),
        phones=_phones(arguments.phone, arguments.suggest),
        inbound_url=arguments.inbound_url,
        receipt_url=arguments.receipt_url,
        webhooks=Shape(arguments.webhook_method),
        signature_secret=arguments.signature_secret,
        signature_method=Method(arguments.signature_method),
        balance=arguments.balance,
        rate=arguments.rate,
        trial=arguments.trial,
        test_numbers=tuple(arguments.test_number),
        opt_out_assist=arguments.opt_out_assist,
        retries=RETRIES[arguments.retries],
        in_order=not arguments.unordered,
        stamps=Stamps(arguments.stamps),
        receipt_delay=arguments.receipt_delay,
        time_factor=arguments.time_factor,
        faults=tuple(arguments.fault),
        seed=arguments.seed,
    )


def _phones(named: list[tuple[str, str]], suggested: list[tuple[str, str]]) -> tuple[Phone, ...]:
    if not named:
        return PHONES
    return tuple(
        Phone(number, name, tuple(text for whose, text in suggested if whose == number)) for name, number in named
    )


def _url(name: str) -> Callable[[str], Any]:
    return _setting(name, str, "an address")


def _setting(name: str, convert: Callable[[str], object], expected: str = "a number") -> Callable[[str], Any]:
    """Read as the REST interface reads the setting of that name."""

    def read(text: str) -> Any:
        try:
            return READ[name][1](name, convert(text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: expected {expected}; {error}") from error

    return read


def _fault(text: str) -> Rule:
    kind, *details = text.split(",")
    if kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{kind!r}: expected one of {', '.join(KINDS)}")
    told = dict(_pair(detail) for detail in details)
    if unknown := told.keys() - {"number", "probability", "times"}:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: expected number, probability or times")
    number = _address(told["number"]) if "number" in told else None
    try:
        probability, times = float(told.get("probability", "1")), int(told["times"]) if "times" in told else None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected numbers for probability and times") from error
    if not 0 <= probability <= 1 or (times is not None and times < 1):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a probability between 0 and 1, and times from 1 up")
    return Rule(KINDS[kind], number, probability, times)


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
