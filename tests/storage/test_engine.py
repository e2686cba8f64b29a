from pathlib import Path

from storage.engine import Engine, StorageError, Taken, Unavailable, Unusable
from storage.sqlite import SQLite


def test_an_engine_keeps_the_protocol(tmp_path: Path) -> None:
    engine: Engine = SQLite(tmp_path / "a.db")  # the type checker's test: it fails there, not here
    assert engine is not None


def test_every_error_of_storage_is_one_a_caller_can_catch() -> None:
    assert all(issubclass(each, StorageError) for each in (Unavailable, Taken, Unusable))
