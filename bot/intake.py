"""Inbound texts, a batch at a time in the writer's transaction: remembered, joined, routed, turned into rows."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.breaker import Breaker
from bot.limits import Counts, Limits, counted
from bot.logs import event
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.receipts import Receipts
from bot.routing import (
    CHANGEOVER,
    HELD,
    OVER_DAILY,
    Answer,
    Decision,
    Ground,
    Keep,
    OptIn,
    OptOut,
    Pause,
    Relay,
    Run,
    Speak,
    route,
)
from bot.undelivered import Undelivered
from bot.writer import Writer
from commands.desk import Desk, House
from commands.run import answer
from storage import audit, chats, inbox, languages, lines, locks, people, senders
from storage.audit import Kind as Entry
from storage.engine import Transaction, Unavailable, must_be_alone
from storage.inbox import Kept
from storage.model import Inbound, Kind, Millis, Outbound, Receipt, Seat, Side, Standing
from storage.number import Number
from storage.outbox import PAUSED
from storage.senders import Count

log = logging.getLogger("private_sms.intake")


@dataclass(slots=True)
class Rows:
    """What a run of texts adds up to, written together."""

    leaving: list[Outbound] = field(default_factory=list)
    texted: list[tuple[int, Side]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    told: list[tuple[Number, str]] = field(default_factory=list)
    told_paused: list[tuple[int, Side]] = field(default_factory=list)
    sent_back: list[tuple[int, Side]] = field(default_factory=list)
    over_daily: list[tuple[Number, int | None]] = field(default_factory=list)
    counts: Counts = field(default_factory=lambda: Counts(Count))


class Intake:
    def __init__(
        self,
        *,
        house: House,
        outgoing: Outgoing,
        undelivered: Undelivered,
        limits: Limits,
        metrics: Metrics,
        clock: Callable[[], Millis],
    ) -> None:
        self._house = house
        self._outgoing = outgoing
        self._undelivered = undelivered
        self._limits = limits
        self._breaker = Breaker(house, outgoing)
        self._metrics = metrics
        self._clock = clock
        self._lines = frozenset(house.lines)

    async def take(self, tx: Transaction, texts: list[Inbound]) -> Sequence[None]:
        """Once this transaction is committed, each of them is relayed, answered or kept; a repeat changes nothing."""
        now = self._clock()
        await locks.gatherings(tx, [(seat, text.part.ref) for text in texts if text.part and (seat := _seat(text))])
        new = await inbox.remember(tx, {text.message_id for text in texts}, now)
        whole: list[Inbound] = []
        for text in texts:
            if text.message_id not in new:
                self._metrics.repeats.inc()
                continue
            new.discard(text.message_id)
            complete = text if text.part is None or text.sender is None else await inbox.gather(tx, text)
            if complete is not None:
                whole.append(complete)
        await self.route_all(tx, whole, now)
        return [None] * len(texts)

    async def keep_after_fault(self, tx: Transaction, text: Inbound) -> None:
        """Where deciding a text failed: it is kept for a person to look at, and its sender is told."""
        now = self._clock()
        await self._keep(tx, [Kept(text, "fault")])
        if text.sender is None or await people.opted_out(tx, [text.sender]):
            return
        if text.sender not in self._lines and text.line in self._lines:
            chosen = (await languages.chosen(tx, [text.sender])).get(text.sender)
            await self._outgoing.enqueue(tx, [self._reply(text, chosen, "fault")], now)

    async def keep_new_after_fault(self, tx: Transaction, text: Inbound) -> None:
        """The same, unless it is a repeat: then what it says was taken long ago."""
        if await inbox.remember(tx, [text.message_id], self._clock()):
            await self.keep_after_fault(tx, text)

    async def route_all(self, tx: Transaction, texts: Sequence[Inbound], now: Millis) -> None:
        """In the order they came: a text sees what the ones before it have changed."""
        waiting, ground = deque(texts), self._ground(now)
        while waiting:
            standings = await self._standings(tx, waiting, now)
            if not tx.alone:
                _check_shared(tx, waiting, standings, ground)
            rows = Rows()
            while waiting:
                text = waiting.popleft()
                seat = _seat(text)
                standing = Standing() if seat is None else counted(standings[seat], rows.counts.get(seat.number))
                decision = self._limits.broken(text, standing, route(text, standing, ground))
                self._log(text, standing, decision)
                if seat is not None:
                    self._limits.count(rows.counts, seat.number, standing, decision, now)
                if standing.chat is None:
                    ground = self._ground(now)  # there may be an answer less for strangers
                if isinstance(decision, OptOut | OptIn | Speak | Run | Pause):
                    await self._write(tx, rows, now)
                    rows = Rows()
                    await self._change(tx, text, standing, decision, now)
                    break  # what the others were known by may have changed
                self._add(rows, text, standing, decision, now)
                if seat is not None:
                    standings[seat] = _told(standings[seat], decision, now)
            await self._write(tx, rows, now)

    def _ground(self, now: Millis) -> Ground:
        house, limits = self._house, self._limits
        return Ground(
            self._lines, house.region, now, house.destinations, limits.day, limits.strangers.left(now), house.rules
        )  # fmt: skip

    async def _standings(
        self, tx: Transaction, texts: Sequence[Inbound] | deque[Inbound], now: Millis
    ) -> dict[Seat, Standing]:
        seats = [seat for seat in map(_seat, texts) if seat is not None]
        await locks.people(tx, seats)
        return await inbox.standings(tx, seats, admins=self._house.admins, now=now) if seats else {}

    def _add(self, rows: Rows, text: Inbound, standing: Standing, decision: Decision, now: Millis) -> None:
        match decision:
            case Relay():
                rows.texted.append((decision.chat, decision.side))
                rows.leaving.append(self._relayed(text, decision, now))
                for answer in _told_beside(decision):
                    self._answer_into(rows, text, standing, answer)
            case Answer():
                self._answer_into(rows, text, standing, decision)
            case Keep():
                rows.kept.append(_kept(text, standing, decision.reason))
            case _:
                raise AssertionError(type(decision))

    def _relayed(self, text: Inbound, relay: Relay, now: Millis) -> Outbound:
        sender = _seat(text)
        assert sender is not None
        not_before = self._limits.minute.not_before(sender.number, now)
        return Outbound(
            relay.to.line, relay.to.number, relay.text, Kind.RELAY,
            chat=relay.chat, sender=sender, cause=text.message_id, not_before=not_before,
        )  # fmt: skip

    def _answer_into(self, rows: Rows, text: Inbound, standing: Standing, answer: Answer) -> None:
        assert text.sender is not None
        reply = self._reply(text, standing.language, answer.key)
        if answer.kept == CHANGEOVER and standing.chat is not None and standing.side is not None:
            # It says that it is somebody new: once it is accepted, what they text is passed on.
            reply = replace(reply, chat=standing.chat, introduces=standing.side)
            rows.sent_back.append((standing.chat, standing.side))
        rows.leaving.append(reply)
        if answer.kept is not None:
            rows.kept.append(_kept(text, standing, answer.kept))
        if answer.kept == PAUSED and standing.chat is not None and standing.side is not None:
            rows.told_paused.append((standing.chat, standing.side))
        if answer.kept == OVER_DAILY:
            rows.over_daily.append((text.sender, standing.chat))
        if answer.once is not None:
            rows.told.append((text.sender, answer.once))

    async def _write(self, tx: Transaction, rows: Rows, now: Millis) -> None:
        if rows.leaving:  # first, for it locks the conversations
            await self._outgoing.enqueue(tx, rows.leaving, now)
        if rows.texted:
            await chats.texted(tx, rows.texted, now)
        if rows.counts:
            await senders.add(tx, list(rows.counts.items()), now)
        if rows.kept:
            await self._keep(tx, rows.kept)
        if rows.told:
            await people.remember_told(tx, rows.told, now)
        if rows.told_paused:
            await chats.told_paused(tx, rows.told_paused)
        if rows.sent_back:
            await lines.send_back(tx, rows.sent_back)
        for sender, chat in rows.over_daily:
            await audit.record(tx, Entry.SECURITY, OVER_DAILY, who="limits", now=now, outcome="held", whom=sender,
                               chat=chat)  # fmt: skip

    async def _keep(self, tx: Transaction, texts: Sequence[Kept]) -> None:
        await inbox.keep(tx, texts)
        for each in texts:
            self._metrics.kept.labels(each.reason).inc()

    async def _change(
        self,
        tx: Transaction,
        text: Inbound,
        standing: Standing,
        decision: OptOut | OptIn | Speak | Run | Pause,
        now: Millis,
    ) -> None:
        assert text.sender is not None
        match decision:
            case OptOut():
                await self._undelivered.opt_out(tx, text.sender, source="text", now=now)
                # In doubt it is not sent again: one confirmation is what the rules allow.
                confirmation = self._reply(text, standing.language, "opted_out", resend=False)
                await self._answer_or_keep(tx, text, confirmation, decision.silent, now)
            case OptIn():
                await people.opt_in(tx, text.sender)
                key = "opted_in" if standing.chat is None else "opted_in_chat"
                welcome = self._reply(text, standing.language, key)
                await self._answer_or_keep(tx, text, welcome, decision.silent, now)
            case Speak():
                await languages.choose(tx, text.sender, decision.language, now)
                agreed = self._reply(text, decision.language, "language_set")
                await self._answer_or_keep(tx, text, agreed, decision.silent, now)
            case Pause():
                await self._breaker.trip(tx, text, decision, now)
                self._metrics.kept.labels(PAUSED).inc()
            case Run():
                await self._run(tx, text, standing, decision, now)

    async def _answer_or_keep(
        self, tx: Transaction, text: Inbound, reply: Outbound, silent: str | None, now: Millis
    ) -> None:
        if silent is None:
            await self._outgoing.enqueue(tx, [reply], now)
        else:
            await self._keep(tx, [Kept(text, silent)])

    async def _run(self, tx: Transaction, text: Inbound, standing: Standing, run: Run, now: Millis) -> None:
        for item in run.items:
            desk = Desk(
                tx=tx, house=self._house, admin=text.sender, line=text.line, now=now, is_admin=standing.is_admin,
                language=standing.language, stamped_at=text.stamped_at,
            )  # fmt: skip
            reply = await answer(desk, item)
            answers = [] if reply is None else [_reply(text, reply)]
            await self._outgoing.enqueue(tx, [*desk.outgoing, *answers], now)

    def _reply(self, text: Inbound, chosen: str | None, key: str, *, resend: bool = True) -> Outbound:
        assert text.sender is not None
        return _reply(text, self._house.text_to(text.sender, chosen, key), resend=resend)

    def _log(self, text: Inbound, standing: Standing, decision: Decision) -> None:
        meaning = type(decision).__name__.lower()
        self._metrics.texts_in.labels(meaning).inc()
        log.info(event("text in", id=text.message_id, sender=text.sender, chat=standing.chat, meaning=meaning))


class Handover:
    """What the webhooks hand over to. Both return after the durable commit; Unavailable: send it again later."""

    def __init__(self, writer: Writer, intake: Intake, receipts: Receipts, metrics: Metrics) -> None:
        self._writer = writer
        self._intake = intake
        self._metrics = metrics
        self._take = writer.batched(intake.take)
        self._note = writer.batched(receipts.note)
        self._stopping = False

    def stop(self) -> None:
        """From now on nothing new is taken; Vonage brings it again. What was taken before is still answered."""
        self._stopping = True

    async def take(self, text: Inbound) -> None:
        self._check_open()
        try:
            await self._take(text)
        except Unavailable:
            raise
        except Exception as error:  # a fault of ours must not lose the text, nor make Vonage send it for a day
            self._report(error, text.message_id)
            await self._writer.do(lambda tx: self._intake.keep_new_after_fault(tx, text))

    async def note(self, receipt: Receipt) -> None:
        self._check_open()
        await self._note(receipt)  # whatever goes wrong, it is sent again: a receipt kept aside would settle nothing

    def _check_open(self) -> None:
        if self._stopping:
            raise Unavailable("the service is stopping")

    def _report(self, error: Exception, message_id: str) -> None:
        self._metrics.faults.labels("intake").inc()
        log.error(event("fault", id=message_id), exc_info=error)


def _reply(text: Inbound, words: str, *, resend: bool = True) -> Outbound:
    assert text.sender is not None
    return Outbound(text.line, text.sender, words, Kind.REPLY, cause=text.message_id, resend=resend)


def _seat(text: Inbound) -> Seat | None:
    return None if text.sender is None else Seat(text.sender, text.line)


def _check_shared(
    tx: Transaction, texts: Iterable[Inbound], standings: Mapping[Seat, Standing], ground: Ground
) -> None:
    """Before anything is counted: what changes who is in touch with whom is decided alone. Raises NotAlone."""
    for text in texts:
        seat = _seat(text)
        if seat is not None and isinstance(route(text, standings[seat], ground), OptOut | OptIn | Speak | Run):
            must_be_alone(tx)


def _kept(text: Inbound, standing: Standing, reason: str) -> Kept:
    return Kept(text, reason, standing.chat if reason in HELD else None)


def _told_beside(relay: Relay) -> Iterator[Answer]:
    """What the sender of a text that is passed on hears of it."""
    if relay.masked:
        yield Answer("guard_masked")
    if relay.warned:
        yield Answer("guard_warned", once=people.GUARD_WARNING)
    if relay.hint:
        yield Answer("stop_hint", once=people.STOP_HINT)


def _told(standing: Standing, decision: Decision, now: Millis) -> Standing:
    """As the next text of a batch finds its sender, who has just been told something that is said once a day."""
    match decision:
        case Answer(once=people.STRANGER):
            return replace(standing, told_stranger_at=now)
        case Relay(hint=hint, warned=warned) if hint or warned:
            return replace(
                standing,
                told_stop_at=now if hint else standing.told_stop_at,
                told_guard_at=now if warned else standing.told_guard_at,
            )
        case Answer(kept=kept) if kept == PAUSED:
            return replace(standing, told_paused=True)
        case Answer(kept=kept) if kept == CHANGEOVER:
            return replace(standing, introduced=False, guarded_until=None)
        case _:
            return standing
