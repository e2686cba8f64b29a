"""What is found of a SQLite file is judged. Of the file itself: tests/bot/test_check.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.check_sqlite import database
from storage.survey import Survey

WORKS = Survey(exists=True, writable=True, in_use=False, schema=1, known=1, damage=None, free_bytes=10**10)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "ok"),
        ({"schema": 0}, "ok"),
        ({"writable": False}, "problem"),
        ({"schema": None, "damage": "file is not a database"}, "problem"),
        ({"damage": "row missing from index"}, "problem"),
        ({"free_bytes": 10**6}, "problem"),
        ({"free_bytes": 10**8}, "warning"),
    ],
)
def test_what_is_found_of_the_database_is_judged(found: dict[str, Any], expected: str) -> None:
    verdicts = {each.verdict for each in database(Path("sms.db"), replace(WORKS, **found)) if each.about != "sqlite"}
    assert verdicts - {"ok"} == {expected} - {"ok"}
