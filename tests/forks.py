"""Processes of ours that begin as copies of one that has imported everything.

To import it takes 0.7 s of a processor, and the tests start some two hundred processes. All that comes after the
imports is the same; `tests/bot/test_main.py` and `make soak` start them as an owner does.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NoReturn

POSSIBLE = sys.platform == "linux"  # on macOS a copy of a process that has used its libraries may crash
READ_AT_THE_START = ("PYTHON", "LD_")  # by the interpreter and the loader: a copy would not heed them
ROOT = Path(__file__).parents[1]
NUMBER = struct.Struct("i")
MOST = 1 << 17  # bytes of a request
IMPORTED = (
    "bot.__main__", "bot.app", "bot.audit", "bot.backup", "bot.callers", "bot.connections", "bot.copy", "bot.erase",
    "bot.export", "bot.heads", "bot.rekey", "bot.server", "bot.token", "storage.postgres", "storage.visit",
    "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "uvloop",
)  # fmt: skip


def possible(environment: Mapping[str, str]) -> bool:
    """Whether a copy would do as one that was started with this environment."""
    return POSSIBLE and not any(name.startswith(READ_AT_THE_START) for name in environment)


class Copy:
    """As much of an asyncio process as the tests ask of one."""

    def __init__(self, told: socket.socket) -> None:
        (self.pid,) = NUMBER.unpack(told.recv(NUMBER.size))
        self.returncode: int | None = None
        self._told = told
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(told, self._hear)

    def send_signal(self, sent: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, sent)

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def _hear(self) -> None:
        (status,) = NUMBER.unpack(self._told.recv(NUMBER.size))
        asyncio.get_running_loop().remove_reader(self._told)
        self._told.close()
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()


def start(program: Sequence[str], folder: Path, environment: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> Copy:
    """`program`: a module's name and its words."""
    return Copy(_asked(program, folder, environment, out, err))


def run(
    program: Sequence[str], folder: Path, environment: Mapping[str, str], *, timeout: float
) -> subprocess.CompletedProcess[str]:
    """The same, and to its end."""
    with TemporaryFile("w+b") as out, TemporaryFile("w+b") as err:
        with _asked(program, folder, environment, out, err) as told:
            told.settimeout(timeout)
            _, status = (NUMBER.unpack(told.recv(NUMBER.size))[0] for _ in range(2))
        return subprocess.CompletedProcess(program, os.waitstatus_to_exitcode(status), _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _asked(
    program: Sequence[str], folder: Path, environment: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> socket.socket:
    """Where its number and then its end are told."""
    here, there = socket.socketpair()
    request = json.dumps([str(folder), dict(environment), *program]).encode()
    with there:
        socket.send_fds(_original(), [request], [there.fileno(), out.fileno(), err.fileno()])
    return here


@cache
def _original() -> socket.socket:
    """It ends when this process does, and with it what hears it."""
    here, there = socket.socketpair(type=socket.SOCK_SEQPACKET)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # as its copies are
    with there:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(there.fileno())],
            cwd=ROOT, env=plain, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()],
        )  # fmt: skip

    def end() -> None:
        here.close()
        process.wait()

    atexit.register(end)
    return here


def main() -> NoReturn:
    for each in IMPORTED:
        import_module(each)
    del sys.modules["bot.__main__"]  # what it imports stays
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        folder, environment, words = _copied(asked)
    os.chdir(folder)
    sys.path[0] = folder
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    sys.exit()


def _copied(asked: socket.socket) -> tuple[str, dict[str, str], list[str]]:
    """Returns in each copy, with what it is to do."""
    while True:
        request, files, _, _ = socket.recv_fds(asked, MOST, 3)
        if not request:
            sys.exit()
        if os.fork() == 0:
            break
        for each in files:
            os.close(each)
    told, *streams = files
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        _wait(pid, told)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.close(told)
    for stream, number in zip(streams, (1, 2), strict=True):
        os.dup2(stream, number)
        os.close(stream)
    folder, environment, *words = json.loads(request)
    return folder, environment, words


def _wait(pid: int, told: int) -> NoReturn:
    os.write(told, NUMBER.pack(pid))
    _, status = os.waitpid(pid, 0)
    os.write(told, NUMBER.pack(status))
    os._exit(0)


if __name__ == "__main__":
    main()
