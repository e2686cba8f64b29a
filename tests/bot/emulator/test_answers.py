"""The answers that go wrong on purpose: what each says, and whether the text was taken all the same."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from bot.emulator.answers import Silence, spoil
from bot.emulator.faults import KINDS, About
from bot.vonage.sending import AccountTrouble, Doubt, NotTaken, classify

SENDS = [name for name, kind in KINDS.items() if kind.about is About.SEND]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("http-401", AccountTrouble("HTTP 401")),
        ("http-429", NotTaken("HTTP 429", 1000)),
        ("http-500", Doubt("HTTP 500")),
        ("http-500-taken", Doubt("HTTP 500")),
        ("http-502", Doubt("HTTP 502")),
        ("html", Doubt("an answer not of the SMS API")),
        ("html-taken", Doubt("an answer not of the SMS API")),
    ],
)
def test_a_client_makes_of_it_what_it_should(fault: str, outcome: object) -> None:
    spoiled = spoil(fault)
    assert spoiled
    assert isinstance(spoiled.instead, Response)
    assert classify(spoiled.instead.status_code, spoiled.instead.headers, bytes(spoiled.instead.body)) == outcome


@pytest.mark.parametrize("fault", SENDS)
def test_the_name_says_whether_the_text_is_taken(fault: str) -> None:
    spoiled = spoil(fault)
    if spoiled:
        assert spoiled.taken == fault.endswith("-taken") == KINDS[fault].says.startswith("takes")


@pytest.mark.parametrize(("fault", "silence"), [("hang", Silence.HANG), ("close-taken", Silence.CLOSE)])
def test_some_give_no_answer(fault: str, silence: Silence) -> None:
    spoiled = spoil(fault)
    assert spoiled
    assert spoiled.instead is silence


@pytest.mark.parametrize("fault", [None, "slow", "partial", "status-5"])
def test_the_others_leave_vonages_own_answer(fault: str | None) -> None:
    assert spoil(fault) is None
