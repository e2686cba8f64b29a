"""What a database must offer: transactions for the one writer, reads for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from storage.vault import Vault

Row = tuple[Any, ...]


class StorageError(Exception):
    """The database could not do what was asked."""


class Unavailable(StorageError):
    """The database cannot take anything just now: full disk, locked, gone. Nothing was changed; try again."""


class Taken(StorageError):
    """A unique index refused the row: somebody else was first."""


class Unusable(StorageError):
    """The database must not be used as it is: newer schema, damaged file, or held by another process."""


class Reading(Protocol):
    """Statements are SQL with `$1, $2 …`, written once for every engine."""

    each: str  # a table expression that unfolds $1, a JSON array, as rows of `each.value`

    @property
    def vault(self) -> Vault:
        """What makes the keyed hashes of numbers, and seals and opens them and the texts."""
        ...

    async def rows(self, sql: str, *values: object) -> list[Row]: ...

    async def row(self, sql: str, *values: object) -> Row | None: ...


class Transaction(Reading, Protocol):
    @property
    def wrote(self) -> bool:
        """Whether it has changed anything: only then does its commit show that the disk takes what it is given."""
        ...

    async def run(self, sql: str, *values: object) -> None: ...

    async def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        """One statement for each of `values`, in one hop to the database."""
        ...


class Engine(Protocol):
    async def start(self) -> None:
        """Open it, and bring its schema up to date. Raises Unusable."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits durably on leaving; an exception rolls everything back. One at a time: the writer's own."""
        ...

    @property
    def reader(self) -> Reading:
        """For pages and the API: sees what is committed, cannot write."""
        ...

    async def use_keys(self) -> bool:
        """Take up the vault's keys as they are now: whether they have changed. Raises Unusable when they do not fit."""
        ...

    async def purge(self) -> bool:
        """What was deleted leaves no trace in the files. False: not now, try again."""
        ...

    async def rewrite(self) -> None:
        """Not even in unused bytes of the files is anything of what was deleted, once `purge` is done after it.

        Takes its time, in which nothing else is written. Raises Unavailable: no room for it just now.
        """
        ...

    async def close(self) -> None: ...
