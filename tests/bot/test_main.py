"""The command line as a process: what it lists, how it starts, what stops the start."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from bot.server import listen
from tests.process import run

COMMANDS = ("demo", "emulator", "check", "token", "audit")
SETTINGS = {
    "VONAGE_API_KEY": "abcd1234",
    "VONAGE_API_SECRET": "made-up-secret",
    "VONAGE_NUMBER": "447700900001",
    "ADMIN_NUMBERS": "447700900002",
    "WEBHOOK_TOKEN": "0123456789abcdef",
    "VONAGE_REST_URL": "http://127.0.0.1:9",
    "PORT": "0",
}


def environ(changes: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **SETTINGS, **changes}


def bot(*words: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, cwd=cwd, env=environ(changes), capture_output=True, text=True, timeout=30)


@contextmanager
def service(cwd: Path, **changes: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-m", "bot"]
    with subprocess.Popen(command, cwd=cwd, env=environ(changes), stdout=-1, stderr=-1, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"Private SMS listens on (http://\S+)\n", line)
            assert found, (line, process.communicate(timeout=10))
            yield process, found[1]
        finally:
            process.kill()


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = bot("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(re.search(rf"^ +{command} ", done.stdout, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_own_help(command: str, tmp_path: Path) -> None:
    done = run(["bot", command, "--help"], tmp_path, environ({}))
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python -m bot {command}")


@pytest.mark.parametrize("words", [["serve"], ["--port=1"]])
def test_what_is_no_command_is_refused(words: list[str], tmp_path: Path) -> None:
    done = bot(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "usage: python -m bot" in done.stderr


def test_wrong_settings_are_told_a_line_each_with_status_2(tmp_path: Path) -> None:
    done = bot(cwd=tmp_path, PORT="x", WEBHOOK_TOKEN="canary")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["WEBHOOK_TOKEN", "PORT"]
    assert "canary" not in done.stderr


def test_it_says_where_it_listens_and_answers_there(tmp_path: Path) -> None:
    with service(tmp_path) as (_, url), urlopen(f"{url}/livez", timeout=5) as answer:  # noqa: S310
        assert answer.status == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_cleanly(how: signal.Signals, tmp_path: Path) -> None:
    with service(tmp_path) as (process, _):
        process.send_signal(how)
        _, errors = process.communicate(timeout=15)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_the_settings_may_lie_in_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///from-the-file.db\n")
    with service(tmp_path):
        assert (tmp_path / "from-the-file.db").exists()


def test_a_port_in_use_is_one_line_and_status_1(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        done = bot(cwd=tmp_path, PORT=str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"Private SMS cannot start: cannot listen on 127.0.0.1 port \d+: address already in use\n", done.stderr
    )


def test_a_database_in_use_is_one_line_and_status_1(tmp_path: Path) -> None:
    with service(tmp_path) as (process, _):
        done = bot(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"Private SMS cannot start: another process \({process.pid}\) .+\n", done.stderr)


def test_a_database_of_a_newer_version_is_one_line_and_status_1(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "private-sms.db")) as database:
        database.execute("PRAGMA user_version = 999")
    done = bot(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Private SMS cannot start: the database has schema 999.+\n", done.stderr)


def test_a_likely_typing_error_is_warned_of(tmp_path: Path) -> None:
    with service(tmp_path, CHAT_TTLS="7d") as (process, _):
        process.terminate()
        _, errors = process.communicate(timeout=15)
    assert 'WARNING main unknown setting hint="CHAT_TTLS is no setting; did you mean CHAT_TTL?"' in errors
