"""Which receipts follow a text, and what each kind of trouble makes of them."""

from __future__ import annotations

from itertools import count

import pytest

from bot.emulator.account import Account
from bot.emulator.profile import Profile
from bot.emulator.receipts import Word, arrives, due, spelled

TAKEN = [{"message-id": "M1", "message-price": "0.04120000"}, {"message-id": "M2", "message-price": "0.04120000"}]
SENT = {"from": "447700900001", "to": "447700900101", "client-ref": "r1"}


def account(delay: float = 0) -> Account:
    tokens = count(1)
    return Account(Profile(receipt_delay=delay), lambda: 0, lambda size: f"{next(tokens):0{2 * size}x}")


def said(fault: str | None) -> list[tuple[str, str, str, float]]:
    return [(word.message_id, word.status, word.err_code, word.after) for word in due(account(), TAKEN, fault)]


def test_each_part_has_a_receipt_of_its_own() -> None:
    assert said(None) == [("M1", "delivered", "0", 0), ("M2", "delivered", "0", 0)]


def test_they_come_after_the_delay_that_is_set() -> None:
    assert [word.after for word in due(account(delay=2.5), TAKEN, None)] == [2.5, 2.5]


@pytest.mark.parametrize(
    ("fault", "status", "err_code"),
    [
        ("receipt-failed", "failed", "6"),
        ("receipt-expired", "expired", "2"),
        ("receipt-rejected", "rejected", "14"),
        ("receipt-opted-out", "failed", "9"),
    ],
)
def test_with_these_the_text_never_arrives(fault: str, status: str, err_code: str) -> None:
    assert said(fault) == [("M1", status, err_code, 0), ("M2", status, err_code, 0)]
    assert not arrives(fault)


def test_what_somebody_who_opted_out_did_not_get_costs_nothing() -> None:
    assert {word.price for word in due(account(), TAKEN, "receipt-opted-out")} == {"0.00000000"}
    assert {word.price for word in due(account(), TAKEN, "receipt-failed")} == {"0.04120000"}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("receipt-lost", []),
        ("receipt-early", [("M1", "delivered", 0), ("M2", "delivered", 0)]),
        ("receipt-late", [("M1", "delivered", 60), ("M2", "delivered", 60)]),
        ("receipt-repeated", [("M1", "delivered", 0), ("M2", "delivered", 0)] * 3),
        (
            "receipt-buffered-first",
            [("M1", "buffered", 0), ("M2", "buffered", 0), ("M1", "delivered", 5), ("M2", "delivered", 5)],
        ),
        (
            "receipt-reordered",
            [("M2", "delivered", 0), ("M2", "buffered", 0), ("M1", "delivered", 0), ("M1", "buffered", 0)],
        ),
    ],
)
def test_with_these_the_text_arrives_all_the_same(fault: str, expected: list[tuple[str, str, float]]) -> None:
    assert [(id, status, after) for id, status, _, after in said(fault)] == expected
    assert arrives(fault)


def test_a_false_one_is_about_nothing_we_know() -> None:
    words = due(account(), TAKEN, "receipt-false")
    assert [word.message_id in ("M1", "M2") for word in words] == [True, True, False, False]
    assert ["client-ref" in spelled(account(), SENT, word) for word in words] == [True, True, False, False]


def test_one_without_a_reference_is_about_the_same_text() -> None:
    words = due(account(), TAKEN, "receipt-no-ref")
    assert [word.message_id for word in words] == ["M1", "M2"]
    assert not any("client-ref" in spelled(account(), SENT, word) for word in words)


def test_a_receipt_is_spelled_as_a_webhook() -> None:
    told = spelled(account(), SENT, Word("M1", "failed", "6", "0.04120000"))
    assert (told["status"], told["err-code"], told["price"], told["client-ref"]) == ("failed", "6", "0.04120000", "r1")
