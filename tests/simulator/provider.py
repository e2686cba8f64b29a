"""Vonage in the simulation: takes texts or fails in every way, keeps the ledger of the phones, and sends receipts."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bot.vonage.sending import Doubt, NotTaken, Outcome, classify
from commands.gsm import segments
from storage.model import Millis, Receipt
from storage.number import Number
from tests.simulator.carrier import Carrier
from tests.simulator.run import Place, Run
from tests.simulator.timeline import Timeline
from tests.simulator.weather import MINUTE, SECOND, Fault, Weather

LONGEST_WAY = 2 * SECOND  # of a request, until Vonage has taken the text
FAILURES = ("failed", "rejected", "expired")
OPTED_OUT = "9"


@dataclass(slots=True, eq=False)
class Send:
    """A text as Vonage was handed it, and what became of it there."""

    at: Millis
    line: Number
    recipient: Number
    text: str
    client_ref: str
    by: str  # the run
    fault: Fault = Fault.NONE
    excused: bool = False  # an outage, or the account: spends no try
    taken_at: Millis | None = None
    message_ids: tuple[str, ...] = ()
    partly: bool = False
    outcome: Outcome | None = None
    answered_at: Millis | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    takes: float  # how likely the text is taken
    answer: Callable[[Send], Outcome]
    least: Millis
    most: Millis


class Provider:
    def __init__(
        self, timeline: Timeline, rng: Random, weather: Weather, carrier: Carrier, note: Callable[[str], None]
    ):
        self.sends: list[Send] = []
        self.met: Counter[str] = Counter()
        self._timeline = timeline
        self._rng = rng
        self._weather = weather
        self._carrier = carrier
        self._note = note
        self._start = timeline.now
        self._ids = 0

    def line_known_to(self, person: Number) -> Number | None:
        """The line from which this phone got its last text."""
        lines = (send.line for send in reversed(self.sends) if send.recipient == person and send.taken_at)
        return next(lines, None)

    async def send(self, run: Run, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        send = Send(self._timeline.now, line, recipient, text, client_ref, str(run))
        self.sends.append(send)
        await run.step(Place.REQUEST)
        behaviour = self._behaviour(send)
        latency = self._rng.randint(behaviour.least, behaviour.most)
        self.met[send.fault] += 1
        if self._rng.random() < behaviour.takes:
            send.message_ids = self._new_ids(send)
            self._timeline.after(min(latency // 3, LONGEST_WAY), lambda: self._take(send))
        self._note(f"send {client_ref} to {recipient} {send.fault}{' taken' if send.message_ids else ''}")
        await asyncio.sleep(latency / 1000)
        send.answered_at = self._timeline.now
        send.outcome = behaviour.answer(send)
        run.passes(Place.ANSWER)
        return send.outcome

    def _behaviour(self, send: Send) -> Behaviour:
        since = self._timeline.now - self._start
        if any(window.holds(since) for window in self._weather.outages):
            send.fault, send.excused = Fault.UNREACHABLE, True
        elif any(window.holds(since) for window in self._weather.troubles):
            send.fault, send.excused = Fault.ACCOUNT, True
        elif since < self._weather.calm_at and self._weather.faults and self._rng.random() < self._weather.fault_rate:
            send.fault = self._rng.choice(self._weather.faults)
            send.excused = send.fault is Fault.ACCOUNT
        if Fault.PARTLY in self._weather.faults and segments(send.text).count > 1 and send.fault is not Fault.NONE:
            send.fault = Fault.PARTLY
        elif send.fault is Fault.PARTLY:
            send.fault = Fault.NONE
        return BEHAVIOURS[send.fault]

    def _new_ids(self, send: Send) -> tuple[str, ...]:
        count = segments(send.text).count
        if send.fault is Fault.PARTLY:
            send.partly, count = True, count - 1
        self._ids += count
        return tuple(f"{self._ids - index:06X}" for index in range(count))

    def _take(self, send: Send) -> None:
        send.taken_at = self._timeline.now
        self._note(f"{send.recipient} got {send.client_ref} {send.text!r}")
        if self._rng.random() < self._weather.mail.false:
            self._carrier.post(Receipt(f"false{self._ids}", "no-ref", send.recipient, "delivered", "0", 0), SECOND)
        for message_id in send.message_ids:
            self._tell_of(send, message_id)

    def _tell_of(self, send: Send, message_id: str) -> None:
        """The receipts of one part. In a calm world, too, some are lost: nothing may hang on them."""
        mail, rng = self._weather.mail, self._rng
        wait = 1 if rng.random() < mail.early else rng.randint(50, rng.choice((2, 30)) * SECOND)
        if rng.random() < mail.buffered:
            self._post(send, message_id, "buffered", "0", wait)
            wait += rng.randint(-wait, 20 * SECOND)  # receipts overtake each other
        if rng.random() < mail.lost:
            self.met["receipt lost"] += 1
        elif rng.random() < mail.carrier_opt_out:
            self._post(send, message_id, "failed", OPTED_OUT, wait)
        elif rng.random() < mail.failed:
            self._post(send, message_id, rng.choice(FAILURES), "1", wait)
            if rng.random() < 0.2:
                self._post(send, message_id, "delivered", "0", rng.randint(0, 2 * wait))
        else:
            self._post(send, message_id, "delivered", "0", wait)

    def _post(self, send: Send, message_id: str, status: str, err_code: str, wait: Millis) -> None:
        self.met[f"receipt {status}"] += 1
        self._carrier.post(Receipt(message_id, send.client_ref, send.recipient, status, err_code, 0), wait)


@dataclass(frozen=True, slots=True)
class Wire:
    """The transport of one run."""

    provider: Provider
    run: Run

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        return await self.provider.send(self.run, line, recipient, text, client_ref)

    async def close(self) -> None:
        pass


def _answered(send: Send, status: str = "0", error: str | None = None) -> Outcome:
    parts = [{"to": send.recipient.digits(), "status": "0", "message-id": each} for each in send.message_ids]
    if not parts or send.partly:
        parts.append({"to": send.recipient.digits(), "status": status, "error-text": error or "no"})
    return classify(200, {}, json.dumps({"message-count": str(len(parts)), "messages": parts}).encode())


def _bug(send: Send) -> Outcome:
    raise RuntimeError("a bug in sending")


BEHAVIOURS = {
    Fault.NONE: Behaviour(1.0, _answered, 20, 400),
    Fault.SLOW: Behaviour(1.0, _answered, 2 * SECOND, 19 * SECOND),
    Fault.BUSY: Behaviour(
        0.0, lambda send: _answered(send, "1", "Throughput Rate Exceeded - please wait [ 250 ] and retry"), 20, 300
    ),
    Fault.TOO_MANY: Behaviour(0.0, lambda send: classify(429, {"Retry-After": "3"}, b""), 20, 300),
    Fault.UNAVAILABLE: Behaviour(0.5, lambda send: classify(503, {}, b"<html>"), 20, 3000),
    Fault.UNREACHABLE: Behaviour(0.0, lambda send: NotTaken("connect failed", answered=False), 1, 3 * SECOND),
    Fault.TIME_OUT: Behaviour(0.5, lambda send: Doubt("time-out after the request was sent"), 20 * SECOND, 20 * SECOND),
    Fault.BROKEN: Behaviour(0.5, lambda send: Doubt("connection lost after the request was sent"), 20, 2 * SECOND),
    Fault.NONSENSE: Behaviour(0.5, lambda send: classify(200, {}, b"<html>"), 20, 300),
    Fault.INTERNAL: Behaviour(0.0, lambda send: _answered(send, "5"), 20, 300),
    Fault.PARTLY: Behaviour(1.0, lambda send: _answered(send, "1"), 20, 400),
    Fault.REFUSED: Behaviour(0.0, lambda send: _answered(send, "6"), 20, 300),
    Fault.OPTED_OUT: Behaviour(0.0, lambda send: _answered(send, "101"), 20, 300),
    Fault.ACCOUNT: Behaviour(0.0, lambda send: _answered(send, "9"), 20, 300),
    Fault.BUG: Behaviour(0.5, _bug, 20, 300),
    Fault.STUCK: Behaviour(
        0.5, lambda send: _answered(send, "1") if not send.message_ids else _answered(send), 70 * SECOND, 3 * MINUTE
    ),
}
