"""Who asks: Basic, or key and secret among the parameters, or key and signature; checked as strictly as Vonage does."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest

from bot.emulator.profile import Profile
from bot.emulator.statuses import Refused
from bot.vonage.signatures import verify


def check_credentials(parameters: Mapping[str, str], authorization: str | None, profile: Profile) -> None:
    """Raises Refused."""
    key, secret = read_basic(authorization) or (parameters.get("api_key", ""), parameters.get("api_secret", ""))
    if not key:
        raise Refused("2", "Missing api_key")
    if "sig" in parameters and secret:
        raise Refused("32")
    if "sig" in parameters:
        if not same(key, profile.key) or not signed(parameters, profile):
            raise Refused("14")
    elif not secret:
        raise Refused("2", "Missing api_secret")
    elif not same(key, profile.key) or not same(secret, profile.secret):
        raise Refused("4")


def read_basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return ("", "")
    return (key, secret)


def same(given: str, expected: str | None) -> bool:
    """An account without a key takes any: there is nothing to protect."""
    return expected is None or compare_digest(given.encode(), expected.encode())


def signed(parameters: Mapping[str, str], profile: Profile) -> bool:
    secret = profile.signature_secret
    return secret is not None and "timestamp" in parameters and verify(parameters, secret, profile.signature_method)
