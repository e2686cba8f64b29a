"""What SECURITY.md and docs/asvs.md say is shown by a test is shown by a test that exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
DOCUMENTS = ("SECURITY.md", "docs/asvs.md")


def named(document: str) -> list[tuple[str, str]]:
    return sorted(set(NAMED.findall((ROOT / document).read_text("utf-8"))))


@cache
def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def exists(file: str, test: str) -> bool:
    return (ROOT / file).is_file() and (not test or test in names_in(ROOT / file))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_test_that_is_named_exists(document: str) -> None:
    assert named(document)
    assert [(file, test) for file, test in named(document) if not exists(file, test)] == []


def test_each_threat_names_its_test() -> None:
    rows = [line for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines() if line.startswith("|")]
    threats = [row for row in rows if not row.startswith(("| threat |", "|---"))]
    assert len(threats) > 30
    assert [row for row in threats if not NAMED.search(row)] == []


def test_every_chapter_of_the_standard_is_gone_through() -> None:
    text = (ROOT / "docs/asvs.md").read_text("utf-8")
    assert [chapter for chapter in range(1, 18) if f"| **V{chapter} " not in text] == []
