"""Faults put into the service on purpose, one at a time: a machine that does not find them would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from bot import routing
from bot.routing import Decision, Ground
from bot.undelivered import Undelivered
from commands import seating
from commands.desk import Desk
from storage import lines, outbox
from storage.engine import Reading, Transaction
from storage.lines import LineUse, Sitting
from storage.model import Inbound, Millis, Seat, Side, Standing
from storage.number import Number
from tests.simulator.plantings import instead, nothing, respelled


@dataclass(frozen=True, slots=True)
class Planting:
    name: str
    code: Callable[[], AbstractContextManager[object]]
    seen_as: str = "was not the partner when"
    seed: int = 5  # with which it is found in the first ten towns, in a second or two


_stale, _uses, _as_taken, _leave, _sit = routing._stale, lines.uses, seating._as_taken, lines.leave, lines.sit


def ruled(
    planted: Callable[[Inbound, Standing, Ground], Decision | None],
) -> Callable[[], AbstractContextManager[object]]:
    return instead(routing, "RULES", tuple(planted if each is _stale else each for each in routing.RULES))


def _no_stamp(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return _stale(text, replace(standing, fresh_from=None), ground)


def _own_clock(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return _stale(replace(text, stamped_at=ground.now), standing, ground)


def _strictly_before(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return _stale(replace(text, stamped_at=text.stamped_at + 1), standing, ground)


def _untold_may_write(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return _stale(text, replace(standing, introduced=True), ground)


def _unguarded(text: Inbound, standing: Standing, ground: Ground) -> Decision | None:
    return _stale(text, replace(standing, guarded_until=None), ground)


def _inherited(desk: Desk, seat: Seat, use: LineUse | None) -> Sitting:
    """Whoever was there before, what counted for them counts."""
    sitting = _as_taken(desk, seat, use)
    return sitting if use is None else replace(sitting, fresh_from=use.fresh_from)


async def _all_the_same(reading: Reading, number: Number, *, partner: Number) -> dict[Number, LineUse]:
    return {
        line: replace(use, same_partner=True) for line, use in (await _uses(reading, number, partner=partner)).items()
    }


async def _once(tx: Transaction, chat: int, now: Millis) -> None:
    """Not for a chat that had been opened again."""
    row = await tx.row("SELECT 1 FROM chat WHERE id = $1 AND active_at > opened_at", chat)
    if row is None:
        await _leave(tx, chat, now)


async def _certain(tx: Transaction, chat: int, now: Millis) -> None:
    await tx.run("UPDATE participant SET introduction = NULL, guarded_until = NULL WHERE chat = $1", chat)
    await _leave(tx, chat, now)


def _shortest_unused(desk: Desk, free: list[Number], uses: dict[Number, LineUse]) -> Number:
    return max(free, key=lambda line: uses[line].ended_at if line in uses else 0)


async def _no_wait(tx: Transaction, chat: int, sittings: Sequence[tuple[Side, Sitting]]) -> None:
    await _sit(tx, chat, [(side, replace(each, guarded_until=None)) for side, each in sittings])


CHATS_UNSEEN = ("CASE WHEN kind = 'relay' AND", "CASE WHEN kind = 'none' AND")
QUEUED_IS_TOLD = ("SET introduction = $3", "SET introduction = NULLIF($3, $3)")
ANY_TEXT = ("WHERE introduction = $1", "WHERE introduction IS NOT NULL AND $1 <> ''")
NOW_FORGOTTEN = ("CASE WHEN fresh_from > $2 THEN fresh_from ELSE $2 END", "COALESCE(fresh_from, $2)")
NOT_NOW = "not the partner now"
NOT_TOLD = "was not told that a text of theirs was lost"
NOT_RESTED = "has not rested|was not the partner when"

PLANTINGS = (
    Planting("no stamp is looked at", ruled(_no_stamp)),
    Planting("our clock counts, not the stamp", ruled(_own_clock), "was not the partner when|so soon after"),
    Planting("the second of the beginning counts as after it", ruled(_strictly_before)),
    Planting("who was not told may write", ruled(_untold_may_write)),
    Planting("the first text is never sent back", ruled(_unguarded), "so soon after"),
    Planting("an introduction counts once it is queued", respelled(outbox, "INTRODUCING", *QUEUED_IS_TOLD)),
    Planting("what was written before the introduction counts", respelled(outbox, "INTRODUCED", *NOW_FORGOTTEN)),
    Planting("any text of ours introduces", respelled(outbox, "INTRODUCED", *ANY_TEXT)),
    Planting("a closed chat is not noticed at the claim", respelled(outbox, "CLAIM", *CHATS_UNSEEN), NOT_NOW),
    Planting("who left a line is not remembered", instead(lines, "leave", nothing), NOT_RESTED),
    Planting("who left a line again is not remembered", instead(lines, "leave", _once), NOT_RESTED),
    Planting("whoever was there is certain", instead(lines, "leave", _certain)),
    Planting("what counted with somebody else is inherited", instead(seating, "_as_taken", _inherited)),
    Planting("everybody is the same partner", instead(lines, "uses", _all_the_same), NOT_RESTED),
    Planting("the line used last is taken", instead(seating, "_best", _shortest_unused), "though there"),
    Planting("strictness is not", instead(seating, "_rests_for", lambda desk, use: 0), NOT_RESTED),
    Planting("who wrote a lost text is not told", instead(Undelivered, "tell_writers", nothing), NOT_TOLD),
)
