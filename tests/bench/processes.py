"""The processes of the benchmark: started, watched through /proc, asked over loopback, and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from tests.bench.population import ADMIN, LINES, TOKEN

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds until something that should have happened is given up
ASKED_EVERY = 0.05  # seconds: when a text arrived the provider knows, and to be asked takes time from what is measured
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Started:
    """A process that says on its first line where it listens."""

    process: subprocess.Popen[str]
    port: int
    seconds: float  # from its start to its first answer

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text("ascii"))
        assert found is not None
        return int(found[1]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """Of all its threads, in user space and in the kernel."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float  # seconds of the clock all processes share
    line: str
    recipient: str
    words: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the provider has taken, as its process tells."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, count: int) -> list[Arrival]:
        """All that arrived since it was last asked, once it is so many, or once nothing more comes."""
        until, before = time.monotonic() + PATIENCE, 0
        while (came := int(_get(self.port, "/count"))) < count and time.monotonic() < until:
            if came > before:
                until, before = time.monotonic() + PATIENCE, came
            time.sleep(ASKED_EVERY)
        return [_arrival(line) for line in _get(self.port, "/taken").splitlines()]

    def bar(self) -> None:
        """From now on the account is barred: nothing is taken, and the service sends no more."""
        _get(self.port, "/barred")

    def unbar(self) -> None:
        _get(self.port, "/open")


@contextmanager
def provider(folder: Path) -> Iterator[Ledger]:
    with own("provider", folder, "/count") as running:
        yield Ledger(running.port)


@contextmanager
def service(folder: Path, ledger: Ledger, database: Mapping[str, str] | None = None) -> Iterator[Started]:
    """`python -m bot` as an owner starts it, without limits of pace; `database`: its settings, or the file there."""
    environment = {
        "PATH": os.environ["PATH"],
        "VONAGE_API_KEY": "abcd1234",
        "VONAGE_API_SECRET": "a-secret-for-the-benchmark",
        "VONAGE_NUMBER": ",".join(LINES),
        "ADMIN_NUMBERS": ADMIN,
        "WEBHOOK_TOKEN": TOKEN,
        "VONAGE_REST_URL": ledger.url,
        "VONAGE_API_URL": ledger.url,
        "DATABASE_URL": f"sqlite:///{folder / 'service.db'}",
        "PORT": "0",
        "ACCOUNT_RATE": "0",
        "LINE_RATE": "0",
        "SENDER_LIMIT": "0",
        "LOG_LEVEL": "INFO",
    } | dict(database or {})
    command = [sys.executable, "-m", "bot"]
    with _started(command, cwd=folder, environment=environment, log=folder / "service.log", path="/livez") as running:
        yield running


@contextmanager
def own(module: str, folder: Path, path: str, *arguments: str) -> Iterator[Started]:
    """A module of the benchmark as a process of its own."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    with _started(command, cwd=ROOT, environment=os.environ, log=folder / f"{module}.log", path=path) as running:
        yield running


def told_by(module: str, *arguments: str) -> str:
    """What a module of the benchmark prints, run as a process of its own."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout


@contextmanager
def _started(
    command: list[str], *, cwd: Path, environment: Mapping[str, str], log: Path, path: str
) -> Iterator[Started]:
    begun = time.perf_counter()
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    try:
        port = _port(process, log)
        _get(port, path)
        yield Started(process, port, time.perf_counter() - begun)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stdout is not None
    said = process.stdout.readline()
    if (found := re.search(r"http://127\.0\.0\.1:(\d+)", said)) is None:
        raise RuntimeError(f"it did not start: {said}{log.read_text('utf-8')}")
    return int(found[1])


def _get(port: int, path: str) -> str:
    with LOOPBACK.open(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def _arrival(line: str) -> Arrival:
    at, _, form = line.partition("\t")
    fields = {key: values[0] for key, values in parse_qs(form, keep_blank_values=True).items()}
    return Arrival(int(at) / 1e9, fields["from"], fields["to"], fields["text"])
