"""What a client wants sent: which fields are refused and why, and what is made of the others."""

from __future__ import annotations

import pytest

from bot.emulator.profile import Phone, Profile
from bot.emulator.statuses import Refused
from bot.emulator.submission import Submission, read
from commands.gsm import Encoding

LINE, ALICE = "447700900001", "447700900101"
TEXT = {"from": LINE, "to": ALICE, "text": "hello"}
BINARY = {"from": LINE, "to": ALICE, "type": "binary", "body": "0a0B", "udh": "0605"}
PROFILE = Profile(lines=(f"+{LINE}",))


def refusal(told: dict[str, str], profile: Profile = PROFILE) -> tuple[str, str] | None:
    try:
        read(told, profile)
    except Refused as refused:
        return refused.status, str(refused)
    return None


def test_a_text_is_read_as_it_will_travel() -> None:
    long = "x" * 153 + "yy" * 5
    assert read(TEXT | {"text": long}, PROFILE) == Submission(
        f"+{LINE}", f"+{ALICE}", Encoding.GSM, ("x" * 153, "y" * 10)
    )


def test_octets_are_header_and_body() -> None:
    assert read(BINARY, PROFILE).octets == b"\x06\x05\x0a\x0b"


@pytest.mark.parametrize(
    "change",
    [
        {"type": ""},
        {"type": "unicode"},
        {"from": "Private"},
        {"ttl": "604800000"},
        {"message-class": "3"},
        {"client-ref": "x" * 100},
        {"network-code": "23420"},
        {"network-code": "310260", "to": "15555550100"},
        {"callback": "http://127.0.0.1:3000/receipt"},
        {"text": "x" * 3200},
    ],
)
def test_these_are_taken(change: dict[str, str]) -> None:
    assert refusal(TEXT | change) is None


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"from": ""}, "2", "Missing from param"),
        ({"to": ""}, "2", "Missing to param"),
        ({"text": ""}, "2", "Missing text param"),
        ({"type": "binary"}, "2", "Missing body param"),
        ({"type": "binary", "body": "0"}, "3", "Invalid value for parameter: body"),
        ({"type": "binary", "body": "00", "udh": "xx"}, "3", "Invalid value for parameter: udh"),
        ({"type": "binary", "body": "00" * 141}, "12", "Message Too Long"),
        ({"type": "wappush"}, "3", "Invalid value for parameter: type"),
        ({"to": "00447700900101"}, "3", "Invalid value for parameter: to"),
        ({"ttl": "604800001"}, "3", "Invalid value for parameter: ttl"),
        ({"ttl": "9" * 5000}, "3", "Invalid value for parameter: ttl"),
        ({"message-class": "4"}, "3", "Invalid value for parameter: message-class"),
        ({"client-ref": "x" * 101}, "3", "Invalid value for parameter: client-ref"),
        ({"text": "x" * 3201}, "12", "Message Too Long"),
        ({"network-code": "carrier"}, "22", "Invalid network code"),
        ({"network-code": "310260"}, "22", "Invalid network code"),
        ({"callback": "ftp://example.org"}, "23", "Invalid callback url"),
        ({"from": "447700900009"}, "15", "Illegal Sender Address - rejected"),
        ({"from": "Private", "to": "15555550100"}, "15", "Illegal Sender Address - rejected"),
        ({"to": LINE}, "6", "Unroutable message - rejected"),
    ],
)
def test_these_are_refused(change: dict[str, str], status: str, words: str) -> None:
    assert refusal(TEXT | change) == (status, words)


def test_a_trial_account_may_not_text_others() -> None:
    trial = Profile(trial=True, phones=(Phone("+447700900102", "Bob"),))
    assert refusal(TEXT, trial) == ("29", "Non White-listed Destination - rejected")
    assert refusal(TEXT | {"to": "447700900102"}, trial) is None
