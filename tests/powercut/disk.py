"""A folder on a disk that can lose its power: what was synced is there, of what came later any part may be missing.

Torn are writes at sectors: of a sector either all that one write put there arrives, or nothing of it. Names are kept as
a folder keeps them: a file that was made, renamed or deleted is only surely so once the folder was synced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.powercut.journal import Kind, Record

SECTOR = 512


@dataclass(slots=True, eq=False)
class File:
    synced: bytearray = field(default_factory=bytearray)
    since: list[Record] = field(default_factory=list)  # written after the last sync

    def sync(self) -> None:
        self.synced, self.since = self.now(), []

    def now(self) -> bytearray:
        """As the running machine sees it."""
        content = bytearray(self.synced)
        for record in self.since:
            _do(content, record)
        return content

    def after_a_cut(self, chance: Random) -> bytes:
        """A record may be lost and a later one be there, so what is left is as of writes in any order."""
        content, kept = bytearray(self.synced), chance.choice((0.0, 0.5, 1.0, chance.random()))
        for record in self.since:
            for piece in _torn(record):
                if chance.random() < kept:
                    _do(content, piece)
        return bytes(content)


@dataclass(slots=True)
class Disk:
    names: dict[str, File] = field(default_factory=dict)
    synced_names: dict[str, File] = field(default_factory=dict)

    def do(self, record: Record) -> None:
        match record.kind:
            case Kind.WRITE | Kind.TRUNCATE:
                self.names.setdefault(record.name, File()).since.append(record)
            case Kind.SYNC if record.name == "":
                self.synced_names = dict(self.names)
            case Kind.SYNC:
                self.names.setdefault(record.name, File()).sync()
            case Kind.UNLINK:
                self.names.pop(record.name, None)
            case Kind.RENAME:
                self.names[record.data.decode()] = self.names.pop(record.name)

    def after_a_cut(self, chance: Random) -> dict[str, bytes]:
        """By name, what the files hold when the power is back."""
        contents = {}
        for name in sorted(self.names.keys() | self.synced_names.keys()):
            before, now = self.synced_names.get(name), self.names.get(name)
            file = now if before is now else chance.choice((before, now))
            if file is not None:
                contents[name] = file.after_a_cut(chance)
        return contents


def _do(content: bytearray, record: Record) -> None:
    if record.kind is Kind.TRUNCATE:
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
    else:
        content.extend(bytes(max(0, record.offset - len(content))))
        content[record.offset : record.offset + len(record.data)] = record.data


def _torn(record: Record) -> Iterator[Record]:
    if record.kind is not Kind.WRITE:
        yield record
        return
    end = record.offset + len(record.data)
    for begin in range(record.offset - record.offset % SECTOR, end, SECTOR):
        first, last = max(begin, record.offset), min(begin + SECTOR, end)
        yield Record(record.kind, record.name, first, record.data[first - record.offset : last - record.offset])
