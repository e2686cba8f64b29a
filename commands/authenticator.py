"""An authenticator's six digits in place of a code: which are right at a moment. Pure; what was used is remembered."""

from __future__ import annotations

import hmac

import pyotp

from commands.durations import SECOND
from storage.model import Millis

DIGITS = 6
STEP = 30 * SECOND
LEAST_SECRET = 24  # letters of base32: NIST SP 800-63B asks for 112 bits


def step_of(secret: str, digits: str, now: Millis) -> int | None:
    """The newest time step whose digits these are, of the present one and its neighbours, for clocks differ.

    `digits` are ASCII. None: they are wrong.
    """
    made = pyotp.TOTP(secret, digits=DIGITS, interval=STEP // SECOND)
    present = now // STEP
    steps = [
        step for step in (present - 1, present, present + 1) if hmac.compare_digest(made.generate_otp(step), digits)
    ]
    return max(steps, default=None)


def is_secret(text: str) -> bool:
    """Base32, and long enough not to be guessed."""
    if len(text.rstrip("=")) < LEAST_SECRET:
        return False
    try:
        pyotp.TOTP(text).byte_secret()
    except ValueError:
        return False
    return True
