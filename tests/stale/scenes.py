"""What happens every day where Alice changes partners, each with the timing on which it turns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from commands.durations import HOUR, MINUTE, SECOND
from storage.model import Millis
from storage.number import Number
from tests.people import ALICE, BOB, CAROL, DAVE
from tests.stale.beliefs import Place
from tests.stale.post import Fate
from tests.stale.town import Text, Town

RESTS: tuple[Millis, ...] = (SECOND, 11 * MINUTE, 97 * HOUR)  # of a line, between two chats: see CHANGEOVER, QUARANTINE
Scene = Callable[[Town, Number, Millis], Awaitable[None]]


async def play(town: Town, scene: Scene, which: int, rests: Millis) -> None:
    """With somebody who is not in a chat with Alice, while nothing is under way."""
    await town.settle()
    if not _places(town):
        await change(town, BOB)
    partners = {town.beliefs.partner(place, town.now) for place in _places(town)}
    others = [each for each in (BOB, CAROL, DAVE) if each not in partners] or [BOB]
    await scene(town, others[which % len(others)], rests)


async def change(town: Town, partner: Number, rests: Millis = 0, *, held: int = 0) -> None:
    """An end and a beginning, as a driver's dispatcher does it. `held`: of the texts that say so, from Alice's on."""
    await _end_all(town)
    await town.wait(rests)
    town.post.to_hold = held
    await town.command(f"PAIR {ALICE.e164()} {partner.e164()}")
    town.post.to_hold = 0


async def not_noticed(town: Town, partner: Number, rests: Millis) -> None:
    """Alice writes, and what tells her of somebody new is still on its way."""
    await change(town, partner, rests, held=1)
    await town.bring(await _written(town))
    await town.settle()


async def not_noticed_and_late(town: Town, partner: Number, rests: Millis) -> None:
    """The same, but what she wrote comes after she has been told."""
    await change(town, partner, rests, held=1)
    text = await _written(town)
    await town.settle()
    await town.wait(2 * SECOND)
    await town.bring(text)


async def not_noticed_and_there_again(town: Town, partner: Number, rests: Millis) -> None:
    """Who was there without her knowing is no old friend."""
    await change(town, partner, held=1)
    if town.post.held:
        await town.decide(0, Fate.LOST)
    await change(town, partner, min(rests, MINUTE))
    await town.bring(await _written(town))


async def soon_after(town: Town, partner: Number, rests: Millis) -> None:
    """She has been told, and may not have read it."""
    await change(town, partner, min(rests, MINUTE))
    await town.bring(await _written(town))


async def late(town: Town, partner: Number, rests: Millis) -> None:
    """What she wrote to the one before comes now: long before the change, and in the very second of it."""
    before = await _written(town)
    await _end_all(town)
    await town.wait(rests)
    await town.settle()
    at_once = town.write(before.sender, before.line)
    await change(town, partner)
    await town.wait(2 * SECOND)
    await town.bring(before, at_once)


async def late_on_a_rested_line(town: Town, partner: Number, rests: Millis) -> None:
    """Nobody is told of somebody new: the second of the change is all there is to tell by."""
    await late(town, partner, 97 * HOUR)


async def under_way(town: Town, partner: Number, rests: Millis) -> None:
    """Her text comes back to be sent again, and the chat is over."""
    town.post.to_hold = 1
    await town.bring(await _written(town))
    await change(town, partner)
    if town.post.held:
        await town.decide(0, Fate.BUSY)
    await town.wait(2 * SECOND)


async def opened_again(town: Town, partner: Number, rests: Millis) -> None:
    """A chat ends for the second time, and then somebody else comes."""
    for chat in sorted(town.open):
        await town.command(f"END {chat}")
        await town.command(f"REOPEN {chat}")
    await soon_after(town, partner, rests)


UNNOTICED: tuple[Scene, ...] = (not_noticed, not_noticed_and_late, not_noticed_and_there_again)
UNTIMELY: tuple[Scene, ...] = (late, late_on_a_rested_line, soon_after)
OFTEN: tuple[Scene, ...] = (opened_again, under_way)


async def _end_all(town: Town) -> None:
    for chat in sorted(town.open):
        await town.command(f"END {chat}")


async def _written(town: Town) -> Text:
    await town.wait(2 * SECOND)
    place = next(iter(_places(town)), (ALICE, town.lines[0]))
    return town.write(*place)


def _places(town: Town) -> list[Place]:
    """Where Alice is in a chat."""
    sides = [each for chat in town.open.values() for each in chat.participants]
    return [(each.number, each.line) for each in sides if each.number == ALICE]
