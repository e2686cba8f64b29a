"""The service without its routes: what takes texts, decides, remembers and delivers, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.circuit import Circuit
from bot.deadlines import Deadlines
from bot.delivery import POLL, POLL_BESIDE, Delivery, Transport
from bot.erasing import Erasing
from bot.errands import Errands
from bot.hints import Hints
from bot.intake import Handover, Intake
from bot.limits import Limits
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.ownership import Leased, Ownership, Sole, since_start
from bot.pace import Pace, SenderLimit, StrangerLimit
from bot.receipts import Receipts
from bot.retention import Periods, Retention
from bot.service import Beside
from bot.spending import NO_CAPS, Budget, Caps
from bot.undelivered import Undelivered
from bot.writer import Writer
from commands.desk import House
from storage.engine import Engine
from storage.model import Millis


@dataclass(frozen=True, slots=True)
class Chance:
    """What is not to be foreseen in service, and is in a test."""

    new_ref: Callable[[], str]  # a client-ref: at most 40 characters, never the same twice
    jitter: Callable[[], float]  # from 0 to 1
    owner: str  # names this run of the process


@dataclass(frozen=True, slots=True)
class Proxy:
    engine: Engine
    house: House
    metrics: Metrics
    writer: Writer
    outgoing: Outgoing
    delivery: Delivery
    deadlines: Deadlines
    receipts: Receipts
    intake: Intake
    handover: Handover
    beside: Beside | None


def assemble(
    *,
    engine: Engine,
    house: House,
    transport: Transport,
    pace: Pace,
    sender_limit: int,
    doubt_after: Millis,
    clock: Callable[[], Millis],
    chance: Chance,
    sender_daily: int = 0,
    stranger_limit: int = 60,
    caps: Caps = NO_CAPS,
    keep: Periods = Periods(),  # noqa: B008 - a frozen value
    errand_file: Path | None = None,
) -> Proxy:
    """Nothing runs yet: see bot/service.py."""
    circuit, budget = Circuit(), Budget(caps)
    lines: Ownership = Sole(house.lines)
    house = replace(house, trouble=lambda: circuit.reason or budget.trouble(clock()))
    metrics = Metrics()
    writer = Writer(engine)
    outgoing = Outgoing(chance.new_ref)
    undelivered = Undelivered(house, outgoing)
    receipts = Receipts(undelivered=undelivered, metrics=metrics, clock=clock)
    limits = Limits(SenderLimit(sender_limit), sender_daily, StrangerLimit(stranger_limit))
    intake = Intake(
        house=house, outgoing=outgoing, undelivered=undelivered, limits=limits, metrics=metrics, clock=clock
    )
    beside = None
    if engine.aside is not None:
        lines = leased = Leased(
            aside=engine.aside,
            owner=chance.owner,
            lines=house.lines,
            pace=pace,
            take_over=lambda taken: writer.do(lambda tx: receipts.take_over_lines(tx, taken, chance.owner)),
            busy=lambda line: delivery.busy(line),
            wake=outgoing.wake.set,
            monotonic=since_start,
        )
        hints = Hints(engine.aside, leased.holds, outgoing.wake.set)
        outgoing.noted, writer.committed = hints.note, hints.committed
        beside = Beside(leased, hints)
    delivery = Delivery(
        writer=writer,
        transport=transport,
        outgoing=outgoing,
        house=house,
        lines=lines,
        pace=pace,
        circuit=circuit,
        budget=budget,
        receipts=receipts,
        undelivered=undelivered,
        metrics=metrics,
        clock=clock,
        jitter=chance.jitter,
        owner=chance.owner,
        poll=POLL if beside is None else POLL_BESIDE,
    )
    deadlines = Deadlines(
        engine=engine,
        lines=lines,
        writer=writer,
        intake=intake,
        undelivered=undelivered,
        receipts=receipts,
        outgoing=outgoing,
        house=house,
        limits=limits,
        retention=Retention(engine, keep, clock),
        errands=Errands(file=errand_file, engine=engine, writer=writer, erasing=Erasing(house, outgoing), clock=clock),
        metrics=metrics,
        doubt_after=doubt_after,
        clock=clock,
    )
    handover = Handover(writer, intake, receipts, metrics)
    return Proxy(engine, house, metrics, writer, outgoing, delivery, deadlines, receipts, intake, handover, beside)
