"""How often an admin's codes may be asked for and be wrong.

Whoever forges an admin's number can ask for codes and guess at them, and each answer costs a text to the true phone.
So beyond a limit the admin is told once, for a silent service would be a riddle, and then there is silence for a while.
"""

from __future__ import annotations

from commands import durations, news
from commands.desk import Desk
from commands.durations import MINUTE
from storage import audit, codes
from storage.audit import Kind
from storage.codes import Event
from storage.model import Millis

MOST_ASKED, ASKED_WITHIN = 3, 10 * MINUTE
MOST_WRONG, WRONG_WITHIN = 5, 15 * MINUTE
LOCK = 15 * MINUTE
KEEP = max(ASKED_WITHIN, WRONG_WITHIN, LOCK)


async def locked_until(desk: Desk) -> Millis | None:
    """None: this admin's codes count."""
    return await codes.locked_until(desk.tx, desk.asker.number, desk.now)


async def is_asked_enough(desk: Desk) -> bool:
    asked = await codes.count(desk.tx, desk.asker.number, Event.ASKED, after=desk.now - ASKED_WITHIN)
    return asked >= MOST_ASKED


async def note_asked(desk: Desk, verb: str) -> None:
    await _note(desk, Event.ASKED)
    await record(desk, "code asked", verb)


async def note_wrong(desk: Desk, verb: str) -> str:
    """The answer to a wrong code: how many more may be, or that there are to be none for a while."""
    await _note(desk, Event.WRONG)
    await record(desk, "code wrong", verb)
    wrong = await codes.count(desk.tx, desk.asker.number, Event.WRONG, after=desk.now - WRONG_WITHIN)
    if wrong < MOST_WRONG:
        return desk.text("code_wrong", left=MOST_WRONG - wrong, verb=verb)
    await codes.lock(desk.tx, desk.asker.number, until=desk.now + LOCK)
    await record(desk, "codes locked", verb)
    await news.tell(desk, "news_locked", time=durations.spell(LOCK))
    return desk.text("codes_locked", time=durations.spell(LOCK))


async def refuse_locked(desk: Desk, verb: str, until: Millis) -> str | None:
    await record(desk, "code refused", f"{verb}, codes locked")
    return await _once(desk, until - LOCK, "codes_off", time=durations.spell(until - desk.now))


async def refuse_asking(desk: Desk, verb: str) -> str | None:
    await record(desk, "code refused", f"{verb}, asked too often")
    window = durations.spell(ASKED_WITHIN)
    return await _once(desk, desk.now - ASKED_WITHIN, "asked_enough", count=MOST_ASKED, time=window)


async def _once(desk: Desk, since: Millis, key: str, **values: object) -> str | None:
    """That text the first time since then, and nothing after it."""
    if await codes.count(desk.tx, desk.asker.number, Event.TOLD, after=since):
        return None
    await _note(desk, Event.TOLD)
    return desk.text(key, **values)


async def _note(desk: Desk, event: Event) -> None:
    await codes.note(desk.tx, desk.asker.number, event, now=desk.now, keep=KEEP)


async def record(desk: Desk, what: str, outcome: str) -> None:
    await audit.record(desk.tx, Kind.SECURITY, what, who=desk.asker.number, now=desk.now, outcome=outcome)
