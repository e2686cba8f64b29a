"""What the webhooks say, compared with Vonage's reference, and signed so that Vonage's own libraries agree."""

from __future__ import annotations

from itertools import count

import pytest
from vonage_http_client import Auth

from bot.emulator.account import Account
from bot.emulator.callbacks import inbound, inbound_octets, keyword, receipt, stamped
from bot.emulator.profile import Profile
from bot.vonage.signatures import Method, verify

ALICE, LINE = "+447700900101", "+447700900001"
SECRET = "a made-up signature secret"


def account(**profile: object) -> Account:
    tokens = count(1)
    return Account(Profile(**profile), lambda: 1_770_000_515_900, lambda size: f"{next(tokens):0{2 * size}x}")  # type: ignore[arg-type]


def test_a_short_text_is_one_webhook() -> None:
    assert inbound(account(), ALICE, LINE, "On my way.") == [
        {
            "msisdn": "447700900101",
            "to": "447700900001",
            "messageId": "0000000000000001",
            "text": "On my way.",
            "type": "text",
            "keyword": "ON",
        }
    ]


def test_a_long_text_comes_in_parts_with_ids_of_their_own() -> None:
    parts = inbound(account(), ALICE, LINE, "a" * 153 + "[" + "b" * 152)
    assert [len(part["text"]) for part in parts] == [153, 152, 1]
    assert len({part["messageId"] for part in parts}) == 3
    assert {(part["concat"], part["concat-ref"], part["concat-total"]) for part in parts} == {("true", "1", "3")}
    assert [part["concat-part"] for part in parts] == ["1", "2", "3"]


def test_each_long_text_has_its_own_ref() -> None:
    here = account()
    first, second = (inbound(here, ALICE, LINE, "x" * 200)[0]["concat-ref"] for _ in range(2))
    assert first != second


def test_an_emoji_anywhere_makes_every_part_unicode() -> None:
    parts = inbound(account(), ALICE, LINE, "x" * 100 + "😀")
    assert [part["type"] for part in parts] == ["unicode", "unicode"]


@pytest.mark.parametrize(
    ("part", "word"), [("stop it", "STOP"), ("Hello! you", "HELLO!"), ("là vai", "LÀ"), ("", ""), (" \n", "")]
)
def test_the_keyword_is_the_first_word_in_capitals(part: str, word: str) -> None:
    assert keyword(part) == word


def test_in_a_receipt_the_roles_are_reversed() -> None:
    sent = {"from": "447700900001", "to": "447700900101", "text": "hi", "client-ref": "r1"}
    assert receipt(account(), sent, "M1", "0.04120000", "delivered", "0") == {
        "msisdn": "447700900101",
        "to": "447700900001",
        "network-code": "23420",
        "messageId": "M1",
        "price": "0.04120000",
        "status": "delivered",
        "scts": "2602020248",
        "err-code": "0",
        "client-ref": "r1",
    }


def test_octets_come_as_hex_and_without_a_text() -> None:
    assert inbound_octets(account(), ALICE, LINE, "6869", "050003010201") == {
        "msisdn": "447700900101",
        "to": "447700900001",
        "messageId": "0000000000000001",
        "type": "binary",
        "data": "6869",
        "udh": "050003010201",
    }


def test_a_webhook_has_the_accounts_key_and_vonages_time() -> None:
    told = stamped(account(key="abcd1234"), {"text": "hi"})
    assert told == {"text": "hi", "message-timestamp": "2026-02-02 02:48:35", "api-key": "abcd1234"}


@pytest.mark.parametrize("method", list(Method))
def test_a_signed_webhook_verifies(method: Method) -> None:
    told = stamped(account(signature_secret=SECRET, signature_method=method), {"text": "a & b = ç"})
    assert told["timestamp"] == "1770000515"
    assert verify(told, SECRET, method)
    assert not verify(told | {"text": "something else"}, SECRET, method)


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.MD5HASH])
def test_the_sdk_accepts_the_signatures_of_the_four_hmacs(method: Method) -> None:
    here = account(key="abcd1234", signature_secret=SECRET, signature_method=method)
    (parameters,) = inbound(here, ALICE, LINE, "Będę za pięć minut & more")
    told = stamped(here, parameters)
    sdk = Auth(api_key="abcd1234", signature_secret=SECRET, signature_method=method.value)
    # The SDK compares letter by letter, while Vonage sends capitals.
    assert sdk.check_signature(told | {"sig": told["sig"].lower()})
    assert not sdk.check_signature(told | {"sig": told["sig"].lower(), "text": "something else"})


@pytest.mark.parametrize("profile", [{}, {"signature_secret": SECRET, "signs_webhooks": False}])
def test_an_account_that_does_not_sign_sends_no_trace_of_it(profile: dict[str, object]) -> None:
    assert stamped(account(**profile), {"text": "hi"}).keys().isdisjoint({"sig", "nonce", "timestamp", "api-key"})


@pytest.mark.parametrize("profile", [{}, {"signature_secret": SECRET}])
@pytest.mark.parametrize("fault", ["webhook-bad-signature", "receipt-bad-signature"])
def test_a_bad_signature_is_one_even_where_none_is_made(profile: dict[str, object], fault: str) -> None:
    told = stamped(account(**profile), {"text": "hi"}, fault)
    assert len(told["sig"]) == 32
    assert not verify(told, SECRET, Method.MD5HASH)


def test_stale_stamps_are_rightly_signed_and_a_day_old() -> None:
    told = stamped(account(signature_secret=SECRET), {"text": "hi"}, "webhook-stale-stamp")
    assert (told["message-timestamp"], told["timestamp"]) == ("2026-02-01 00:48:35", str(1770000515 - 26 * 3600))
    assert verify(told, SECRET, Method.MD5HASH)
