"""The keys that seal the database: secrets of 32 bytes, the newest last, in a file beside it or in the settings.

The first secret also makes the keyed hashes by which people are found. Where a hash is all that is left of a person (an
opt-out that outlives erasure) it can never be made anew: so the first secret stays as long as the database.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from storage.disk import settle, write_new

LENGTH = 32
ID_BYTES = 4
HEADING = """\
# The keys of this database, the newest last. Without this file nobody can read the numbers and texts in it, and with it
# and the database anybody can: keep a copy, apart from the backups. Never take the first line away.
"""


class BadKeys(Exception):
    """The keys cannot be read, written or understood. Its text says why and what to do, and holds no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """`id` names it without telling it: every sealed field begins with it."""

    id: bytes
    sealing: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """`index` makes keyed hashes; `keys` open what is sealed, and the last of them seals."""

    index: bytes = field(repr=False)
    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        return self.keys[-1]

    @classmethod
    def of(cls, written: Sequence[bytes]) -> Keyring:
        return cls(_derived(written[0], b"index"), tuple(map(_key, written)))


class Keys(Protocol):
    """Where the keys come from."""

    def load(self, *, may_make: bool) -> Keyring:
        """`may_make`: nothing is sealed yet. Raises BadKeys."""
        ...

    def changed(self) -> Keyring | None:
        """The keys, if they are others than were loaded last. Raises BadKeys."""
        ...


class KeySetting:
    """Those of DATA_KEY, which change with a restart only."""

    def __init__(self, written: str) -> None:
        self._keyring = Keyring.of(parse(written))

    def load(self, *, may_make: bool) -> Keyring:
        return self._keyring

    def changed(self) -> Keyring | None:
        return None


class KeyFile:
    """A file beside the database, made at its first start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._loaded: tuple[int, int] | None = None

    @classmethod
    def beside(cls, database: Path) -> KeyFile:
        return cls(Path(f"{database}.key"))

    def load(self, *, may_make: bool) -> Keyring:
        if may_make and not self.path.exists():
            _write_new(self.path, HEADING + new() + "\n")
        self._loaded = _version(self.path)
        return Keyring.of(self._read())

    def changed(self) -> Keyring | None:
        return None if _version(self.path) == self._loaded else self.load(may_make=False)

    def add(self) -> None:
        """A new key becomes the current one. Raises BadKeys."""
        self._read()
        draft = self.path.with_name(f"{self.path.name}.new")
        with suppress(FileNotFoundError):
            draft.unlink()  # of a process that was killed between the two steps
        held = self.path.read_text("utf-8")
        _write_new(draft, held.rstrip("\n") + "\n" + new() + "\n")
        try:
            draft.replace(self.path)
            settle(self.path.absolute().parent)
        except OSError as error:
            raise BadKeys(f"{self.path} cannot be written: {error.strerror}") from error

    def _read(self) -> list[bytes]:
        try:
            return parse(self.path.read_text("utf-8"))
        except FileNotFoundError:
            raise BadKeys(
                f"the file of keys {self.path} is missing, and without it nobody can read what is in the database. "
                "Nothing was changed; put the file back"
            ) from None
        except OSError as error:
            raise BadKeys(f"the file of keys {self.path} cannot be read: {error.strerror}") from error
        except (BadKeys, UnicodeDecodeError) as error:
            why = error if isinstance(error, BadKeys) else "it is not UTF-8"
            raise BadKeys(f"the file of keys {self.path} cannot be understood: {why}. Put back a copy of it") from None


def new() -> str:
    """A key as it is written: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def parse(written: str) -> list[bytes]:
    """Keys in base64, with commas or one in a line; `#` begins a comment. Raises BadKeys."""
    found = [_decoded(each, place) for place, each in enumerate(keys_in(written), start=1)]
    if not found:
        raise BadKeys("there is no key in it")
    if len(set(found)) < len(found):
        raise BadKeys("a key is there twice")
    return found


def keys_in(written: str) -> list[str]:
    """Each as it is written there."""
    return re.sub(r"#[^\n]*", " ", written).replace(",", " ").split()


def _decoded(written: str, place: int) -> bytes:
    try:
        key = base64.b64decode(written.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:
        raise BadKeys(f"key {place} is not {LENGTH} bytes in base64")
    return key


def _key(secret: bytes) -> Key:
    return Key(_derived(secret, b"id")[:ID_BYTES], _derived(secret, b"sealing"))


def _derived(secret: bytes, purpose: bytes) -> bytes:
    # The secret is random and as long as the hash: one step of HKDF's expansion is all it needs.
    return hmac.digest(secret, b"private sms " + purpose, "sha256")


def _version(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ino)


def _write_new(path: Path, text: str) -> None:
    try:
        write_new(path, text)
        settle(path.absolute().parent)
    except OSError as error:
        raise BadKeys(f"{path} cannot be written: {error.strerror}") from error
