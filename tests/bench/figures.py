"""What the benchmark has found: figures, what they should be, and how near they come to the limit of a part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain

Row = tuple[str, ...]

HEADINGS: Row = ("", "measured", "target", "of the target", "", "of a part's limit")


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    limit: str | None = None  # the name of another figure: the most this one could be

    @property
    def target(self) -> float | None:
        return self.at_most if self.at_least is None else self.at_least

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    figures: Sequence[Figure]


def table(chapters: Sequence[Chapter]) -> str:
    known = {figure.name: figure for chapter in chapters for figure in chapter.figures}
    blocks = [
        [HEADINGS],
        *[[_title(chapter), *[_row(each, known) for each in chapter.figures]] for chapter in chapters],
    ]
    widths = [max(map(len, column)) for column in zip(*chain.from_iterable(blocks), strict=True)]
    return "\n\n".join("\n".join(_line(row, widths) for row in block) for block in blocks)


def as_json(chapters: Sequence[Chapter], **circumstances: object) -> str:
    found = [
        {"chapter": chapter.title, "met": each.met, **asdict(each)} for chapter in chapters for each in chapter.figures
    ]
    return json.dumps(circumstances | {"figures": found}, indent=2)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of them that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _title(chapter: Chapter) -> Row:
    return (chapter.title, *[""] * (len(HEADINGS) - 1))


def _row(figure: Figure, known: dict[str, Figure]) -> Row:
    limit = known.get(figure.limit or "")
    return (
        f"  {figure.name}",
        _spelled(figure.value, figure.unit),
        _wanted(figure),
        "" if figure.target is None else f"{figure.value / figure.target:.2f}",
        {True: "met", False: "MISSED", None: ""}[figure.met],
        ""
        if limit is None
        else f"{figure.value / limit.value:.2f} of {_spelled(limit.value, limit.unit)}, {limit.name}",
    )


def _wanted(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≤' if figure.at_least is None else '≥'} {_spelled(figure.target, figure.unit)}"


def _spelled(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{unit}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(len(first)), *middle[:-1], row[-1]]).rstrip()
