"""What errors of the server and of its driver become."""

from __future__ import annotations

import asyncpg
import pytest

from storage.engine import Conflict, StorageError, Taken, Unavailable
from storage.translation import translated


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (asyncpg.UniqueViolationError("duplicate"), Taken),
        (asyncpg.DeadlockDetectedError("deadlock"), Conflict),
        (asyncpg.DiskFullError("no space"), Unavailable),
        (asyncpg.TooManyConnectionsError("too many"), Unavailable),
        (asyncpg.InvalidPasswordError("password"), Unavailable),
        (ConnectionRefusedError("refused"), Unavailable),
        (TimeoutError(), Unavailable),
        (asyncpg.InterfaceError("closed"), Unavailable),
        (asyncpg.TargetServerAttributeNotMatched("none"), Unavailable),
        (asyncpg.ClientConfigurationError("`sslmode` must be"), StorageError),
        (asyncpg.UndefinedTableError("no such table"), StorageError),
        (asyncpg.DataError("value"), StorageError),
    ],
)
def test_each_error_becomes_one_that_a_caller_can_act_on(error: Exception, ours: type[Exception]) -> None:
    with pytest.raises(StorageError) as caught, translated():
        raise error
    assert type(caught.value) is ours
    assert caught.value.__suppress_context__


def test_details_are_not_passed_on_for_they_show_values() -> None:
    with pytest.raises(StorageError, match=r"^duplicate key$"), translated():
        raise asyncpg.UniqueViolationError("duplicate key\nDETAIL: Key (label)=(canary) exists")
