"""The outbox on its way to Vonage: claim, pace, send, settle; one task, many sends at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.circuit import Circuit, Closed, Opened
from bot.logs import event
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.ownership import Ownership
from bot.pace import Pace
from bot.receipts import Receipts
from bot.settling import Verdict, verdict
from bot.spending import Budget
from bot.till import Till
from bot.undelivered import Undelivered
from bot.vonage.sending import Accepted, Doubt, NotTaken, Outcome
from bot.writer import Writer
from commands.desk import House
from commands.durations import HOUR, MINUTE, SECOND, spell
from commands.news import notices
from storage import admins, outbox, receipts
from storage.engine import Transaction, Unavailable, must_be_alone
from storage.model import Claim, Millis
from storage.number import Number
from storage.outbox import Back, Buried, Doubtful, Sent

log = logging.getLogger("private_sms.delivery")

MOST_UNDER_WAY = 100  # sends at a time; Vonage's answer takes about 0.2 s, so this carries 500 a second
POLL = 5 * SECOND  # the wake-up is a hint; the outbox itself is the truth
POLL_BESIDE = SECOND // 2  # where texts may have been taken by another process, whose hint can be lost
OUTBOX_LIFE = 24 * HOUR  # a text that could not leave in a day would only puzzle whoever gets it
TOLD = {
    outbox.CHAT_ENDED: "not_delivered_ended",
    outbox.OPTED_OUT: "partner_not_receiving",
    outbox.TOO_OLD: "not_delivered",
    outbox.PAUSED: "chat_paused",
    outbox.UNREADABLE: "not_delivered",
}
LONGEST_WAIT = MINUTE  # that Vonage may ask of a whole line
WORTH_TELLING = MINUTE  # a pause shorter than that nobody would have noticed


class Transport(Protocol):
    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Round:
    """What one transaction of delivery gives back: texts to send, and when there may be more."""

    claims: list[Claim]
    next_at: Millis | None


class Delivery:
    def __init__(
        self,
        *,
        writer: Writer,
        transport: Transport,
        outgoing: Outgoing,
        house: House,
        lines: Ownership,
        pace: Pace,
        circuit: Circuit,
        budget: Budget,
        receipts: Receipts,
        undelivered: Undelivered,
        metrics: Metrics,
        clock: Callable[[], Millis],
        jitter: Callable[[], float],
        owner: str,
        poll: Millis = POLL,
    ) -> None:
        self._writer = writer
        self._transport = transport
        self._outgoing = outgoing
        self._house = house
        self._lines = lines
        self._pace = pace
        self._circuit = circuit
        self._budget = budget
        self._till = Till(budget, house, outgoing)
        self._receipts = receipts
        self._undelivered = undelivered
        self._metrics = metrics
        self._clock = clock
        self._jitter = jitter
        self._owner = owner
        self._poll = poll
        self._verdicts: list[Verdict] = []
        self._under_way: dict[tuple[int, int], Claim] = {}  # by id and attempt
        self._sends: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._settling = 0  # verdicts that are being written just now
        self._may_have_lost = False  # claims: whether the last round was committed is not known
        self._news: list[Closed] = []  # to be told to the admins with the next turn

    @property
    def trouble(self) -> str | None:
        """Why nothing is sent just now, or nothing but what is urgent."""
        return self._circuit.reason or self._budget.trouble(self._clock())

    async def run(self) -> None:
        """Until `stop`; then until what is under way has been answered and settled."""
        while True:
            self._outgoing.wake.clear()
            next_at = await self._turn()
            if self._stopping and not self._under_way and not self._verdicts:
                return
            if not self._outgoing.wake.is_set():
                await self._sleep(next_at)

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        self._outgoing.wake.set()

    async def _turn(self) -> Millis | None:
        verdicts, self._verdicts = self._verdicts, []
        self._settling = len(verdicts)
        try:
            return await self._take_turn(verdicts)
        finally:
            self._settling = 0

    async def _take_turn(self, verdicts: list[Verdict]) -> Millis | None:
        news = tuple(self._news)
        try:
            result = await self._writer.do(lambda tx: self._round(tx, verdicts, news), alone=False)
        except Unavailable as error:
            # Nothing was settled: kept for the next turn, and the rows stay `sending` until then.
            log.error(event("cannot settle", error=type(error).__name__))
            self._verdicts, self._may_have_lost = [*verdicts, *self._verdicts], True
            return self._clock() + SECOND
        except Exception as error:  # one that cannot be settled must not hold up all others
            self._report(error)
            await self._settle_apart(verdicts)
            return self._clock() + SECOND
        del self._news[: len(news)]
        self._may_have_lost = False
        for claim in result.claims:
            self._under_way[claim.id, claim.attempt] = claim
            send = asyncio.create_task(self._send(claim))
            self._sends.add(send)  # the loop itself holds tasks weakly
            send.add_done_callback(self._sends.discard)
        return result.next_at

    async def _settle_apart(self, verdicts: Sequence[Verdict]) -> None:
        """Each alone. The bad one stays `sending` until its lease is over."""
        for each in verdicts:
            try:
                await self._writer.do(lambda tx, each=each: self._settle(tx, [each], self._clock()))  # type: ignore[misc]
            except Unavailable:
                self._verdicts.append(each)
            except Exception as error:  # reported, and the others go on
                self._report(error)

    def _report(self, error: Exception) -> None:
        self._metrics.faults.labels("delivery").inc()
        log.error(event("fault"), exc_info=error)

    async def _sleep(self, next_at: Millis | None) -> None:
        now = self._clock()
        wait = self._poll if next_at is None else min(self._poll, max(0, next_at - now))
        try:
            async with asyncio.timeout(wait / SECOND):
                await self._outgoing.wake.wait()
        except TimeoutError:
            pass

    async def _round(self, tx: Transaction, verdicts: Sequence[Verdict], news: Sequence[Closed]) -> Round:
        now = self._clock()
        await self._settle(tx, verdicts, now)
        if self._may_have_lost:
            await outbox.take_back(tx, owner=self._owner, known=[each.id for each in self._known()], now=now)
        await self._till.look(tx, now)
        for each in news:
            await self._tell(tx, each, now)
        room = 0 if self._stopping else MOST_UNDER_WAY - len(self._under_way)
        room = self._circuit.room(room, len(self._under_way), now)
        if room <= 0:  # while something is under way, its answer wakes us
            return Round([], None if self._under_way else self._circuit.next_at)
        return await self._claim(tx, room, now)

    async def _tell(self, tx: Transaction, news: Closed, now: Millis) -> None:
        """Only once it is over: before that the admins' texts would wait as well, and be out of date when they came."""
        everyone, lasted = await admins.everyone(tx, self._house.admins), spell(news.lasted)
        told = await notices(tx, self._house, everyone, "sending_again", time=lasted, why=news.reason)
        await self._outgoing.enqueue(tx, told, now)

    async def _claim(self, tx: Transaction, room: int, now: Millis) -> Round:
        stopped = self._budget.trouble(now) is not None
        urgent_for = await self._till.admins(tx) if stopped else None
        if not stopped:
            # What has been answered since this round began is not counted yet.
            room = int(min(room, self._budget.room(len(self._under_way) + len(self._verdicts), now)))
        lines = await self._lines.claimable(tx)
        due = await outbox.due_lines(tx, lines)
        claims: list[Claim] = []
        for line in sorted((line for line in due if due[line] <= now), key=due.__getitem__):
            if limit := self._pace.allowance(line, room - len(claims), now):
                claimed = await outbox.claim(
                    tx, owner=self._owner, line=line, limit=limit, now=now, created_after=now - OUTBOX_LIFE,
                    urgent_for=urgent_for,
                )  # fmt: skip
                for lost, reason in claimed.cancelled:
                    await self._undelivered.tell_writers(tx, [lost], now, key=TOLD[reason])
                self._pace.spend(line, len(claimed.texts))
                claims += claimed.texts
        if stopped or len(claims) == room:
            return Round(claims, None)  # the next answer wakes us, or the next day
        if claims:
            due = await outbox.due_lines(tx, lines)
        return Round(claims, min((max(at, self._pace.ready_at(line, now)) for line, at in due.items()), default=None))

    async def _send(self, claim: Claim) -> None:
        if not self._lines.holds(claim.line):  # another process may have taken it for lost
            self._verdicts.append(Back(claim, self._clock(), "the line is another process's now", counts=False))
            self._forget(claim)
            return
        began, started = self._clock(), time.perf_counter()
        try:
            outcome = await self._transport.send(claim.line, claim.recipient, claim.text, claim.client_ref)
        except Exception as error:  # a bug in sending: the text may have left, and must not stay `sending` for ever
            self._report(error)
            outcome = Doubt(f"fault of ours: {type(error).__name__}")
        self._metrics.send_seconds.observe(time.perf_counter() - started)
        self._judge(claim, outcome, began)
        self._forget(claim)

    def _forget(self, claim: Claim) -> None:
        del self._under_way[claim.id, claim.attempt]
        self.wake()

    def _known(self) -> list[Claim]:
        return [*self._under_way.values(), *(each.claim for each in self._verdicts)]

    def busy(self, line: Number) -> bool:
        """Whether something is being sent there, or what became of it has yet to be written."""
        return self._settling > 0 or any(claim.line == line for claim in self._known())

    def _judge(self, claim: Claim, outcome: Outcome, began: Millis) -> None:
        now = self._clock()
        name = type(outcome).__name__.lower()
        self._metrics.sends.labels(name).inc()
        why = {} if isinstance(outcome, Accepted) else {"why": outcome.reason}
        log.info(event("text out", text=claim.id, to=claim.recipient, chat=claim.chat, outcome=name, **why))
        self._note(claim.line, outcome, began, now)
        self._verdicts.append(verdict(claim, outcome, now=now, jitter=self._jitter(), spared=self._circuit.is_open))

    def _note(self, line: Number, outcome: Outcome, began: Millis, now: Millis) -> None:
        if isinstance(outcome, NotTaken) and outcome.wait is not None:
            self._pace.hold(line, now + min(outcome.wait, LONGEST_WAIT))
        match self._circuit.note(outcome, began, now):
            case Opened(reason):
                log.error(event("sending pauses", why=reason))
            case Closed(reason, lasted) as news:
                log.warning(event("sending goes on", was=reason, seconds=lasted // SECOND))
                if lasted >= WORTH_TELLING:
                    self._news.append(news)
            case None:
                pass

    async def _settle(self, tx: Transaction, verdicts: Sequence[Verdict], now: Millis) -> None:
        if any(isinstance(each, Buried) and each.opted_out for each in verdicts):
            must_be_alone(tx)
        await outbox.hold(tx, [each.claim for each in verdicts])
        if sent := [each for each in verdicts if isinstance(each, Sent)]:
            await outbox.accept(tx, sent, now)
            await self._till.count(tx, sent, now)
        if doubtful := [each for each in verdicts if isinstance(each, Doubtful)]:
            await outbox.doubt(tx, doubtful, now)
        if back := [each for each in verdicts if isinstance(each, Back)]:
            await outbox.put_back(tx, back, now)
        if buried := [each for each in verdicts if isinstance(each, Buried)]:
            await self._bury(tx, buried, now)
        # A receipt can come before the answer, without one, and while a copy is refused: its word counts from here on.
        fates = await receipts.conclude(tx, [each.claim.id for each in verdicts], now)
        await self._receipts.follow(tx, fates, now)
        arrived = {fate.outbound for fate in fates}
        await self._tell_lost(tx, [each.claim for each in buried if each.claim.id not in arrived], now)

    async def _tell_lost(self, tx: Transaction, lost: Sequence[Claim], now: Millis) -> None:
        if lost:  # nothing is said to somebody who was erased meanwhile, with all they wrote
            there = await outbox.still_there(tx, lost)
            await self._undelivered.tell_writers(tx, [each for each in lost if each.id in there], now)

    async def _bury(self, tx: Transaction, buried: Sequence[Buried], now: Millis) -> None:
        await outbox.bury(tx, buried, now)
        for each in buried:
            if each.opted_out:
                await self._undelivered.opt_out(tx, each.claim.recipient, source="receipt", now=now)
