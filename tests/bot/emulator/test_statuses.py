"""The statuses: each has a meaning and its words."""

from __future__ import annotations

from bot.emulator.statuses import PLEASE_WAIT, STATUSES, WORDS, Refused
from bot.vonage.sending import NotTaken, classify


def test_each_status_has_words_for_the_wire() -> None:
    assert STATUSES.keys() == WORDS.keys()


def test_a_refusal_is_in_vonages_words_unless_it_has_better_ones() -> None:
    assert str(Refused("4")) == "Bad Credentials"
    assert str(Refused("2", "Missing from param")) == "Missing from param"


def test_the_wait_is_spelled_so_that_clients_find_it() -> None:
    body = b'{"message-count":"1","messages":[{"status":"1","error-text":"%s"}]}' % PLEASE_WAIT.format(702).encode()
    assert classify(200, {}, body) == NotTaken("status 1", 702)
