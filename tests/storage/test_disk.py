"""Small files beside the database: private, whole, and never in the place of another."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from storage import disk


def test_a_file_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    disk.write_new(tmp_path / "new", "Schlüssel\n")
    assert (tmp_path / "new").read_text("utf-8") == "Schlüssel\n"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("mine")
    with pytest.raises(FileExistsError):
        disk.write_new(tmp_path / "old", "yours")
    assert (tmp_path / "old").read_text() == "mine"


def test_file_and_folder_are_brought_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    disk.write_new(tmp_path / "new", "x")
    disk.settle(tmp_path)
    assert synced == [(tmp_path / "new").stat().st_ino, tmp_path.stat().st_ino]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.settle(tmp_path / "nowhere")
