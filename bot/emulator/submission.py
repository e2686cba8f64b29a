"""What a client wants sent: its fields checked one by one, as Vonage refuses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.emulator.profile import LETTERS, NotAnAddress, Profile, address
from bot.emulator.statuses import Refused
from commands.gsm import ALPHABET, Encoding, split

RECIPIENT = re.compile(r"[1-9][0-9]{6,14}")
URL = re.compile(r"https?://[^\s/]\S*")
HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
NETWORK = re.compile(r"[0-9]{5,6}")
COUNTRIES = {"44": ("234", "235"), "1": ("302", "310", "311", "312", "313", "314", "315", "316")}  # MCCs
LONGEST_TEXT = 3200
LONGEST_CALLBACK = 100
LONGEST_REF = 100
MOST_OCTETS = 140
TTL = range(20_000, 604_800_001)
CLASSES = range(4)
ENCODINGS = {"text": Encoding.GSM, "unicode": Encoding.UCS2}
OCTETS = "binary"


@dataclass(frozen=True, slots=True)
class Submission:
    """A text as it will travel: `parts` of it, or octets."""

    sender: str
    recipient: str
    encoding: Encoding
    parts: tuple[str, ...]
    octets: bytes | None = None

    @property
    def text(self) -> str:
        return "".join(self.parts)


def read(parameters: Mapping[str, str], profile: Profile) -> Submission:
    """Raises Refused."""
    kind = parameters.get("type") or "text"
    _check_presence(parameters, kind)
    _check_values(parameters, kind)
    _check_addresses(parameters, profile)
    sender, recipient = address(parameters["from"]), address(parameters["to"])
    if kind == OCTETS:
        octets = bytes.fromhex(parameters.get("udh", "") + parameters["body"])
        return Submission(sender, recipient, Encoding.GSM, ("",), octets)
    text, encoding = parameters["text"], ENCODINGS[kind]
    if encoding is Encoding.GSM:  # nothing is detected: what the alphabet cannot spell is lost on the way
        text = "".join(character if character in ALPHABET else "?" for character in text)
    return Submission(sender, recipient, encoding, tuple(split(text, encoding)))


def _check_presence(parameters: Mapping[str, str], kind: str) -> None:
    for name in ("from", "to", "body" if kind == OCTETS else "text"):
        if not parameters.get(name):
            raise Refused("2", f"Missing {name} param")


def _check_values(parameters: Mapping[str, str], kind: str) -> None:
    given = {name: parameters.get(name, "") for name in ("body", "udh", "callback", "network-code", "client-ref")}
    checks = {
        "type": kind in (*ENCODINGS, OCTETS),
        "to": RECIPIENT.fullmatch(parameters["to"]),
        "ttl": _in_range(parameters.get("ttl"), TTL),
        "message-class": _in_range(parameters.get("message-class"), CLASSES),
        "client-ref": len(given["client-ref"]) <= LONGEST_REF,
        "body": kind != OCTETS or HEX.fullmatch(given["body"]),
        "udh": kind != OCTETS or HEX.fullmatch(given["udh"]),
    }
    if wrong := next((name for name, right in checks.items() if not right), None):
        raise Refused("3", f"Invalid value for parameter: {wrong}")
    if len(parameters.get("text", "")) > LONGEST_TEXT or len(given["body"] + given["udh"]) > 2 * MOST_OCTETS:
        raise Refused("12")
    if given["network-code"] and not _is_network(given["network-code"], parameters["to"]):
        raise Refused("22")
    if given["callback"] and not (URL.fullmatch(given["callback"]) and len(given["callback"]) <= LONGEST_CALLBACK):
        raise Refused("23")


def _check_addresses(parameters: Mapping[str, str], profile: Profile) -> None:
    if not may_send_as(parameters["from"], parameters["to"], profile):
        raise Refused("15")
    recipient = address(parameters["to"])
    if recipient in profile.lines:  # it would come back to the service as a text from itself
        raise Refused("6")
    if not profile.may_text(recipient):
        raise Refused("29")


def _in_range(given: str | None, allowed: range) -> bool:
    return not given or (given.isascii() and given.isdecimal() and len(given) < 16 and int(given) in allowed)


def _is_network(code: str, recipient: str) -> bool:
    """A country's code and a network's; of the recipient's country, where we know that."""
    known = next((codes for prefix, codes in COUNTRIES.items() if recipient.startswith(prefix)), ("",))
    return bool(NETWORK.fullmatch(code)) and code.startswith(known)


def may_send_as(sender: str, recipient: str, profile: Profile) -> bool:
    """One of the account's numbers; or letters, but not to North America."""
    if LETTERS.fullmatch(sender):
        return not recipient.startswith("1")
    try:
        return sender.isdigit() and profile.owns(address(sender))
    except NotAnAddress:
        return False
