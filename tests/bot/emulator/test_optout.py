"""Opt-outs that do not wait for the service: whom they block, on which line, and how it ends."""

from __future__ import annotations

from itertools import count

import pytest

from bot.emulator.account import Account
from bot.emulator.optout import hear
from bot.emulator.profile import Profile

ALICE, BOB = "+447700900101", "+447700900102"
LONG_NUMBER, TOLL_FREE = "+447700900001", "+18005550100"


def account(assisted: bool) -> Account:
    tokens = count(1)
    return Account(Profile(opt_out_assist=assisted), lambda: 0, lambda size: f"{next(tokens)}")


@pytest.mark.parametrize(
    ("assisted", "line", "text", "blocks"),
    [
        (True, LONG_NUMBER, "STOP", True),
        (True, LONG_NUMBER, " end ", True),
        (True, LONG_NUMBER, "END 12", False),
        (True, LONG_NUMBER, "please stop", False),
        (False, LONG_NUMBER, "STOP", False),
        (False, TOLL_FREE, "stop", True),
        (False, TOLL_FREE, "END", False),
        (True, TOLL_FREE, "END", False),
    ],
)
def test_the_whole_text_must_be_the_word(assisted: bool, line: str, text: str, blocks: bool) -> None:
    here = account(assisted)
    hear(here, ALICE, line, text)
    assert here.blocked == ({(line, ALICE)} if blocks else set())
    assert len(here.texts_on(ALICE)) == blocks


@pytest.mark.parametrize(("line", "word"), [(LONG_NUMBER, "START"), (TOLL_FREE, "unstop")])
def test_it_ends_with_a_word_and_is_answered_once(line: str, word: str) -> None:
    here = account(assisted=True)
    for text in ("STOP", word, word):
        hear(here, ALICE, line, text)
    assert here.blocked == set()
    assert len(here.texts_on(ALICE)) == 2


def test_the_carriers_words_are_the_networks_own() -> None:
    here = account(assisted=False)
    hear(here, ALICE, TOLL_FREE, "STOP")
    assert here.texts_on(ALICE)[0].text.startswith('NETWORK MSG: You replied with the word "stop"')
