"""What PostgreSQL's errors and its driver's mean, in types of ours; none of them shows a value it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from storage.engine import Conflict, StorageError, Taken, Unavailable

# Faults of the machine or of the moment: the same may succeed later.
PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # the other server is the one to write to now
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError,
    OSError,
    asyncio.TimeoutError,
)
CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


@contextmanager
def translated() -> Iterator[None]:
    # `from None`, and of a message its first line only: the details of an error show the values it was about.
    try:
        yield
    except asyncpg.DataError as error:
        raise StorageError(f"a value that does not fit ({type(error).__name__})") from None
    except asyncpg.UniqueViolationError as error:
        raise Taken(_said(error)) from None
    except CONFLICTS as error:
        raise Conflict(_said(error)) from None
    except PASSING as error:
        raise Unavailable(_said(error)) from None
    except asyncpg.PostgresError as error:
        raise StorageError(_said(error)) from None
    except asyncpg.TargetServerAttributeNotMatched:
        raise Unavailable("none of the servers takes writes: only standbys answer") from None
    except asyncpg.ClientConfigurationError as error:  # of what is in the address, no secret is shown by it
        raise StorageError(f"the address of the database: {_said(error)}") from None
    # The second is what asyncpg says when a connection ends between two of its own steps.
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Unavailable(f"the connection is gone ({type(error).__name__})") from None


def _said(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
