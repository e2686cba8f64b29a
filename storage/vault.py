"""The vault: numbers and texts as they lie in the database, sealed by AES-256-GCM, and found by keyed hashes.

A sealed field is the key's id (4 bytes), a nonce (12) and the ciphertext with its tag; it opens in its own row only. A
number has a keyed hash in the columns by which it is looked up, and is sealed beside it where it has to be read again:
a plain hash of a telephone number is undone in minutes by trying them all.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from typing import overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.engine import StorageError
from storage.keys import ID_BYTES, Keyring
from storage.number import Number

NONCE_BYTES = 12
HASH_BYTES = 16  # of which 2**64 would have to be made before two are likely to be equal
REMEMBERED = 16_384  # people whose sealed numbers are kept at hand
TAIL = 4
PROOF = "proof of the key"


class CannotOpen(StorageError):
    """A sealed field was changed, moved to another row, or sealed with a key that is not there."""


class Vault:
    def __init__(self, keyring: Keyring) -> None:
        self.adopt(keyring)
        self.index: Callable[[Number], str] = lru_cache(REMEMBERED)(self._index)

    def adopt(self, keyring: Keyring) -> None:
        """Other keys, of which the last one seals from now on; what makes the hashes stays the first."""
        self._hashing = keyring.index
        self._ciphers = {key.id: AESGCM(key.sealing) for key in keyring.keys}
        self.current = keyring.current.id
        # The same number gives the same bytes for a while: cheaper, and no more than its hash tells already.
        self.seal_number: Callable[[Number], bytes] = lru_cache(REMEMBERED)(self._seal_number)
        self.number: Callable[[str, bytes], Number] = lru_cache(REMEMBERED)(self._number)

    def tail_index(self, digits: str) -> str:
        """The keyed hash of a number's last four digits, by which admins name people."""
        return self._hash("tail", digits[-TAIL:])

    @overload
    def seal(self, text: str, row: str) -> bytes: ...

    @overload
    def seal(self, text: str | None, row: str) -> bytes | None: ...

    def seal(self, text: str | None, row: str) -> bytes | None:
        """A text for the row of that name, such as `outbound` and its client-ref."""
        return None if text is None else self._sealed(text, row)

    @overload
    def open(self, sealed: bytes, row: str) -> str: ...

    @overload
    def open(self, sealed: bytes | None, row: str) -> str | None: ...

    def open(self, sealed: bytes | None, row: str) -> str | None:
        """Raises CannotOpen."""
        return None if sealed is None else self._opened(sealed, row)

    def is_current(self, sealed: bytes) -> bool:
        return sealed.startswith(self.current)

    def proofs(self) -> dict[str, bytes]:
        """By a key's id, and the hash's: something that can be opened with it and nothing else."""
        ids = {key: self._seal_with(key, PROOF, PROOF) for key in self._ciphers}
        return {"index": self._hash("proof", PROOF).encode(), **{key.hex(): proof for key, proof in ids.items()}}

    def proves(self, id: str, proof: bytes) -> bool:
        """Whether the key that is known by this id is here."""
        if id == "index":
            return hmac.compare_digest(self._hash("proof", PROOF).encode(), proof)
        try:
            return self._opened(proof, PROOF) == PROOF
        except CannotOpen:
            return False

    def _index(self, number: Number) -> str:
        return self._hash("number", number.e164())

    def _hash(self, kind: str, value: str) -> str:
        whole = hmac.digest(self._hashing, f"{kind} {value}".encode(), "sha256")
        return base64.urlsafe_b64encode(whole[:HASH_BYTES]).decode().rstrip("=")

    def _seal_number(self, number: Number) -> bytes:
        return self._sealed(number.e164(), self.index(number))

    def _number(self, index: str, sealed: bytes) -> Number:
        return Number(self._opened(sealed, index))

    def _sealed(self, text: str, row: str) -> bytes:
        return self._seal_with(self.current, text, row)

    def _seal_with(self, key: bytes, text: str, row: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        # "surrogatepass": a text with half an emoji is somebody's text all the same.
        return key + nonce + self._ciphers[key].encrypt(nonce, text.encode("utf-8", "surrogatepass"), row.encode())

    def _opened(self, sealed: bytes, row: str) -> str:
        cipher = self._ciphers.get(sealed[:ID_BYTES])
        nonce, rest = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
        if cipher is None:
            raise CannotOpen("a field is sealed with a key that is not among the keys of this database")
        try:
            return cipher.decrypt(nonce, rest, row.encode()).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("a sealed field was changed, or belongs to another row") from error
