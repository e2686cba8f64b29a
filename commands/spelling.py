"""What a mistyped word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 16  # the cost grows with the square of a word's length


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word within reach of one slip, or two in a word of five letters and more."""
    if not 2 <= len(word) <= LONGEST:
        return None
    slips, meant = min(((distance(word, each), each) for each in known), default=(LONGEST, None))
    return meant if slips <= (1 if len(word) < 5 else 2) else None


def distance(a: str, b: str) -> int:
    """Letters dropped, added, changed, or two neighbours swapped: Damerau's count of slips."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a):
        older, before, row = before, row, [i + 1]
        for j, right in enumerate(b):
            row.append(min(before[j] + (left != right), before[j + 1] + 1, row[j] + 1))
            if i and j and left == b[j - 1] and right == a[i - 1]:
                row[-1] = min(row[-1], older[j - 1] + 1)
    return row[-1]
