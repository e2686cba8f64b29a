"""The webhooks with which a text from a phone sets out: one for each part, unless something is to go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.emulator.account import Account
from bot.emulator.courier import Webhook
from bot.emulator.faults import About

SLOW = 5.0  # seconds
LOST = 1  # which part is missing, counted from 0


def departures(account: Account, url: str, phone: str, line: str, parts: Sequence[dict[str, str]]) -> list[Webhook]:
    fault = account.faults.strike(About.WEBHOOK, phone, len(parts))
    webhooks = [Webhook("inbound", url, part, turn=f"{phone} {line}", fault=fault) for part in parts]
    match fault:
        case "webhook-duplicate":  # at once, so that a service which looks first and writes then takes both
            return [replace(each, turn=None) for each in webhooks for _ in range(2)]
        case "webhook-reordered":
            return webhooks[::-1]
        case "webhook-no-concat":
            return [replace(each, parameters=_without_concat(each.parameters)) for each in webhooks]
        case "webhook-missing-part":
            return webhooks[:LOST] + webhooks[LOST + 1 :]
        case "webhook-slow":
            return [replace(each, after=SLOW) for each in webhooks]
        case _:
            return webhooks


def _without_concat(parameters: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in parameters.items() if not key.startswith("concat")}
