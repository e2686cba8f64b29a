"""What a database must offer: transactions for the one writer, reads for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class Conflict(StorageError):
    """Another process's transaction was in the way. Nothing was changed; the same may be done again at once."""


class NotAlone(StorageError):
    """What was about to be done asks for a transaction beside which there is no other. Nothing was changed."""


class Unusable(StorageError):
    """The database must not be used as it is: newer schema, damaged file, or held by another process."""


class InDoubt(Unavailable):
    """The connection was lost while it committed: whether anything was changed is not known."""


class Reading(Protocol):
    """Statements are SQL with `$1, $2 …`, written once for every engine."""

    each: str  # a table expression that unfolds $1, a JSON array of texts, as rows of `each.value`
    each_row: str  # the same for an array of arrays: `each.value ->> 0`

    @property
    def vault(self) -> Vault:
        """What makes the keyed hashes of numbers, and seals and opens them and the texts."""
        ...

    async def rows(self, sql: str, *values: object) -> list[Row]: ...

    async def row(self, sql: str, *values: object) -> Row | None: ...


class Transaction(Reading, Protocol):
    """Of those that are not alone, each locks what it decides by (storage/locks.py): others write at the same time."""

    alone: bool  # nobody else writes until its end
    unlocked: str  # behind a SELECT from `text`: locks what it finds, and passes over what another has locked
    shared: bool  # it is a database to which several processes may write

    @property
    def wrote(self) -> bool:
        """Whether it has changed anything: only then does its commit show that the disk takes what it is given."""
        ...

    async def run(self, sql: str, *values: object) -> None: ...

    async def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        """One statement for each of `values`, in one hop to the database."""
        ...

    async def lock(self, sql: str, *values: object) -> list[Row]:
        """Rows that nobody else changes until the end; nothing where no other writes at the same time anyway."""
        ...


class Aside(Protocol):
    """What processes that share a database tell each other through it: no part of any transaction of theirs."""

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """One statement, committed by itself."""
        ...

    async def tell(self, said: str) -> None:
        """To whoever listens just now."""
        ...

    async def listen(self, heard: Callable[[str], None]) -> None:
        """For as long as it can; where nothing can be heard, for ever."""
        ...


class Engine(Protocol):
    @property
    def aside(self) -> Aside | None:
        """None: no other process uses this database."""
        ...

    async def start(self) -> None:
        """Open it, and bring its schema up to date. Raises Unusable."""
        ...

    def transaction(self, *, alone: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """Commits durably on leaving; an exception rolls everything back. One at a time: the writer's own.

        `alone`: nor does another process write meanwhile. Whoever changes who is in touch with whom needs that.
        Raises Conflict, where it was not alone, and Unavailable.
        """
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


def must_be_alone(tx: Transaction) -> None:
    """Raises NotAlone: the writer does the same again, alone."""
    if not tx.alone:
        raise NotAlone
