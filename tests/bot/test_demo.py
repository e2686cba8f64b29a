"""The demo as people run it: one command, two processes, nothing read from the user's settings and nothing left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bot.demo import ADMIN, ALICE, BOB, LINES, SUGGESTIONS, Plan
from bot.settings import read_settings
from commands.gsm import segments
from storage.number import Number
from tests.emulation import Emulated

PLAN = Plan(port=3000, folder=Path("/nowhere"), key="abcd1234", secret="s" * 20, token="t" * 32)
THEIRS = {
    "VONAGE_API_KEY": "real-key",
    "VONAGE_SIGNATURE_SECRET": "real-secret",
    "VONAGE_API_SECRET_FILE": "/real/secret",
    "ADMIN_NUMBERS": "+447700900999",
    "DATABASE_URL": "sqlite:////real.db",
    "API_TOKEN": "real-token-of-the-user",
    "PATH": "/bin",
}


def two_free_ports() -> int:
    """The first of them. Somebody could take them before we do, but nobody is so quick."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one, suppress(OSError, OverflowError):
            port = int(one.getsockname()[1])
            socket.create_server(("127.0.0.1", port + 1)).close()
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*")]


@asynccontextmanager
async def demo(folder: Path, port: int) -> AsyncIterator[Process]:
    """Started among somebody's own settings, with its temporary files in `folder`."""
    (folder / ".env").write_text("VONAGE_API_KEY=real-key\nSERVICE_NAME=Mine\n")
    environ = os.environ | THEIRS | {"PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    words = ("-m", "bot", "demo", "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=folder, env=environ, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def started(process: Process) -> str:
    assert process.stdout
    async with asyncio.timeout(30):
        return (await process.stdout.readuntil(b"nothing is kept.\n")).decode()


def test_nothing_of_the_users_settings_reaches_the_service() -> None:
    environ = PLAN.service_environment(THEIRS)
    assert "real" not in "".join(environ.values())
    assert environ["PATH"] == "/bin"


def test_the_demos_settings_are_good_ones() -> None:
    settings = read_settings(PLAN.service_environment({}), Path("no such file"))
    assert settings.vonage_rest_url == "http://127.0.0.1:3001"
    assert [line.e164() for line in settings.vonage_number] == list(LINES)
    assert not settings.allow_unsigned_webhooks


def test_the_demos_numbers_belong_to_nobody() -> None:
    for number in (*LINES, ADMIN, ALICE, BOB):
        assert Number.parse(number).e164().startswith("+447700900")


def test_each_suggestion_is_a_single_plain_text() -> None:
    assert [segments(text).count for _, text in SUGGESTIONS] == [1] * len(SUGGESTIONS)


async def test_one_command_and_two_people_can_text(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    port = two_free_ports()
    async with demo(tmp_path, port) as process:
        said = await started(process)
        assert f"http://127.0.0.1:{port + 1}/" in said
        phones = Emulated(f"http://127.0.0.1:{port + 1}", http)
        await phones.send(ADMIN, LINES[0], SUGGESTIONS[0][1])
        (introduction,) = await phones.received(ALICE, count=1)
        assert introduction.startswith("Private SMS")  # and not the name in the user's .env
        await phones.received(BOB, count=1)
        await phones.send(ALICE, LINES[0], "Is it you?")
        assert (await phones.received(BOB, count=2))[1] == "Is it you?"
        texts = await phones.received(BOB) + await phones.received(ALICE)
        assert not any(number[-6:] in text for text in texts for number in (ALICE, BOB))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_it_stops_both_when_told_to_and_leaves_nothing(tmp_path: Path, stop: signal.Signals) -> None:
    port = two_free_ports()
    async with demo(tmp_path, port) as process:
        await started(process)
        assert any(name.endswith("demo.db") for name in files_in(tmp_path))
        process.send_signal(stop)
        said, complained = await asyncio.wait_for(process.communicate(), 15)
    assert (process.returncode, complained) == (0, b"")
    assert b"Stopped" in said
    assert is_free(port)
    assert is_free(port + 1)
    assert files_in(tmp_path) == [".env"]


@pytest.mark.parametrize("which", [0, 1])
async def test_a_port_in_use_is_one_clear_line(tmp_path: Path, which: int) -> None:
    port = two_free_ports()
    with socket.create_server(("127.0.0.1", port + which)):
        async with demo(tmp_path, port) as process:
            said, complained = await asyncio.wait_for(process.communicate(), 15)
    assert (process.returncode, said) == (1, b"")
    assert len(complained.splitlines()) == 1
    assert f"port {port + which}" in complained.decode()
    assert "--port" in complained.decode()


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the children by /proc")
@pytest.mark.parametrize("which", ["emulator", "service"])
async def test_when_one_ends_the_other_is_stopped_and_it_says_so(tmp_path: Path, which: str) -> None:
    port = two_free_ports()
    async with demo(tmp_path, port) as process:
        await started(process)
        os.kill(child_of(process.pid, which), signal.SIGKILL)
        _, complained = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 1
    assert f"The {which} ended by itself" in complained.decode()
    assert is_free(port)
    assert is_free(port + 1)


def child_of(pid: int, which: str) -> int:
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    emulates = {child: "emulator" in Path(f"/proc/{child}/cmdline").read_text() for child in children}
    return next(child for child, emulator in emulates.items() if emulator is (which == "emulator"))
