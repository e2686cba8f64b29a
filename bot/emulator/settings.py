"""The account's settings as JSON: told, and changed while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.emulator.profile import RETRIES, NotAnAddress, Profile, Shape, Stamps, address
from bot.emulator.submission import URL
from bot.vonage.signatures import Method

FASTEST = 1_000_000.0
LONGEST_DELAY = 24 * 3600.0
HIGHEST_RATE = 10_000
RICHEST = 1_000_000_000.0  # euros


class BadSetting(ValueError):
    """A setting that is none, or a value it cannot have. The text says what is expected."""


def told(profile: Profile) -> dict[str, object]:
    """Without secrets."""
    return {
        "webhooks": profile.webhooks,
        "inbound_url": profile.inbound_url,
        "receipt_url": profile.receipt_url,
        "signed": profile.signs_webhooks and profile.signature_secret is not None,
        "signature_method": profile.signature_method,
        "retries": next((name for name, rule in RETRIES.items() if rule == profile.retries), "custom"),
        "time_factor": profile.time_factor,
        "stamps": profile.stamps,
        "in_order": profile.in_order,
        "receipt_delay": profile.receipt_delay,
        "balance": float(profile.balance),
        "rate": profile.rate,
        "trial": profile.trial,
        "test_numbers": profile.test_numbers,
        "opt_out_assist": profile.opt_out_assist,
    }


def changed(profile: Profile, wanted: Mapping[str, object]) -> Profile:
    """All of it or nothing. Raises BadSetting."""
    if unknown := wanted.keys() - READ.keys():
        raise BadSetting(f"no such setting: {', '.join(sorted(unknown))}; there are {', '.join(READ)}")
    values = {READ[name][0]: READ[name][1](name, value) for name, value in wanted.items()}
    after = replace(profile, **values)
    if wanted.get("signed") and after.signature_secret is None:
        raise BadSetting("`signed` needs a secret: give `signature_secret` with it")
    return after


def _choice(*choices: str) -> Callable[[str, object], Any]:
    def read(name: str, value: object) -> str:
        if value not in choices:
            raise BadSetting(f"`{name}` is one of {', '.join(choices)}")
        return str(value)

    return read


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadSetting(f"`{name}` is true or false")
    return value


def _between(lowest: float, highest: float) -> Callable[[str, object], float]:
    def read(name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise BadSetting(f"`{name}` is a number between {lowest:g} and {highest:g}")
        return float(value)

    return read


def _rate(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= HIGHEST_RATE:
        raise BadSetting(f"`{name}` is a whole number of requests a second, or null for no limit")
    return value


def _money(name: str, value: object) -> Decimal:
    return Decimal(str(_between(0, RICHEST)(name, value)))


def _text(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise BadSetting(f"`{name}` is a text, or null")
    return value


def _url(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and URL.fullmatch(value)):
        raise BadSetting(f"`{name}` begins with http:// or https://, or is null")
    return value


def _numbers(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadSetting(f"`{name}` is a list of numbers")
    try:
        return tuple(address(str(each)) for each in value)
    except NotAnAddress as error:
        raise BadSetting(f"`{name}`: {error}") from error


# The name in JSON, the profile's field, and what reads the value.
READ: dict[str, tuple[str, Callable[[str, object], Any]]] = {
    "webhooks": ("webhooks", lambda name, value: Shape(_choice(*Shape)(name, value))),
    "inbound_url": ("inbound_url", _url),
    "receipt_url": ("receipt_url", _url),
    "signed": ("signs_webhooks", _switch),
    "signature_secret": ("signature_secret", _text),
    "signature_method": ("signature_method", lambda name, value: Method(_choice(*Method)(name, value))),
    "retries": ("retries", lambda name, value: RETRIES[_choice(*RETRIES)(name, value)]),
    "time_factor": ("time_factor", _between(0.001, FASTEST)),
    "stamps": ("stamps", lambda name, value: Stamps(_choice(*Stamps)(name, value))),
    "in_order": ("in_order", _switch),
    "receipt_delay": ("receipt_delay", _between(0, LONGEST_DELAY)),
    "balance": ("balance", _money),
    "rate": ("rate", _rate),
    "trial": ("trial", _switch),
    "test_numbers": ("test_numbers", _numbers),
    "opt_out_assist": ("opt_out_assist", _switch),
}
