"""Webhooks on their way to the service: each at least once, again until it is acknowledged, and now and then after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from bot.proxy import Proxy
from storage.model import Inbound, Millis, Receipt
from tests.simulator.run import Place, Run
from tests.simulator.timeline import Timeline
from tests.simulator.weather import SECOND, Mail

PATIENCE = 15 * SECOND  # Vonage's own, for one webhook


@dataclass(slots=True, eq=False)
class Parcel:
    item: Inbound | Receipt
    handed_at: Millis | None = None
    taken_at: Millis | None = None  # the service returned from taking it: from then on it has promised
    acknowledged: bool = False  # and Vonage knows
    tries: int = 0

    @property
    def name(self) -> str:
        status = f" {self.item.status}" if isinstance(self.item, Receipt) else ""
        return f"{self.item.message_id}{status}"


class Carrier:
    def __init__(self, timeline: Timeline, rng: Random, mail: Mail, note: Callable[[str], None]) -> None:
        self.parcels: list[Parcel] = []
        self.met: Counter[str] = Counter()
        self.on_the_way = 0
        self._open_to: tuple[Run, Proxy] | None = None
        self._under_way: list[Parcel] = []
        self._timeline = timeline
        self._rng = rng
        self._mail = mail
        self._note = note

    def post(self, item: Inbound | Receipt, wait: Millis) -> Parcel:
        parcel = Parcel(item)
        self.parcels.append(parcel)
        self._hand_after(wait, parcel)
        return parcel

    def serve(self, run: Run, proxy: Proxy) -> None:
        self._open_to = (run, proxy)

    def lost(self) -> None:
        """The process is gone: whatever it had not answered is tried again."""
        self._open_to = None
        under_way, self._under_way = self._under_way, []
        for parcel in under_way:
            self._again(parcel)

    def _hand_after(self, wait: Millis, parcel: Parcel) -> None:
        self.on_the_way += 1
        self._timeline.after(wait, lambda: self._hand(parcel))

    def _hand(self, parcel: Parcel) -> None:
        self.on_the_way -= 1
        if self._open_to is None or not self._open_to[0].open:
            self._again(parcel)
            return
        run, proxy = self._open_to
        parcel.tries += 1
        if parcel.handed_at is None:
            parcel.handed_at = self._timeline.now
        self._under_way.append(parcel)
        tries = parcel.tries
        self._timeline.after(PATIENCE, lambda: self._lose_patience(parcel, tries))
        run.loop.create_task(self._request(run, proxy, parcel))

    async def _request(self, run: Run, proxy: Proxy, parcel: Parcel) -> None:
        run.requests += 1
        try:
            await self._give(proxy, parcel.item)
        except Exception as error:
            self._note(f"{parcel.name} not taken: {type(error).__name__}")
            self._done(parcel, again=True)
        else:
            if run.passes(Place.ACKNOWLEDGED):
                self._taken(parcel)
        finally:
            run.requests -= 1

    async def _give(self, proxy: Proxy, item: Inbound | Receipt) -> None:
        now = self._timeline.now
        if isinstance(item, Inbound):
            await proxy.handover.take(replace(item, received_at=now))
        else:
            await proxy.handover.note(replace(item, received_at=now))

    def _taken(self, parcel: Parcel) -> None:
        if parcel.taken_at is None:
            parcel.taken_at = self._timeline.now
        answer_lost = self._rng.random() < self._mail.answer_lost
        self._note(f"{parcel.name} taken{', the answer lost' if answer_lost else ''}")
        parcel.acknowledged = parcel.acknowledged or not answer_lost
        self._done(parcel, again=answer_lost)
        if not answer_lost and parcel.tries < 3 and self._rng.random() < self._mail.repeated:
            self.met["repeated"] += 1
            self._hand_after(self._rng.randint(1, 20 * SECOND), parcel)

    def _done(self, parcel: Parcel, *, again: bool) -> None:
        if parcel in self._under_way:
            self._under_way.remove(parcel)
            if again:
                self._again(parcel)

    def _lose_patience(self, parcel: Parcel, tries: int) -> None:
        if parcel in self._under_way and parcel.tries == tries:
            self.met["webhook timed out"] += 1
            self._done(parcel, again=True)

    def _again(self, parcel: Parcel) -> None:
        self.met["webhook again"] += 1
        self._hand_after(self._rng.randint(2 * SECOND, 40 * SECOND), parcel)
