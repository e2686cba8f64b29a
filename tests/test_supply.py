"""Dependencies are pinned, tracked files hold no secret, and a check that could not be made does not pass for one."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests import supply
from tests.supply import FLAWS, NOT_ASKED, secrets_in, tracked, unpinned

pytestmark = pytest.mark.no_cover  # it reads files, and runs none of them


def test_everything_an_installation_for_development_brings_is_pinned() -> None:
    assert unpinned() == []


def test_a_dependency_that_is_not_pinned_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pins = supply.PINS.read_text("utf-8").splitlines()
    monkeypatch.setattr(supply, "PINS", tmp_path / "constraints.txt")
    supply.PINS.write_text("\n".join(pin for pin in pins if not pin.startswith(("yarl==", "multidict=="))))
    assert [each.split()[0] for each in unpinned()] == ["multidict", "yarl"]


def test_no_tracked_file_holds_a_secret() -> None:
    assert list(secrets_in(tracked())) == []


# In pieces, or they would be found in here.
SECRETS = [
    "token = '" + "psms_" + "aB3-" * 10 + "xyz'",
    "key = '" + "AKIA" + "Q4ZXW7RT2LMNPK5J'",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "url = 'https://user:" + "hunter2secret" + "@example.org/'",
    f"sig = '{hashlib.sha256(b'made up').hexdigest()[:32]}'",
    f"key = read('{hashlib.sha256(b'made up').hexdigest()[:32]}')",
]


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_is_found_and_not_repeated(line: str, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(f"first = 1\n{line}\n")
    found = list(secrets_in([tmp_path / "settings.py"]))
    assert found
    assert all(each.startswith("settings.py:2 ") and line[10:20] not in each for each in found)


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ("", NOT_ASKED, "WERE NOT LOOKED UP"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "0 known flaws"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}', FLAWS, "a 1: CVE-1"),
    ],
)
def test_what_could_not_be_asked_is_no_clean_result(
    said: str, status: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supply, "tracked", list)
    monkeypatch.setattr(supply, "BOTH", supply.DEVELOPMENT)  # the other need not be installed here
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, said, ""))
    assert supply.main() == status
    assert told in capsys.readouterr().out
