"""What the database says of itself: triggers write down each change that is committed, in its order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage.engine import Row
from storage.model import Millis

SCHEMA = """
CREATE TABLE journal (id INTEGER PRIMARY KEY, what TEXT, a, b, c, d, e, f, g);

CREATE TRIGGER journal_text AFTER INSERT ON outbound BEGIN
    INSERT INTO journal (what, a, b, c, d, e, f, g) VALUES ('state', NEW.id, '', NEW.state, NEW.created_at, 0, 0, 0);
END;
CREATE TRIGGER journal_state AFTER UPDATE OF state ON outbound BEGIN
    INSERT INTO journal (what, a, b, c, d, e, f, g)
    VALUES ('state', NEW.id, OLD.state, NEW.state, NEW.changed_at, NEW.attempt, OLD.tries, NEW.tries);
END;
CREATE TRIGGER journal_seat AFTER INSERT ON participant BEGIN
    INSERT INTO journal (what, a, b, c, d, e) VALUES ('seat', NEW.chat, NEW.side, NEW.number, NEW.line, NEW.open);
END;
CREATE TRIGGER journal_seat_moved AFTER UPDATE OF number, line, open ON participant BEGIN
    INSERT INTO journal (what, a, b, c, d, e) VALUES ('seat', NEW.chat, NEW.side, NEW.number, NEW.line, NEW.open);
END;
CREATE TRIGGER journal_out AFTER INSERT ON opt_out BEGIN
    INSERT INTO journal (what, a, d) VALUES ('out', NEW.number, NEW.at);
END;
CREATE TRIGGER journal_in AFTER DELETE ON opt_out BEGIN
    INSERT INTO journal (what, a) VALUES ('in', OLD.number);
END;
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Of a text's state; '' before it was queued."""

    text: int
    before: str
    after: str
    at: Millis
    attempt: int
    tries_before: int
    tries: int


@dataclass(frozen=True, slots=True)
class Seated:
    chat: int
    side: str
    number: str
    line: str
    open: bool


@dataclass(frozen=True, slots=True)
class OptedOut:
    number: str
    at: Millis


@dataclass(frozen=True, slots=True)
class OptedIn:
    number: str


Entry = Change | Seated | OptedOut | OptedIn


def read(rows: Iterable[Row]) -> list[Entry]:
    """Rows of what, a, b, c, d, e, f, g, in the order of their ids."""
    return [_entry(*row) for row in rows]


def _entry(what: str, a: object, b: object, c: object, d: object, e: object, f: object, g: object) -> Entry:
    match what:
        case "state":
            return Change(a, b, c, d, e, f, g)  # type: ignore[arg-type]
        case "seat":
            return Seated(a, b, c, d, bool(e))  # type: ignore[arg-type]
        case "out":
            return OptedOut(a, d)  # type: ignore[arg-type]
        case _:
            return OptedIn(a)  # type: ignore[arg-type]
