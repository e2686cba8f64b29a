"""Which keys a database needs: a proof of each that something may be sealed with, so that others are noticed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from storage.engine import Reading, Transaction, Unusable
from storage.keys import BadKeys, Keyring, Keys
from storage.vault import Vault


async def check_keys(reading: Reading, vault: Vault) -> set[str]:
    """Every key that something may be sealed with is in this vault: returns their ids. Raises Unusable."""
    noted = {id: bytes(proof) for id, proof in await reading.rows("SELECT id, proof FROM vault_key")}
    if strange := [id for id, proof in noted.items() if not vault.proves(id, proof)]:
        raise Unusable(
            f"the keys are not those of this database (it needs {', '.join(sorted(strange))}): with them nobody can "
            "read what is in it. Nothing was changed; put back the file of keys, or DATA_KEY, that belongs to it"
        )
    return set(noted)


async def note_keys(tx: Transaction, vault: Vault) -> None:
    """Keys that are new are noted before they seal anything. Raises Unusable."""
    noted = await check_keys(tx, vault)
    new = {id: proof for id, proof in vault.proofs().items() if id not in noted}
    await tx.many("INSERT INTO vault_key (id, proof) VALUES ($1, $2)", list(new.items()))


async def changed_keys(
    keys: Keys,
    transaction: Callable[[], AbstractAsyncContextManager[Transaction]],
    make_vault: Callable[[Keyring], Vault],
) -> Keyring | None:
    """The keys there are now, noted already, if they are others than were loaded last. Raises Unusable."""
    try:
        keyring = keys.changed()
    except BadKeys as error:
        raise Unusable(str(error)) from error
    if keyring is not None:
        async with transaction() as tx:
            await note_keys(tx, make_vault(keyring))
    return keyring
