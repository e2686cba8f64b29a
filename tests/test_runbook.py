"""What docs/runbook.md says to type can be typed: shells and the program itself read it."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, _tool
from bot.settings import SECRETS, Settings
from commands.table import TABLE

pytestmark = pytest.mark.no_cover  # it reads files, and runs none of them

ROOT = Path(__file__).parents[1]
DOCUMENTS = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("runbook.md", "scale.md")}
RUNBOOK = DOCUMENTS["runbook.md"]
OF_OTHERS = {"POSTGRES_PASSWORD", "MOST_UNDER_WAY"}  # an image's, and a constant's
in_each_document = pytest.mark.parametrize("name", DOCUMENTS)


def blocks() -> list[str]:
    """Those for a shell: what is to stand in a file begins with its section."""
    found = re.findall(r"(?ms)^```\n(.*?)^```$", RUNBOOK)
    return [each for each in found if not each.startswith("[")]


def commands() -> Iterator[list[str]]:
    """What follows `python -m bot`, or the runbook's own short name for it."""
    for block in blocks():
        for line in block.splitlines():
            if found := re.search(r"(?:-m bot|^sms|run --rm sms1) ((?!\").+?)(?: [>|].*|\)?)$", line):
                yield shlex.split(re.sub(r" > .*$", "", found[1]))


def anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("block", blocks())
def test_a_shell_can_read_each_block(block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_program_knows_each_command_that_is_to_be_typed() -> None:
    typed = list(commands())
    assert len(typed) > 8
    for name, *words in typed:
        if name == "--after-restore":
            continue
        assert name in COMMANDS
        parser = argparse.ArgumentParser(exit_on_error=False)
        _tool(name).add_arguments(parser)
        parser.parse_args(words)


@in_each_document
def test_each_name_in_capitals_is_a_setting_or_somebody_elses(name: str) -> None:
    settings = {each.upper() for each in Settings.model_fields}
    known = settings | {f"{each}_FILE" for each in SECRETS} | OF_OTHERS
    assert set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", DOCUMENTS[name])) - known == set()


def test_each_text_command_that_is_named_is_one() -> None:
    verbs = {verb for command in TABLE for verb in command.verbs}
    named = set(re.findall(r"`(FAILED|RESEND|DISMISS|LIST|STATUS|BLOCK)\b", RUNBOOK))
    assert named <= verbs
    assert len(named) == 6


@in_each_document
def test_each_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", DOCUMENTS[name]):
        file, _, place = target.partition("#")
        path = ROOT / "docs" / (file or name)
        assert path.exists(), target
        if place:
            titles = re.findall(r"(?m)^#+ (.*)$", path.read_text("utf-8"))
            assert place in map(anchor, titles), target


@in_each_document
def test_each_file_of_ours_that_is_named_exists(name: str) -> None:
    named = re.findall(r"\b((?:bot|storage|tests|commands|deploy)/[\w/.]+?\.(?:py|yaml|service))", DOCUMENTS[name])
    assert [each for each in named if not (ROOT / each).exists()] == []
