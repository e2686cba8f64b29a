"""Faults put into the service on purpose, one at a time: a simulation that does not find them would prove nothing.

Some are made in the database of the simulated world, by a trigger, and so stand whatever the statements are; the others
take the place of a function or a constant of ours while a seed runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from bot import circuit, delivery, settling
from bot.intake import Handover, Intake
from bot.receipts import Receipts
from bot.settling import Verdict
from bot.undelivered import Undelivered
from bot.writer import Writer
from storage import doubts, inbox, outbox, people, receipts
from storage.engine import Transaction
from storage.model import Claim, Inbound, Receipt, Seat, Standing
from storage.number import Number
from storage.outbox import Back, Doubtful
from storage.sqlite import Connection
from tests.people import CAROL, LINE
from tests.simulator.database import SimulatedSQLite
from tests.simulator.known import news
from tests.simulator.simulation import Outcome, simulate

OUT_OF_ORDER = """
    DROP INDEX IF EXISTS outbound_sending;
    DROP INDEX IF EXISTS outbound_under_way;
    CREATE TRIGGER planted AFTER INSERT ON outbound BEGIN
        UPDATE outbound SET ready_at = MAX(not_before, created_at) WHERE id = NEW.id;
    END;
"""
NOT_MARKED = """
    CREATE TRIGGER planted AFTER UPDATE OF may_repeat ON outbound WHEN NEW.may_repeat = 1 BEGIN
        UPDATE outbound SET may_repeat = 0, resend = 0 WHERE id = NEW.id;
    END;
"""
NOT_CONFIRMED = """
    CREATE TRIGGER planted AFTER INSERT ON outbound WHEN NEW.resend = 0 BEGIN
        UPDATE outbound SET resend = 1 WHERE id = NEW.id;
    END;
"""
EARLY_RECEIPTS_LOST = """
    CREATE TRIGGER planted AFTER INSERT ON sent_part
    WHEN NEW.rank > 0 AND (SELECT state FROM outbound WHERE id = NEW.outbound) = 'sending' BEGIN
        UPDATE sent_part SET rank = 0, status = 'submitted' WHERE message_id = NEW.message_id;
    END;
"""
CHATS_UNSEEN = ("CASE WHEN kind = 'relay' AND", "CASE WHEN kind = 'none' AND")
OPT_OUTS_UNSEEN = ("WHERE opt_out.number = text.recipient", "WHERE FALSE")


@dataclass(frozen=True, slots=True)
class Planting:
    name: str
    schema: str = ""
    code: Callable[[], AbstractContextManager[object]] = nullcontext
    soon: bool = True  # found within a few seeds, and so worth its time in the suite


def first_caught(planting: Planting, seeds: Sequence[int]) -> Outcome | None:
    """The first of these seeds in which something is wrong that is not wrong without the planting."""
    with planting.code():
        for seed in seeds:
            outcome = simulate(seed, schema=planting.schema)
            if wrong := news(outcome.wrong):
                return replace(outcome, wrong=wrong)
    return None


def instead(owner: object, name: str, planted: object) -> Callable[[], AbstractContextManager[object]]:
    return lambda: patch.object(owner, name, planted)


def respelled(owner: object, name: str, old: str, new: str) -> Callable[[], AbstractContextManager[object]]:
    """A statement with one condition of it changed."""

    def planted() -> AbstractContextManager[object]:
        whole = getattr(owner, name)
        assert old in whole, f"{name} is spelled otherwise now"
        return instead(owner, name, whole.replace(old, new))()

    return planted


async def nothing(*_: Any, **__: Any) -> None:
    pass


async def none_of_them(*_: Any, **__: Any) -> int:
    return 0


def verdict_instead(change: Callable[[Verdict], Verdict]) -> Callable[[], AbstractContextManager[object]]:
    return instead(delivery, "verdict", lambda *args, **more: change(settling.verdict(*args, **more)))


def _doubt_put_back(verdict: Verdict) -> Verdict:
    if isinstance(verdict, Doubtful):
        return Back(verdict.claim, verdict.claim.created_at, verdict.reason)
    return verdict


def _never_partly(verdict: Verdict) -> Verdict:
    return replace(verdict, partly=False) if isinstance(verdict, Doubtful) else verdict


def _all_cost_tries(verdict: Verdict) -> Verdict:
    return replace(verdict, counts=True) if isinstance(verdict, Back) else verdict


_remember, _overdue, _standings = inbox.remember, inbox.overdue, inbox.standings
_note, _take, _end_doubt = receipts.note, Handover.take, doubts.end_doubt


async def _all_new(tx: Transaction, message_ids: Collection[str], now: int) -> set[str]:
    await _remember(tx, message_ids, now)
    return set(message_ids)


async def _take_later(self: Handover, text: Inbound) -> None:
    async def take() -> None:
        with suppress(Exception):
            await _take(self, text)

    asyncio.get_running_loop().create_task(take())


async def _only_recorded(tx: Transaction, number: Number, *, source: str, now: int) -> list[Seat]:
    await tx.run(
        "INSERT INTO opt_out (number, at, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        number.e164(),
        now,
        source,
    )
    return []


async def _last_word_counts(tx: Transaction, batch: Sequence[Receipt], now: int) -> receipts.Noted:
    noted = await _note(tx, batch, now)
    await tx.many(
        "UPDATE outbound SET state = 'undelivered', changed_at = $2 WHERE state = 'delivered'"
        " AND id = (SELECT outbound FROM sent_part WHERE message_id = $1)",
        [(each.message_id, now) for each in batch if each.status in ("failed", "rejected", "expired")],
    )
    return noted


async def _doubts_forgotten(tx: Transaction, *, before: int, now: int) -> list[Claim]:
    await tx.run("UPDATE outbound SET may_repeat = 0 WHERE state = 'uncertain' AND resend = 1")
    return await _end_doubt(tx, before=before, now=now)


async def _gaps_dropped(tx: Transaction, now: int, limit: int = 100) -> list[Inbound]:
    await _overdue(tx, now, limit)
    return []


async def _somebody_else(*args: Any, **more: Any) -> dict[Seat, Standing]:
    return {
        seat: standing if standing.partner is None else replace(standing, partner=Seat(CAROL, LINE))
        for seat, standing in (await _standings(*args, **more)).items()
    }


@asynccontextmanager
async def _torn(self: SimulatedSQLite, *, alone: bool = True) -> AsyncIterator[Connection]:
    async with self._busy:
        yield Connection(self._writer, self.vault)


async def _undone_to_all(self: Writer, batch: Any, error: Exception) -> None:
    for entry in batch:
        entry.settle(None)


PLANTINGS = (
    Planting("a repeated webhook is taken again", code=instead(inbox, "remember", _all_new)),
    Planting("acknowledged before the commit", code=instead(Handover, "take", _take_later)),
    Planting("a batch that fails is acknowledged", code=instead(Writer, "_one_by_one", _undone_to_all)),
    Planting("a text that meets a fault is not kept", code=instead(Intake, "keep_after_fault", nothing)),
    Planting("what goes nowhere is not kept", code=instead(inbox, "keep", nothing)),
    Planting("a long text with a gap is dropped", code=instead(inbox, "overdue", _gaps_dropped)),
    Planting("a transaction is none", code=instead(SimulatedSQLite, "transaction", _torn)),
    Planting("a text goes to somebody else", code=instead(inbox, "standings", _somebody_else)),
    Planting("a doubt is sent again at once", code=verdict_instead(_doubt_put_back)),
    Planting("what went out in part is sent again", code=verdict_instead(_never_partly), soon=False),
    Planting("account trouble costs tries", code=verdict_instead(_all_cost_tries)),
    Planting("an outage costs tries", code=instead(circuit, "_is_unanswered", lambda outcome: False), soon=False),
    Planting("a repeat is not marked", schema=NOT_MARKED),
    Planting("a repeat is repeated", code=instead(doubts, "end_doubt", _doubts_forgotten), soon=False),
    Planting("an opt-out is not confirmed", schema=NOT_CONFIRMED),
    Planting("not only heads are claimed", schema=OUT_OF_ORDER),
    Planting("nobody moves up", code=instead(outbox, "promote", nothing)),
    Planting("what an earlier run was sending is left", code=instead(Receipts, "take_over", none_of_them)),
    Planting("a closed chat is not noticed at the claim", code=respelled(outbox, "CLAIM", *CHATS_UNSEEN)),
    Planting("an opt-out is not noticed at the claim", code=respelled(outbox, "CLAIM", *OPT_OUTS_UNSEEN)),
    Planting("an opt-out leaves the queue as it is", code=instead(people, "opt_out", _only_recorded)),
    Planting("the writer of a dead text is not told", code=instead(Undelivered, "tell_writers", nothing)),
    Planting("the last receipt counts", code=instead(receipts, "note", _last_word_counts)),
    Planting("receipts before the answer are lost", schema=EARLY_RECEIPTS_LOST),
    Planting("an answer settles whatever claim there is", code=instead(outbox, "THE_CLAIM", "id = $1"), soon=False),
)
