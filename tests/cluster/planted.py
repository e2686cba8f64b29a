"""`python -m tests.cluster.planted NAME`: the service with a fault that the judge of a cluster has to find."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bot.__main__ import main
from bot.ownership import Leased
from storage import leases, outbox
from storage.engine import Transaction
from storage.number import Number


def naive_claim() -> None:
    """SKIP LOCKED over all that waits, by every process: what queues on PostgreSQL mostly do."""
    _everybody_sends_everywhere()
    outbox.CLAIM = outbox.CLAIM.replace(outbox.DUE, "not_before <= $2").replace("ORDER BY ready_at, id", "ORDER BY id")
    outbox.ENQUEUE = outbox.ENQUEUE.replace("THEN NULL WHEN", "THEN $12 WHEN")


def _everybody_sends_everywhere() -> None:
    async def fenced(tx: Transaction, owner: str, lines: Sequence[Number]) -> list[Number]:
        return list(lines)

    async def claimable(self: Leased, tx: Transaction) -> Sequence[Number]:
        return self._lines

    leases.fenced = fenced
    Leased.claimable = claimable  # type: ignore[method-assign]
    Leased.holds = lambda self, line: True  # type: ignore[method-assign]


PLANTED: dict[str, Callable[[], None]] = {each.__name__: each for each in (naive_claim,)}


if __name__ == "__main__":
    PLANTED[sys.argv.pop(1)]()
    sys.exit(main())
