"""A copy of a process that has imported everything does as one that was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import forks
from tests.process import Service

pytestmark = pytest.mark.skipif(not forks.POSSIBLE, reason="copies are made on Linux only")

ENVIRONMENT = {"PATH": os.environ["PATH"], "ITS_OWN": "1"}
LOOKS = """
import atexit, os, signal, sys
atexit.register(print, "at its end")
print(__name__, sys.argv[1:], os.getcwd(), sorted({*os.environ} - {'LC_CTYPE'}), signal.getsignal(signal.SIGINT))
print(sorted(int(each) for each in os.listdir("/proc/self/fd"))[:-1])
print("complains", file=sys.stderr)
"""


def program(folder: Path, text: str) -> Path:
    (folder / "program.py").write_text(text, "utf-8")
    return folder


def started(words: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("end", ["", "sys.exit(7)", "sys.exit('a word')", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_it_sees_says_and_ends_as_one_that_was_started(end: str, tmp_path: Path) -> None:
    words, folder = ["program", "with", "words"], program(tmp_path, LOOKS + end)
    copy, other = forks.run(words, folder, ENVIRONMENT, timeout=30), started(words, folder, ENVIRONMENT)
    assert (copy.returncode, copy.stdout, copy.stderr) == (other.returncode, other.stdout, other.stderr)


def test_what_goes_wrong_in_it_is_its_own_end(tmp_path: Path) -> None:
    done = forks.run(["program"], program(tmp_path, "raise ValueError('of its own')"), ENVIRONMENT, timeout=30)
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: of its own\n")
    assert (
        forks.run(["program"], program(tmp_path, "print('the next')"), ENVIRONMENT, timeout=30).stdout == "the next\n"
    )


@pytest.mark.parametrize(("name", "copied"), [("PYTHONPATH", False), ("LD_PRELOAD", False), ("PORT", True)])
async def test_what_an_interpreter_reads_as_it_begins_is_heeded(name: str, copied: bool, tmp_path: Path) -> None:
    service = Service(tmp_path, settings={"VONAGE_REST_URL": "http://127.0.0.1:9"})
    service.settings[name] = str(service.port) if name == "PORT" else ""
    await service.launch()
    assert isinstance(service.running, forks.Copy) == copied
    await service.end(signal.SIGKILL)


async def test_it_is_killed_and_its_end_is_seen_though_nobody_waits(tmp_path: Path) -> None:
    service = Service(tmp_path, settings={"VONAGE_REST_URL": "http://127.0.0.1:9"})
    await service.start()
    assert isinstance(service.running, forks.Copy)
    service.running.send_signal(signal.SIGKILL)
    assert await service.running.wait() == -signal.SIGKILL
    service.running.send_signal(signal.SIGKILL)  # its number may be another's by now


def test_copies_have_chances_of_their_own(tmp_path: Path) -> None:
    folder = program(tmp_path, "import random; print(random.random())")
    assert len({forks.run(["program"], folder, ENVIRONMENT, timeout=30).stdout for _ in range(3)}) == 3
