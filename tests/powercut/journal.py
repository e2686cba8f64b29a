"""What the shim wrote down: everything done to the files of one folder, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    WRITE = "w"
    TRUNCATE = "t"
    SYNC = "s"
    UNLINK = "u"
    RENAME = "r"


@dataclass(frozen=True, slots=True)
class Record:
    kind: Kind
    name: str  # of the file; empty for the folder itself
    offset: int
    data: bytes


def read(journal: Path) -> Iterator[Record]:
    with journal.open("rb") as file:
        while head := file.readline():
            kind, offset, length, name = head.decode().removesuffix("\n").split(" ", 3)
            yield Record(Kind(kind), name, int(offset), file.read(int(length)))
