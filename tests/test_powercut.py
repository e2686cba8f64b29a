"""A power cut loses nothing that was acknowledged, and it would without `synchronous=FULL`."""

import os
import sys
from pathlib import Path
from random import Random

import pytest

from tests.powercut.cuts import COMPILER, compiled, cut, written_down
from tests.powercut.disk import SECTOR, Disk
from tests.powercut.journal import Kind, Record, read

NEWS = b"n" * 3 * SECTOR


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux" or COMPILER is None:
        message = "NOT TESTED: what a power cut leaves. It takes Linux and a C compiler (Debian: gcc and libc6-dev)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return compiled(tmp_path_factory.mktemp("shim"))


def run(shim: Path, tmp_path: Path, texts: int = 600, synchronous: str | None = None) -> list[Record]:
    folder = tmp_path / "run"
    folder.mkdir()
    return written_down(shim, folder, texts=texts, seed=1, synchronous=synchronous)


@pytest.mark.no_cover  # other tests cover it
def test_no_power_cut_loses_an_acknowledged_text_or_damages_the_database(shim: Path, tmp_path: Path) -> None:
    outcome = cut(run(shim, tmp_path), cuts=210, seed=1)
    assert outcome.harmful == [], outcome
    assert outcome.texts >= 600


@pytest.mark.no_cover  # other tests cover it
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_fewer_syncs_texts_would_be_lost(shim: Path, tmp_path: Path, synchronous: str) -> None:
    outcome = cut(run(shim, tmp_path, synchronous=synchronous), cuts=30, seed=1)
    assert [image for image in outcome.images if image.lost], "or the shim is blind"
    assert [image for image in outcome.images if image.forgotten]


def test_nothing_that_happens_to_the_files_escapes_the_shim(shim: Path, tmp_path: Path) -> None:
    disk = Disk()
    for record in run(shim, tmp_path, texts=100):
        disk.do(record)
    left = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert {name: bytes(file.now()) for name, file in disk.names.items()} == left
    assert "service.db" in left


def write(offset: int, data: bytes) -> Record:
    return Record(Kind.WRITE, "file", offset, data)


def on_disk(*more: Record) -> Disk:
    """One file of old news, surely there, and what happened since."""
    disk = Disk()
    old = write(0, b"o" * len(NEWS))
    for record in (old, Record(Kind.SYNC, "file", 0, b""), Record(Kind.SYNC, "", 0, b""), *more):
        disk.do(record)
    return disk


def possible(disk: Disk) -> set[bytes | None]:
    """What may be in the file after a cut."""
    return {disk.after_a_cut(Random(seed)).get("file") for seed in range(300)}


def test_what_was_synced_is_there_after_every_cut() -> None:
    assert possible(on_disk()) == {b"o" * len(NEWS)}
    assert possible(on_disk(write(0, NEWS), Record(Kind.SYNC, "file", 0, b""))) == {NEWS}


def test_of_what_was_not_synced_any_sectors_may_be_missing() -> None:
    left = possible(on_disk(write(0, NEWS)))
    sectors = [bytes([one]) * SECTOR + bytes([two]) * SECTOR + bytes([three]) * SECTOR
               for one in b"on" for two in b"on" for three in b"on"]  # fmt: skip
    assert left == set(sectors)


def test_a_later_write_may_be_there_without_the_earlier_one() -> None:
    assert b"o" * SECTOR + b"n" * SECTOR in {
        (content or b"")[: 2 * SECTOR]
        for content in possible(on_disk(write(0, b"n" * SECTOR), write(SECTOR, b"n" * SECTOR)))
    }


def test_a_name_is_sure_only_once_its_folder_was_synced() -> None:
    gone = Record(Kind.UNLINK, "file", 0, b"")
    assert possible(on_disk(gone)) == {None, b"o" * len(NEWS)}
    assert possible(on_disk(gone, Record(Kind.SYNC, "", 0, b""))) == {None}


def test_a_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"w 8192 3 a b\n\n\x00\ns 0 0 \nu 0 0 a b\n")
    assert list(read(tmp_path / "journal")) == [
        Record(Kind.WRITE, "a b", 8192, b"\n\x00\n"),
        Record(Kind.SYNC, "", 0, b""),
        Record(Kind.UNLINK, "a b", 0, b""),
    ]
