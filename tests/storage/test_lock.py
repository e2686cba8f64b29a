import os
from pathlib import Path

import pytest

from storage.engine import Unusable
from storage.lock import FileLock, is_held


def test_a_lock_names_its_holder_and_is_free_after_release(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    lock = FileLock.take(path)
    with pytest.raises(Unusable, match=rf"another process \({os.getpid()}\)"):
        FileLock.take(path)
    lock.release()
    FileLock.take(path).release()


def test_a_lock_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot write beside"):
        FileLock.take(tmp_path / "nowhere" / "a.lock")


def test_whether_it_is_held_can_be_asked_without_leaving_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_held(path)
    assert not path.exists()
    lock = FileLock.take(path)
    assert is_held(path)
    lock.release()
    assert not is_held(path)
