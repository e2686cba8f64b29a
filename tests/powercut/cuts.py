"""The power is cut at random moments of a run that was written down, and our own storage opens what is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from storage.engine import StorageError
from storage.sqlite import SQLite
from tests.powercut.disk import Disk
from tests.powercut.journal import Record, read
from tests.powercut.texting import DATABASE, MARKS

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
SHIM = Path(__file__).with_name("shim.c")
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - there the images need no disk to wait for
MADE_ANEW = ("-shm", ".lock", MARKS)  # an index in shared memory, the lock, and our marks: no crash needs them back


@dataclass(frozen=True, slots=True)
class Image:
    """A disk after a power cut, as our storage found it."""

    damage: str | None  # why it could not be opened
    lost: int = 0  # texts that had been acknowledged, and are gone
    forgotten: int = 0  # texts that had been handed to Vonage, and look as if they had not: they would be sent again

    @property
    def harmless(self) -> bool:
        return self.damage is None and not self.lost and not self.forgotten


@dataclass(frozen=True, slots=True)
class Outcome:
    records: int
    texts: int
    images: list[Image]

    @property
    def harmful(self) -> list[Image]:
        return [image for image in self.images if not image.harmless]

    def __str__(self) -> str:
        lost, forgotten = [image.lost for image in self.images], [image.forgotten for image in self.images]
        return (
            f"{len(self.images):,} cuts in {self.records:,} records of {self.texts:,} texts:"
            f" {sum(image.damage is not None for image in self.images):,} images damaged;"
            f" texts lost in {sum(map(bool, lost)):,}, at most {max(lost):,};"
            f" sends forgotten in {sum(map(bool, forgotten)):,}, at most {max(forgotten):,}"
        )


def compiled(folder: Path) -> Path:
    assert COMPILER is not None
    shim = folder / "shim.so"
    strict = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *strict, "-o", shim, SHIM, "-ldl", "-lpthread"], check=True)
    return shim


def written_down(shim: Path, folder: Path, *, texts: int, seed: int, synchronous: str | None = None) -> list[Record]:
    """A run of its own process on a new database, as it is or with less `synchronous`; `folder` holds what it left."""
    folder, journal = folder.resolve(), folder.with_name(f"{folder.name}.journal")
    watched = {"LD_PRELOAD": str(shim), "POWERCUT_FOLDER": str(folder), "POWERCUT_JOURNAL": str(journal)}
    planted = [] if synchronous is None else [synchronous]
    command = [sys.executable, "-m", "tests.powercut.texting", str(folder), str(texts), str(seed), *planted]
    subprocess.run(command, cwd=ROOT, env=os.environ | watched, check=True)
    return list(read(journal))


def cut(records: Sequence[Record], *, cuts: int, seed: int) -> Outcome:
    chance, disk, done, images = Random(seed), Disk(), 0, []
    promised: dict[str, set[str]] = {"in": set(), "out": set()}
    where = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="private-sms-cut-", dir=where) as folder, asyncio.Runner() as runner:
        for number, place in enumerate(_places(records, cuts, chance)):
            for record in records[done:place]:
                disk.do(record)
                _note(promised, record)
            done, path = place, Path(folder) / str(number)
            _lay_out(path, disk.after_a_cut(chance))
            images.append(runner.run(_examined(path / DATABASE, promised)))
            shutil.rmtree(path)
    return Outcome(len(records), sum(record.data.startswith(b"in ") for record in records), images)


def _places(records: Sequence[Record], cuts: int, chance: Random) -> list[int]:
    """In turn anywhere, right behind a mark, where a promise has just been given, and while a checkpoint is made."""
    anywhere = range(1, len(records) + 1)
    marked = [place for place in anywhere if records[place - 1].name == MARKS]
    checkpoint = [place for place in anywhere if records[place - 1].name == DATABASE]
    among = (anywhere, marked, checkpoint)
    return sorted(chance.choice(among[number % 3]) for number in range(cuts))


def _note(promised: dict[str, set[str]], record: Record) -> None:
    """The texts that were acknowledged (`in`), and the client-refs of those handed over (`out`)."""
    if record.name == MARKS:
        what, name = record.data.decode().split()
        promised[what].add(name)


def _lay_out(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, content in contents.items():
        if not name.endswith(MADE_ANEW):
            (folder / name).write_bytes(content)


async def _examined(path: Path, promised: dict[str, set[str]]) -> Image:
    try:
        taken, sent = await _remembered(path)
    except StorageError as error:
        return Image(str(error))
    return Image(None, len(promised["in"] - taken), len(promised["out"] - sent))


async def _remembered(path: Path) -> tuple[set[str], set[str]]:
    """The texts that were taken, and the client-refs of those that may have left."""
    engine = await SQLite.open(path)
    try:
        taken = await engine.reader.rows("SELECT cause FROM outbound WHERE cause IN (SELECT message_id FROM seen)")
        sent = await engine.reader.rows("SELECT client_ref FROM outbound WHERE state <> 'queued'")
    finally:
        await engine.close()
    return {cause for (cause,) in taken}, {client_ref for (client_ref,) in sent}
