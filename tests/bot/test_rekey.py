"""`rotate-key` from the command line, beside a service that runs, and where the keys are a setting."""

from __future__ import annotations

import subprocess
from pathlib import Path

from storage import keys
from storage.keys import KeyFile, new
from tests.bot.test_main import environ
from tests.process import run


def rotate_key(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    settings = environ({"DATABASE_URL": f"sqlite:///{folder / 'sms.db'}", **changes})
    return run(["bot", "rotate-key"], folder, settings)


def test_the_file_has_another_key_and_it_is_shown_nowhere(tmp_path: Path) -> None:
    file = KeyFile.beside(tmp_path / "sms.db")
    file.load(may_make=True)
    done = rotate_key(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Copy the file" in done.stdout
    held = keys.keys_in(file.path.read_text())
    assert len(held) == 2
    assert not any(key in done.stdout + done.stderr for key in held)


def test_without_a_file_nothing_is_made(tmp_path: Path) -> None:
    done = rotate_key(tmp_path)
    assert done.returncode == 1
    assert "The key was not changed" in done.stderr
    assert "is missing" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_of_a_setting_the_new_value_is_all_that_is_printed(tmp_path: Path) -> None:
    older = new()
    done = rotate_key(tmp_path, DATA_KEY=older)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{older},")
    assert len(keys.parse(done.stdout)) == 2
    assert "restart" in done.stderr


def test_with_postgresql_all_processes_are_to_take_it_together(tmp_path: Path) -> None:
    done = rotate_key(tmp_path, DATABASE_URL="postgresql://h/sms", DATA_KEY=new())
    assert done.returncode == 0, done.stderr
    assert "stop all processes, set it to this on every machine, and start them" in done.stderr
    assert len(keys.parse(done.stdout)) == 2


def test_wrong_settings_are_told(tmp_path: Path) -> None:
    done = rotate_key(tmp_path, DATA_KEY="short")
    assert done.returncode == 2
    assert "DATA_KEY is set (not shown): key 1 is not 32 bytes in base64" in done.stderr
