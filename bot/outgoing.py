"""The only door out: texts are put into the outbox with a client-ref each, and delivery is woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from storage import outbox
from storage.engine import Transaction
from storage.model import Millis, Outbound
from storage.number import Number


class Outgoing:
    def __init__(self, new_ref: Callable[[], str]) -> None:
        self._new_ref = new_ref
        self.wake = asyncio.Event()
        self.noted: Callable[[list[Number]], None] = lambda lines: None  # on which lines something leaves

    async def enqueue(self, tx: Transaction, texts: Sequence[Outbound], now: Millis) -> None:
        if texts:
            await outbox.enqueue(tx, [(text, self._new_ref()) for text in texts], now)
            # Before the commit, yet in time: what delivery does about it is written after this transaction.
            self.wake.set()
            self.noted([text.line for text in texts])
