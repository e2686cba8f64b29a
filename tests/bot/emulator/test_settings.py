"""The settings as JSON: what is told, what can be changed, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.emulator.profile import RETRIES, Profile, Retries, Shape, Stamps
from bot.emulator.settings import READ, BadSetting, changed, told
from bot.vonage.signatures import Method

CHANGES: dict[str, tuple[object, dict[str, object]]] = {
    "webhooks": ("GET", {"webhooks": Shape.GET}),
    "inbound_url": ("http://127.0.0.1:1/in", {"inbound_url": "http://127.0.0.1:1/in"}),
    "receipt_url": (None, {"receipt_url": None}),
    "signed": (False, {"signs_webhooks": False}),
    "signature_secret": ("shh", {"signature_secret": "shh"}),
    "signature_method": ("sha512", {"signature_method": Method.SHA512}),
    "retries": ("A", {"retries": RETRIES["A"]}),
    "time_factor": (60, {"time_factor": 60.0}),
    "stamps": ("renewed", {"stamps": Stamps.RENEWED}),
    "in_order": (False, {"in_order": False}),
    "receipt_delay": (2, {"receipt_delay": 2.0}),
    "balance": (0.5, {"balance": Decimal("0.5")}),
    "rate": (None, {"rate": None}),
    "trial": (True, {"trial": True}),
    "test_numbers": (["44 7700 900101"], {"test_numbers": ("+447700900101",)}),
    "opt_out_assist": (True, {"opt_out_assist": True}),
}


@pytest.mark.parametrize("name", READ)
def test_each_setting_changes_its_field_and_nothing_else(name: str) -> None:
    wanted, fields = CHANGES[name]
    assert changed(Profile(), {name: wanted}) == replace(Profile(), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(READ.keys() - {"signature_secret"}))
def test_what_was_changed_is_told(name: str) -> None:
    wanted, _ = CHANGES[name]
    shown = told(changed(Profile(), {name: wanted}))[name]
    assert shown == (("+447700900101",) if name == "test_numbers" else wanted)


def test_no_secret_is_told() -> None:
    shown = told(Profile(key="abcd1234", secret="top-secret", signature_secret="top-secret"))
    assert shown["signed"] is True
    assert "top-secret" not in str(shown)


def test_retries_of_ones_own_are_told_as_such() -> None:
    assert told(Profile(retries=Retries(first=0.1)))["retries"] == "custom"


@pytest.mark.parametrize(
    "wanted",
    [
        {"colour": "red"},
        {"webhooks": "PUT"},
        {"webhooks": ["GET"]},
        {"signature_method": "rot13"},
        {"signed": "yes"},
        {"signed": True},
        {"retries": "custom"},
        {"time_factor": 0},
        {"time_factor": float("nan")},
        {"time_factor": True},
        {"receipt_delay": -1},
        {"receipt_delay": "soon"},
        {"rate": 0},
        {"rate": 1.5},
        {"rate": True},
        {"inbound_url": " "},
        {"inbound_url": 5},
        {"receipt_url": "127.0.0.1:3000/receipts"},
        {"test_numbers": "+447700900101"},
        {"test_numbers": ["?"]},
        {"trial": True, "stamps": "wet"},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(wanted: dict[str, object]) -> None:
    with pytest.raises(BadSetting, match=list(wanted)[-1]):
        changed(Profile(), wanted)


def test_it_can_be_signed_once_there_is_a_secret() -> None:
    after = changed(Profile(), {"signed": True, "signature_secret": "shh"})
    assert told(after)["signed"] is True
