"""A finding is one line, whose first word says how grave it is."""

from __future__ import annotations

from bot.findings import Verdict, ok, problem, warning


def test_a_finding_is_one_line_that_begins_with_its_verdict() -> None:
    assert str(ok("database", "is whole")) == "ok       database  is whole"
    assert str(problem("keys", "are missing")) == "problem  keys      are missing"
    assert warning("disk", "is nearly full").verdict is Verdict.WARNING
