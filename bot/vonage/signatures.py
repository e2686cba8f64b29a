"""How Vonage signs the parameters of a request: made and verified here, for all five of its methods.

The SDK's own check cannot do `md5hash`, Vonage's default, and raises on a `sig` that is odd.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum


class Method(StrEnum):
    """The account's choice: a plain hash of parameters and secret, or an HMAC of the name's digest."""

    MD5HASH = "md5hash"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


def sign(parameters: Mapping[str, str], secret: str, method: Method) -> str:
    """The `sig` of these parameters, in the letter case Vonage sends it in; a `sig` among them does not count."""
    # An & or = in a value could pass for the border between two parameters.
    base = "".join(
        f"&{key}={parameters[key].replace('&', '_').replace('=', '_')}" for key in sorted(parameters) if key != "sig"
    )
    if method is Method.MD5HASH:
        return hashlib.md5(_bytes(base + secret), usedforsecurity=False).hexdigest()
    return hmac.new(_bytes(secret), _bytes(base), method.value).hexdigest().upper()


def verify(parameters: Mapping[str, str], secret: str, method: Method) -> bool:
    """Whether `sig` is theirs, with blank values signed or left out: Vonage's own libraries disagree on those."""
    given = str(parameters.get("sig", ""))
    if _same(given, sign(parameters, secret, method)):
        return True
    filled = {key: value for key, value in parameters.items() if value}
    return len(filled) < len(parameters) and _same(given, sign(filled, secret, method))


def _same(given: str, expected: str) -> bool:
    # Compared as bytes: on str that is not ASCII compare_digest raises, which anybody could cause.
    return hmac.compare_digest(_bytes(given.lower()), _bytes(expected.lower()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # JSON can spell a lone surrogate, which UTF-8 cannot
