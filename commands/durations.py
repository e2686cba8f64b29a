"""Lengths of time as people write them: `90s`, `30m`, `2h`, `7d`, `2h30m`."""

from __future__ import annotations

import re

from storage.model import Millis

SECOND: Millis = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST = 3650 * DAY

UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
SHAPE = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", re.IGNORECASE)


class NotADuration(ValueError):
    """The text is no length of time between a second and ten years."""


def parse(text: str) -> Millis:
    """`2h30m` in milliseconds. Raises NotADuration."""
    found = SHAPE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise NotADuration("expected a length of time such as 90s, 30m, 2h or 7d")
    length = sum(int(count) * unit for count, unit in zip(found.groups(), UNITS.values(), strict=True) if count)
    if not SECOND <= length <= LONGEST:
        raise NotADuration("expected a length of time between 1s and 3650d")
    return length


def spell(length: Millis) -> str:
    """The two largest units that say it: `2h30m`, `7d`."""
    spelled = []
    for letter, unit in UNITS.items():
        count, length = divmod(length, unit)
        if count:
            spelled.append(f"{count}{letter}")
    return "".join(spelled[:2]) or "0s"
