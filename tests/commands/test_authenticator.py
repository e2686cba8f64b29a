import pyotp
import pytest

from commands.authenticator import STEP, is_secret, step_of
from tests.people import NOON

# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "digits"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_digits_of_the_standard_are_right_at_their_time(seconds: int, digits: str) -> None:
    assert step_of(RFC, digits, seconds * 1000) == seconds // 30


@pytest.mark.parametrize(("off", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_neighbouring_step_is_right_too(off: int, right: bool) -> None:
    digits = pyotp.TOTP(RFC).at(NOON // 1000 + 30 * off)
    assert step_of(RFC, digits, NOON) == (NOON // STEP + off if right else None)


@pytest.mark.parametrize("digits", ["", "287083", "0287082"])
def test_other_digits_are_wrong(digits: str) -> None:
    assert step_of(RFC, digits, 59_000) is None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (RFC, True),
        (RFC.lower(), True),
        (RFC[:24], True),
        (RFC[:23], False),
        ("JBSWY3DPEHPK3PXP", False),
        (RFC[:-1] + "1", False),
        ("", False),
    ],
)
def test_a_secret_is_base32_and_long_enough(text: str, good: bool) -> None:
    assert is_secret(text) == good
