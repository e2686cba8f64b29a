"""What holds people's texts back: their minute, their day, all strangers' hour, and the loop breaker."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from bot.loops import Loops
from bot.pace import SenderLimit, StrangerLimit
from bot.routing import HELD, OVER_DAILY, Answer, Decision, Keep, OptIn, OptOut, Pause, Relay, Speak
from storage.model import Inbound, Millis, Standing
from storage.number import Number
from storage.senders import Count

Counts = defaultdict[Number, Count]


@dataclass(frozen=True, slots=True)
class Limits:
    """`day`: texts of one person, 0 for no limit; it is counted in the database, the others in memory."""

    minute: SenderLimit
    day: int
    strangers: StrangerLimit
    loops: Loops = field(default_factory=Loops)

    def broken(self, text: Inbound, standing: Standing, decision: Decision) -> Decision:
        """The decision, unless its text gives a loop away."""
        if standing.chat is None or standing.side is None or standing.paused or not _goes_on(standing, decision):
            return decision
        sign = self.loops.note(standing.chat, standing.side, text)
        return decision if sign is None else Pause(standing.chat, standing.side, sign)

    def count(self, counts: Counts, sender: Number, standing: Standing, decision: Decision, now: Millis) -> None:
        """Not what an admin asks of us, nor what is kept in silence."""
        if isinstance(decision, Answer | Keep) and _kept(decision) == OVER_DAILY:
            counts[sender].held += 1
        elif not _is_counted(standing, decision):
            return
        elif standing.chat is not None:
            counts[sender].texts += 1
        else:
            counts[sender].answers += 1
            self.strangers.take(now)

    def forget(self, now: Millis) -> None:
        """Drop those who have been quiet."""
        self.minute.forget(now)
        self.loops.forget(now)


def counted(standing: Standing, more: Count | None) -> Standing:
    """As somebody stands who has texted before in the same batch."""
    if more is None:
        return standing
    return replace(
        standing,
        texts_today=standing.texts_today + more.texts,
        held_today=standing.held_today + more.held,
        answers_today=standing.answers_today + more.answers,
    )


def _goes_on(standing: Standing, decision: Decision) -> bool:
    """Whether it makes something leave, to which a machine could answer."""
    if isinstance(decision, Relay):
        return True
    if isinstance(decision, Speak):
        return decision.silent is None and not standing.is_admin
    return isinstance(decision, Answer) and not standing.is_admin and decision.kept not in HELD


def _is_counted(standing: Standing, decision: Decision) -> bool:
    match decision:
        case Relay():
            return True
        case Answer():
            return not standing.is_admin
        case OptOut(silent=silent) | OptIn(silent=silent) | Speak(silent=silent):
            return silent is None and not standing.is_admin
        case _:
            return False


def _kept(decision: Answer | Keep) -> str | None:
    return decision.kept if isinstance(decision, Answer) else decision.reason
