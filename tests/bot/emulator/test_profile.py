"""How senders and recipients are spelled, and when a webhook is tried again."""

from __future__ import annotations

from itertools import islice

import pytest

from bot.emulator.profile import RETRIES, NotAnAddress, Phone, Profile, Retries, address, on_the_wire


@pytest.mark.parametrize(
    ("written", "address_of_it"),
    [
        ("447700900123", "+447700900123"),
        ("+44 7700 900-123", "+447700900123"),
        (" +1 (555) 555-0100 ", "+15555550100"),
        ("12345", "12345"),
        ("PROMO 24", "PROMO 24"),
    ],
)
def test_each_sender_has_one_spelling(written: str, address_of_it: str) -> None:
    assert address(written) == address_of_it


@pytest.mark.parametrize("written", ["", "+", "12", "1234567890123456", "far too long a name", "٤٤٧٧٠٠٩٠٠١٢٣", "a/b"])
def test_what_no_phone_could_show_is_no_address(written: str) -> None:
    with pytest.raises(NotAnAddress):
        address(written)


def test_the_wire_has_bare_digits() -> None:
    assert [on_the_wire(each) for each in ("+447700900123", "12345", "PROMO")] == ["447700900123", "12345", "PROMO"]


def test_without_lines_any_number_is_one() -> None:
    assert Profile().owns("+447700900009")
    assert not Profile(lines=("+447700900001",)).owns("+447700900009")


def test_a_webhook_is_tried_after_5_seconds_doubling_to_15_minutes_for_a_day() -> None:
    waits = list(Retries().waits("inbound"))
    assert list(islice(waits, 9)) == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert 24 * 3600 - 900 < sum(waits) <= 24 * 3600


def test_by_the_older_rule_it_is_tried_every_minute_and_a_receipt_for_three_days() -> None:
    assert set(RETRIES["A"].waits("inbound")) == {60}
    assert sum(RETRIES["A"].waits("inbound")) == 24 * 3600
    assert sum(RETRIES["A"].waits("receipt")) == 72 * 3600


def test_a_trial_account_may_text_the_first_phone_or_its_test_numbers() -> None:
    phones = (Phone("+447700900101", "Alice"), Phone("+447700900102", "Bob"))
    numbers = [phone.address for phone in phones]
    assert [Profile(phones=phones, trial=True).may_text(each) for each in numbers] == [True, False]
    named = Profile(phones=phones, trial=True, test_numbers=("+447700900102",))
    assert [named.may_text(each) for each in numbers] == [False, True]
    assert Profile(phones=phones).may_text("+447700900103")
