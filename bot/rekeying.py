"""Another key for the vault, while the service runs: noticed, taken up, and what older keys sealed is sealed anew."""

from __future__ import annotations

import logging

from bot.logs import event
from bot.writer import Writer
from storage import resealing
from storage.engine import Engine, Transaction, Unusable
from storage.resealing import Place

log = logging.getLogger("private_sms.rekeying")

BATCHES = 4  # in one look, each a transaction of its own: texts go between


class Rekeying:
    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._place: Place | None = None
        self._started = False

    async def look(self) -> None:
        """Once a second. What an earlier run has left is done from the beginning."""
        if await self._has_changed() or not self._started:
            self._started = True
            self._place = Place() if await resealing.is_due(self._engine.reader) else None
        for _ in range(BATCHES):
            if self._place is None:
                return
            self._place = await self._writer.do(self._go_on)
            if self._place is None:
                log.info(event("all is sealed with the newest key"))

    async def _has_changed(self) -> bool:
        try:
            changed = await self._engine.use_keys()
        except Unusable as error:  # goes on with the keys it has, and says so until they are mended
            log.error(event("keys not taken up", why=error))
            return False
        if changed:
            log.info(event("another key seals from now on"))
        return changed

    async def _go_on(self, tx: Transaction) -> Place | None:
        assert self._place is not None
        place = await resealing.reseal(tx, self._place)
        if place is None:
            await resealing.finish(tx)
        return place
