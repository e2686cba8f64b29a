"""The options: each reaches the account, and what makes no sense is explained."""

from __future__ import annotations

import argparse
import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.emulator.faults import KINDS, MAGIC, Rule
from bot.emulator.options import PHONES, add_arguments, profile_of
from bot.emulator.profile import RETRIES, Phone, Profile, Shape, Stamps
from bot.emulator.settings import READ
from bot.emulator.statuses import STATUSES
from bot.vonage.signatures import Method

OPTION = re.compile(r"--[a-z][a-z-]*")


PARSER = argparse.ArgumentParser()
add_arguments(PARSER)
ACTIONS = PARSER._actions


def parsed(*words: str) -> argparse.Namespace:
    return PARSER.parse_args(words)


def test_without_options_it_takes_anybody_and_has_two_phones() -> None:
    assert profile_of(parsed()) == Profile(phones=PHONES)


def test_every_option_reaches_the_account() -> None:
    words = (
        "--key k --secret s --line +447700900001,447700900002 --line 15555550100 --rate 5 --trial --opt-out-assist"
        " --balance 2.5"
        " --test-number 447700900101 --inbound-url http://in --receipt-url http://out --webhook-method POST-JSON"
        " --signature-secret shh --signature-method sha256 --retries A --stamps renewed --unordered"
        " --receipt-delay 2.5 --time-factor 60 --phone Admin=+447700900100 --phone Alice=447700900101"
        " --fault close --fault slow,number=447700900101,probability=0.3,times=2 --seed 7"
    )
    assert profile_of(parsed(*words.split(), "--suggest", "447700900100=PAIR a = b")) == Profile(
        key="k",
        secret="s",
        lines=("+447700900001", "+447700900002", "+15555550100"),
        phones=(Phone("+447700900100", "Admin", ("PAIR a = b",)), Phone("+447700900101", "Alice")),
        inbound_url="http://in",
        receipt_url="http://out",
        webhooks=Shape.POST_JSON,
        signature_secret="shh",
        signature_method=Method.SHA256,
        rate=5,
        balance=Decimal("2.5"),
        trial=True,
        test_numbers=("+447700900101",),
        opt_out_assist=True,
        retries=RETRIES["A"],
        in_order=False,
        stamps=Stamps.RENEWED,
        receipt_delay=2.5,
        faults=(Rule(KINDS["close"]), Rule(KINDS["slow"], "+447700900101", 0.3, 2)),
        seed=7,
        time_factor=60,
    )


def test_a_rate_of_nought_is_none() -> None:
    assert profile_of(parsed("--rate", "0")).rate is None


@pytest.mark.parametrize(
    "words",
    [
        ("--line", "nobody at all"),
        ("--phone", "Alice"),
        ("--phone", "Alice=?"),
        ("--suggest", "=x"),
        ("--rate", "-1"),
        ("--rate", "many"),
        ("--time-factor", "0"),
        ("--receipt-delay", "soon"),
        ("--fault", "earthquake"),
        ("--fault", "close,times=0"),
        ("--fault", "close,times=often"),
        ("--fault", "close,probability=2"),
        ("--inbound-url", "127.0.0.1:3000/webhooks"),
        ("--receipt-url", "ftp://127.0.0.1/"),
        ("--fault", "close,number=?"),
        ("--fault", "close,colour=red"),
        ("--fault", "close,times"),
    ],
)
def test_an_option_that_makes_no_sense_is_explained(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(*words)
    assert "expected" in capsys.readouterr().err


GUIDE = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text("utf-8")


@pytest.mark.parametrize("option", [action.option_strings[0] for action in ACTIONS if action.dest != "help"])
def test_the_guide_names_every_option_and_what_holds_without_it(option: str) -> None:
    (row,) = [line for line in GUIDE.splitlines() if line.startswith("| `--") and f"`{option}" in line.split("|")[1]]
    (action,) = [action for action in ACTIONS if option in action.option_strings]
    if isinstance(action.default, str | int | Path) and not isinstance(action.default, bool):
        assert f"`{action.default}`" in row.split("|")[3]


def test_the_guide_names_no_option_that_there_is_not() -> None:
    named = {option for line in GUIDE.splitlines() if line.startswith("| `--") for option in OPTION.findall(line)}
    assert named == {option for action in ACTIONS for option in action.option_strings} - {"-h", "--help"}


@pytest.mark.parametrize("setting", READ)
def test_the_guide_names_every_setting(setting: str) -> None:
    section = GUIDE.partition("\n## Settings")[2].partition("\n## ")[0]
    assert re.search(rf"^\|[^|]*`{setting}`[^|]*\|", section, re.MULTILINE)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("status-")])
def test_the_guide_names_every_fault(kind: str) -> None:
    section = GUIDE.partition("\n## Faults")[2].partition("\n## ")[0]
    assert re.search(rf"^\|[^|]*`{kind}`[^|]*\|", section, re.MULTILINE)


def test_the_guide_names_every_status() -> None:
    (row,) = [line for line in GUIDE.splitlines() if line.startswith("| `status-1`")]
    ranges = re.findall(r"(\d+)(?: to (\d+))?", row.split(":")[1])
    named = {str(n) for first, last in ranges for n in range(int(first), int(last or first) + 1)}
    assert named == STATUSES.keys()


def test_the_guide_names_the_magic_numbers_and_no_others() -> None:
    named = dict(re.findall(r"(\+4477009009\d\d) \| `([\w-]+)`", GUIDE))
    assert named == MAGIC
