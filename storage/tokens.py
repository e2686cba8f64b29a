"""The API's tokens: hashes in a file beside the database, for whoever gives tokens out is not the process that serves.

The database has one writing process by design, and that is the service; so what the command line writes is a file of
its own, replaced as a whole, which the service reads again when it has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from storage.disk import settle
from storage.model import Millis

PREFIX = "psms_"  # so that one that got into a file or a log is recognised
NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
ID = re.compile(r"[0-9a-f]{12}")
DIGEST = re.compile(r"[0-9a-f]{64}")
MOST = 1000


class BadTokens(Exception):
    """The file cannot be read or written, or the wish cannot be met. Its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Token:
    id: str  # names it where the hash would say more than is needed
    name: str
    sha256: str
    created_at: Millis


def digest(token: str) -> str:
    """A plain, fast hash: behind it are 256 random bits, which nobody guesses, and it is computed for each request."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def beside(database: Path) -> Path:
    return Path(f"{database}.tokens")


def read(path: Path) -> tuple[Token, ...]:
    """None of them where there is no file. Raises BadTokens."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BadTokens(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadTokens(f"{path} is no file of tokens: mend it or move it away") from error
    return tuple(_token(each, path) for each in _listed(held, path))


def add(path: Path, name: str, now: Millis) -> str:
    """Returns the new token, which is kept nowhere. Raises BadTokens."""
    if not NAME.fullmatch(name):
        raise BadTokens("a name has 1 to 40 characters out of A-Z a-z 0-9 _ . -")
    token = PREFIX + secrets.token_urlsafe(32)
    with _Draft(path) as draft:
        held = read(path)
        if any(each.name == name for each in held):
            raise BadTokens(f"there is a token called {name} already: remove it first, or choose another name")
        if len(held) >= MOST:
            raise BadTokens(f"there are {MOST} tokens already: remove some first")
        draft.write([*held, Token(secrets.token_hex(6), name, digest(token), now)])
    return token


def remove(path: Path, name: str) -> None:
    """Raises BadTokens."""
    with _Draft(path) as draft:
        held = read(path)
        left = [each for each in held if each.name != name]
        if len(left) == len(held):
            raise BadTokens(f"there is no token called {name}")
        draft.write(left)


class _Draft:
    """The next state of the file, put in its place in one step; being there, it keeps a second writer away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = Path(f"{path}.new")
        self._placed = False

    def __enter__(self) -> _Draft:
        try:
            self._file = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", -1, "utf-8")
        except FileExistsError as error:
            told = f"another command is changing the tokens, or one was broken off: then remove {self._draft}"
            raise BadTokens(told) from error
        except OSError as error:
            raise BadTokens(f"{self._draft} cannot be written: {error.strerror}") from error
        return self

    def write(self, tokens: Sequence[Token]) -> None:
        try:
            json.dump([asdict(token) for token in tokens], self._file, indent=1)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._draft.replace(self._path)
            self._placed = True
            settle(self._path.absolute().parent)  # a token that was removed must not be back after a power cut
        except OSError as error:
            raise BadTokens(f"{self._path} cannot be written: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._placed:  # else a draft of that name is somebody else's by now
            self._draft.unlink(missing_ok=True)


def _listed(held: Any, path: Path) -> list[Any]:
    if not isinstance(held, list):
        raise BadTokens(f"{path} is no file of tokens: mend it or move it away")
    return held


def _token(held: Any, path: Path) -> Token:
    try:
        token = Token(**held)
        sound = ID.fullmatch(token.id) and NAME.fullmatch(token.name) and DIGEST.fullmatch(token.sha256)
        if sound and type(token.created_at) is int:
            return token
    except TypeError:
        pass
    raise BadTokens(f"{path} holds something that is no token: mend it or move it away")
