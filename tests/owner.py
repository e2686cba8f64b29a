"""Settings as an owner writes them: what is needed, and what is told when something is wrong. All of it is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import BadSettings, Settings, read_settings
from storage.number import Number

NOWHERE = Path("no-such.env")
LINE, ADMIN = Number("+447700900001"), Number("+447700900002")
GOOD = {
    "VONAGE_API_KEY": "abcd1234",
    "VONAGE_API_SECRET": "made-up-secret",
    "VONAGE_NUMBER": LINE.e164(),
    "ADMIN_NUMBERS": ADMIN.e164(),
    "WEBHOOK_TOKEN": "0123456789abcdef",
}


def read(**changes: str) -> Settings:
    return read_settings(GOOD | changes, NOWHERE)


def faults(**changes: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        read(**changes)
    return caught.value.faults


def fault(**changes: str) -> str:
    (only,) = faults(**changes)
    return only
