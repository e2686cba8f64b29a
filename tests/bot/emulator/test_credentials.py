"""Who asks: every way to say it, and every way to get it wrong."""

from __future__ import annotations

from base64 import b64encode

import pytest

from bot.emulator.credentials import check_credentials, read_basic, same
from bot.emulator.profile import Profile
from bot.emulator.statuses import Refused
from bot.vonage.signatures import Method, sign

SHH = "a made-up signature secret"
PROFILE = Profile(key="abcd1234", secret="secret", signature_secret=SHH, signature_method=Method.SHA256)
ASKED = {"api_key": "abcd1234", "text": "a & b"}


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def signed(secret: str = SHH, method: Method = Method.SHA256, **told: str) -> dict[str, str]:
    told = ASKED | {"timestamp": "1770000515"} | told
    return told | {"sig": sign(told, secret, method)}


def refusal(parameters: dict[str, str], authorization: str | None = None, profile: Profile = PROFILE) -> str | None:
    try:
        check_credentials(parameters, authorization, profile)
    except Refused as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    ("parameters", "authorization"),
    [
        ({}, basic("abcd1234:secret")),
        ({}, basic("abcd1234:secret").replace("Basic", "BASIC")),
        (ASKED | {"api_secret": "secret"}, None),
        (signed(), None),
    ],
)
def test_each_of_the_three_ways_will_do(parameters: dict[str, str], authorization: str | None) -> None:
    assert refusal(parameters, authorization) is None


@pytest.mark.parametrize(
    ("parameters", "authorization", "status"),
    [
        ({}, None, "2"),
        ({}, "Bearer token", "2"),
        ({}, "Basic %%%", "2"),
        (ASKED, None, "2"),
        (ASKED | {"api_secret": "wrong"}, None, "4"),
        (ASKED | {"api_secret": "secret"}, basic("abcd1234:wrong"), "4"),
        ({}, basic("another:secret"), "4"),
        ({}, basic("abcd1234:sécret"), "4"),
        (signed() | {"text": "changed"}, None, "14"),
        (signed(secret="another"), None, "14"),
        (signed(method=Method.MD5HASH), None, "14"),
        (signed(api_key="another"), None, "14"),
        (ASKED | {"sig": sign(ASKED, SHH, Method.SHA256)}, None, "14"),  # right, but without a time stamp
        (signed() | {"sig": ""}, None, "14"),
        (signed() | {"sig": "é"}, None, "14"),
        (signed(api_secret="secret"), None, "32"),
        (signed(), basic("abcd1234:secret"), "32"),
    ],
)
def test_anything_else_is_refused(parameters: dict[str, str], authorization: str | None, status: str) -> None:
    assert refusal(parameters, authorization) == status


def test_an_account_without_a_signature_secret_believes_no_signature() -> None:
    assert refusal(signed(), profile=Profile()) == "14"


def test_an_account_without_a_key_takes_any() -> None:
    assert same("whatever", None)
    assert refusal({"api_key": "x", "api_secret": "y"}, profile=Profile()) is None


def test_a_secret_may_hold_colons() -> None:
    assert read_basic(basic("key:a:b")) == ("key", "a:b")
