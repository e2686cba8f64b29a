"""A vault that seals nothing, for worlds whose judges read the database itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from storage.keys import Keyring, new, parse
from storage.number import Number
from storage.vault import Vault
from tests.threadless import Threadless


class ClearVault(Vault):
    """Numbers are their own hashes, and texts are their own bytes."""

    def adopt(self, keyring: Keyring) -> None:
        super().adopt(keyring)
        self.seal_number: Callable[[Number], bytes] = _sealed
        self.number: Callable[[str, bytes], Number] = _number

    def proves(self, id: str, proof: bytes) -> bool:
        return True

    def tail_index(self, digits: str) -> str:
        return digits[-4:]

    def _index(self, number: Number) -> str:
        return number.e164()

    def _sealed(self, text: str, row: str) -> bytes:
        return text.encode("utf-8", "surrogatepass")

    def _opened(self, sealed: bytes, row: str) -> str:
        return sealed.decode("utf-8", "surrogatepass")


@cache
def clear_vault() -> ClearVault:
    return ClearVault(Keyring.of(parse(new())))


class ClearSQLite(Threadless):
    """In whose file everything can be read."""

    def make_vault(self, keyring: Keyring) -> Vault:
        return ClearVault(keyring)


def _sealed(number: Number) -> bytes:
    return b"sealed"


@cache
def _number(index: str, sealed: bytes) -> Number:
    return Number(index)
