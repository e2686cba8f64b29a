"""The vault: what is sealed opens in its own row only, and people are found without being readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import Keyring, new, parse
from storage.vault import CannotOpen, Vault
from tests.people import ALICE, BOB

OLD, NEW = parse(new()), parse(new())


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.of(OLD))


def test_a_text_comes_back_as_it_was(vault: Vault) -> None:
    sealed = vault.seal("See you at 5 \N{TAXI}", "outbound r1")
    assert vault.open(sealed, "outbound r1") == "See you at 5 \N{TAXI}"
    assert b"See you" not in sealed


@given(st.text(st.characters()))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    vault = Vault(Keyring.of(OLD))
    assert vault.open(vault.seal(text, "row"), "row") == text


def test_the_same_text_is_never_sealed_alike(vault: Vault) -> None:
    assert vault.seal("hi", "row") != vault.seal("hi", "row")


def test_no_text_stays_no_text(vault: Vault) -> None:
    assert vault.seal(None, "row") is None
    assert vault.open(None, "row") is None


def test_a_text_opens_in_no_other_row(vault: Vault) -> None:
    with pytest.raises(CannotOpen, match="another row"):
        vault.open(vault.seal("hi", "outbound r1"), "outbound r2")


@pytest.mark.parametrize("place", [0, 4, 16, -1])
def test_a_field_that_was_changed_does_not_open(vault: Vault, place: int) -> None:
    sealed = bytearray(vault.seal("hi", "row"))
    sealed[place] ^= 1
    with pytest.raises(CannotOpen):
        vault.open(bytes(sealed), "row")


@pytest.mark.parametrize("sealed", [b"", b"x", b"sealed with nothing"])
def test_what_was_never_sealed_does_not_open(vault: Vault, sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        vault.open(sealed, "row")


def test_a_number_comes_back_by_its_hash_and_what_is_sealed(vault: Vault) -> None:
    sealed = vault.seal_number(ALICE)
    assert vault.number(vault.index(ALICE), sealed) == ALICE
    assert ALICE.digits().encode() not in sealed


def test_a_number_cannot_be_put_in_the_place_of_another(vault: Vault) -> None:
    with pytest.raises(CannotOpen):
        vault.number(vault.index(BOB), vault.seal_number(ALICE))


def test_the_hash_of_a_number_is_the_same_each_time_and_with_other_keys_another(vault: Vault) -> None:
    assert vault.index(ALICE) == Vault(Keyring.of(OLD)).index(ALICE)
    assert vault.index(ALICE) != vault.index(BOB)
    assert vault.index(ALICE) != Vault(Keyring.of(NEW)).index(ALICE)


def test_four_digits_have_a_hash_of_their_own(vault: Vault) -> None:
    assert vault.tail_index(ALICE.digits()) == vault.tail_index(ALICE.digits()[-4:])
    assert vault.tail_index(ALICE.digits()) != vault.tail_index(BOB.digits())


def test_another_key_seals_and_the_older_still_opens(vault: Vault) -> None:
    before, number = vault.seal("before", "row"), vault.seal_number(ALICE)
    vault.adopt(Keyring.of([*OLD, *NEW]))
    after = vault.seal("after", "row")
    assert [vault.is_current(each) for each in (before, number, after)] == [False, False, True]
    assert vault.open(before, "row") == "before"
    assert vault.number(vault.index(ALICE), number) == ALICE
    assert vault.is_current(vault.seal_number(ALICE))


def test_without_the_key_nothing_opens(vault: Vault) -> None:
    vault.adopt(Keyring.of(NEW))
    with pytest.raises(CannotOpen, match="not among the keys"):
        vault.open(Vault(Keyring.of(OLD)).seal("hi", "row"), "row")


def test_each_key_proves_itself_and_no_other(vault: Vault) -> None:
    proofs = vault.proofs()
    assert all(vault.proves(id, proof) for id, proof in proofs.items())
    assert not any(Vault(Keyring.of(NEW)).proves(id, proof) for id, proof in proofs.items())
