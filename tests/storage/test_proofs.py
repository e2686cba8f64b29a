"""Keys and the databases they belong to."""

import pytest

from storage.engine import Engine, Transaction, Unusable
from storage.keys import Keyring, new, parse
from storage.proofs import check_keys, note_keys
from storage.vault import Vault


def vault(*keys: str) -> Vault:
    return Vault(Keyring.of([key for each in keys for key in parse(each)]))


async def test_the_keys_of_a_database_are_noted_at_its_first_start(tx: Transaction) -> None:
    assert await check_keys(tx, tx.vault) == set(tx.vault.proofs())


async def test_a_new_key_is_noted_before_it_seals_anything(engine: Engine) -> None:
    first, second = new(), new()
    async with engine.transaction() as tx:
        await tx.run("DELETE FROM vault_key")
        await note_keys(tx, vault(first))
        await note_keys(tx, vault(first, second))
        assert len(await check_keys(tx, vault(first, second))) == 3, "two that seal, and the one of the hashes"


async def test_other_keys_are_refused_and_nothing_is_changed(tx: Transaction) -> None:
    before = await tx.rows("SELECT id, proof FROM vault_key ORDER BY id")
    with pytest.raises(Unusable, match="not those of this database"):
        await note_keys(tx, vault(new()))
    assert await tx.rows("SELECT id, proof FROM vault_key ORDER BY id") == before
