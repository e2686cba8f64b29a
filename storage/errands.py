"""An errand for the service, in a file beside the database: what a command wants done, and how it went.

The database has one writing process by design. The person is in it as a keyed hash and sealed, as in the database.
"""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from storage.disk import write_new
from storage.holdings import Holdings


class BadErrand(Exception):
    """It cannot be left, read or answered. Its text says why and what to do."""


class Occupied(BadErrand):
    """Another command's errand is there."""


class What(StrEnum):
    ERASE = "erase"
    EXPORT = "export"  # only that it is done goes into the audit log; the command reads by itself


@dataclass(frozen=True, slots=True)
class Errand:
    id: str
    what: What
    person: str = field(repr=False)  # the keyed hash
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`held`: what there was of the person. `failed`: why nothing was done. `rest`: what is left to do, and why."""

    id: str
    held: Holdings | None = None
    failed: str | None = None
    rest: str | None = None


def beside(database: Path) -> Path:
    return Path(f"{database}.errand")


def leave(path: Path, errand: Errand) -> None:
    """Raises Occupied, or BadErrand."""
    draft = Path(f"{path}.{errand.id}")
    sealed = base64.b64encode(errand.sealed).decode()
    try:
        held = {"id": errand.id, "what": errand.what, "person": errand.person, "sealed": sealed}
        write_new(draft, json.dumps(held))
        os.link(draft, path)  # unlike a rename, never in the place of one that is there
    except FileExistsError as error:
        raise Occupied("another command has left an errand that is not done yet: wait for it, and try again") from error
    except OSError as error:
        raise BadErrand(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def find(path: Path) -> Errand | None:
    """Nearly always nothing, at the price of a look. Raises BadErrand."""
    if not path.exists():
        return None
    held = _read(path)
    try:
        sealed = base64.b64decode(held["sealed"], validate=True)
        return Errand(str(held["id"]), What(held["what"]), str(held["person"]), sealed)
    except (KeyError, TypeError, ValueError) as error:
        raise BadErrand(f"{path} is no errand") from error


def answer(path: Path, outcome: Outcome) -> None:
    """And the errand is done. Raises BadErrand."""
    done, draft = _done(path), Path(f"{path}.answer")
    try:
        draft.unlink(missing_ok=True)
        write_new(draft, json.dumps(asdict(outcome)))
        draft.replace(done)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BadErrand(f"{done} cannot be written: {error.strerror}") from error


def outcome(path: Path, id: str) -> Outcome | None:
    """Of the errand of this id; None: not yet. Once it is read it is gone, and so is one that nobody waited for."""
    done = _done(path)
    if not done.exists():
        return None
    told = _read(done)
    done.unlink(missing_ok=True)
    if not isinstance(told, dict) or told.get("id") != id:
        return None
    held = told.pop("held")
    return Outcome(**told, held=None if held is None else Holdings(**held))


def discard(path: Path) -> None:
    """An errand that cannot be read, or that nobody waits for any more."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _done(path: Path) -> Path:
    return Path(f"{path}.done")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadErrand(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadErrand(f"{path} is no errand") from error
