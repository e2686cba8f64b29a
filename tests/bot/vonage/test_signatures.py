"""Signatures: against published vectors, against the SDK and hashlib, and against odd input."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vonage_http_client import Auth

from bot.vonage.signatures import Method, sign, verify

SECRET = "a made-up signature secret"
INBOUND = {
    "msisdn": "447700900123",
    "to": "447700900001",
    "messageId": "02000000DA7C52E7",
    "text": "Będę za pięć minut",
    "type": "unicode",
    "message-timestamp": "2026-02-01 17:48:35",
    "timestamp": "1770000515",
    "nonce": "6f1d5c1e-8f0b-4f6f-9d57-0c1b2a3d4e5f",
}
HMACS = [method for method in Method if method is not Method.MD5HASH]
every_method = pytest.mark.parametrize("method", list(Method))
anything = st.text(st.characters(), max_size=30)
parameters = st.dictionaries(anything, anything, max_size=8)


def signed(method: Method, **changes: str) -> dict[str, str]:
    told = INBOUND | changes
    return told | {"sig": sign(told, SECRET, method)}


@pytest.mark.parametrize(
    ("told", "secret", "sig"),
    [
        # Published with Vonage's Python and Ruby libraries.
        ({"a": "1", "b": "2", "timestamp": "1461605396"}, "secret", "6af838ef94998832dbfc29020b564830"),
        ({"k": "_"}, "my_secret_key_for_testing", "c3d6a686ab9c7e7408bb1c0506e9629a"),
        ({"k": "&"}, "my_secret_key_for_testing", "c3d6a686ab9c7e7408bb1c0506e9629a"),
        ({"k": "="}, "my_secret_key_for_testing", "c3d6a686ab9c7e7408bb1c0506e9629a"),
    ],
)
def test_published_vectors_of_the_plain_hash_hold(told: dict[str, str], secret: str, sig: str) -> None:
    assert sign(told, secret, Method.MD5HASH) == sig
    assert verify(told | {"sig": sig}, secret, Method.MD5HASH)


@pytest.mark.no_cover  # other tests cover it, and it would take four times as long
@pytest.mark.parametrize("method", HMACS)
@given(told=st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=8))
def test_the_hmacs_agree_with_the_sdk(method: Method, told: dict[str, str]) -> None:
    told = {key: value for key, value in told.items() if key != "sig"} | {"timestamp": "1770000515"}
    sdk = Auth(api_key="abcd1234", signature_secret=SECRET, signature_method=method.value)
    assert sign(told, SECRET, method) == sdk.sign_params(dict(told)).upper()


def test_the_plain_hash_is_md5_of_the_sorted_parameters_and_the_secret() -> None:
    base = "&message-timestamp=2026-02-01 17:48:35&messageId=02&text=a_b_ç"
    told = {"text": "a&b=ç", "messageId": "02", "message-timestamp": "2026-02-01 17:48:35", "sig": "left out"}
    assert sign(told, SECRET, Method.MD5HASH) == hashlib.md5((base + SECRET).encode()).hexdigest()  # noqa: S324


def test_the_plain_hash_is_lower_case_and_the_hmacs_upper_case_as_on_the_wire() -> None:
    assert sign(INBOUND, SECRET, Method.MD5HASH).islower()
    assert all(sign(INBOUND, SECRET, method).isupper() for method in HMACS)


@every_method
def test_the_letter_case_of_sig_does_not_matter(method: Method) -> None:
    told = signed(method)
    assert verify(told | {"sig": told["sig"].upper()}, SECRET, method)
    assert verify(told | {"sig": told["sig"].lower()}, SECRET, method)


@every_method
@pytest.mark.parametrize("key", list(INBOUND))
def test_a_changed_or_missing_parameter_is_noticed(method: Method, key: str) -> None:
    told = signed(method)
    assert not verify(told | {key: told[key] + "x"}, SECRET, method)
    assert not verify({name: value for name, value in told.items() if name != key}, SECRET, method)


@every_method
def test_an_added_parameter_is_noticed(method: Method) -> None:
    assert not verify(signed(method) | {"concat": "true"}, SECRET, method)


@every_method
def test_another_secret_or_method_does_not_verify(method: Method) -> None:
    told = signed(method)
    assert not verify(told, SECRET + "x", method)
    assert not any(verify(told, SECRET, other) for other in Method if other is not method)


@every_method
def test_blank_values_may_be_signed_or_left_out(method: Method) -> None:
    left_out = {**signed(method), "text": "", "sig": ""}
    left_out["sig"] = sign({key: value for key, value in left_out.items() if value}, SECRET, method)
    assert verify(signed(method, text=""), SECRET, method)
    assert verify(left_out, SECRET, method)


@pytest.mark.parametrize("sig", [None, 7, ["a"], {}, True, "", "é", "\ud800", "\0", "0" * 32, "K" * 32, "ﬀ" * 16])
@every_method
def test_an_odd_sig_is_simply_wrong(method: Method, sig: object) -> None:
    told: dict[str, str] = {**INBOUND, "sig": sig}  # type: ignore[dict-item]
    assert not verify(told, SECRET, method)


@every_method
def test_a_missing_sig_is_wrong(method: Method) -> None:
    assert not verify(INBOUND, SECRET, method)
    assert not verify({}, SECRET, method)


@given(told=parameters, secret=anything, method=st.sampled_from(Method))
def test_whatever_the_parameters_verifying_never_raises(told: dict[str, str], secret: str, method: Method) -> None:
    assert not verify(told | {"sig": "no hex"}, secret, method)
    assert verify(told | {"sig": sign(told, secret, method)}, secret, method)
