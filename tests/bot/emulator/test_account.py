"""The account: what phones show, what is left of the balance, what is kept."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count

from bot.emulator.account import KEPT_TEXTS, PRICE, Account, Direction, State
from bot.emulator.faults import FIRST_SEED, KINDS, Rule
from bot.emulator.profile import Phone, Profile
from bot.emulator.wirelog import Exchange
from commands.gsm import Encoding

ALICE, LINE = "+447700900101", "+447700900001"


def account(profile: Profile = Profile()) -> Account:  # noqa: B008 - a frozen value
    ticks, tokens = count(1_770_000_000_000, 1000), count(1)
    return Account(profile, lambda: next(ticks), lambda size: f"{next(tokens):0{2 * size}x}")


def test_a_phone_shows_both_directions_in_their_order() -> None:
    here = account()
    here.receive(ALICE, LINE, "hello", Encoding.GSM)
    here.send(ALICE, LINE, "hi back")
    shown = [(text.direction, text.text, text.state) for text in here.texts_on(ALICE)]
    assert shown == [
        (Direction.RECEIVED, "hello", State.DELIVERED),
        (Direction.SENT, "hi back", State.SENDING),
    ]


def test_a_text_is_told_with_its_sender_first_and_its_time() -> None:
    told = account().send(ALICE, LINE, "on my way 😀").told()
    assert (told["from"], told["to"]) == (ALICE, LINE)
    assert (told["encoding"], told["units"], told["segments"]) == (Encoding.UCS2, 12, 1)
    assert told["at"] == "2026-02-02T02:40:00.000Z"


def test_a_number_nobody_prepared_gets_a_phone() -> None:
    here = account(Profile(phones=(Phone("+447700900100", "Admin"),)))
    here.receive(ALICE, LINE, "hello", Encoding.GSM)
    assert list(here.phones) == ["+447700900100", ALICE]


def test_a_settled_text_keeps_its_place() -> None:
    here = account()
    first = here.send(ALICE, LINE, "one")
    here.send(ALICE, LINE, "two")
    here.settle(first, State.FAILED, "the service answered 401")
    assert [(text.text, text.state, text.note) for text in here.texts_on(ALICE)] == [
        ("one", State.FAILED, "the service answered 401"),
        ("two", State.SENDING, None),
    ]


def test_the_oldest_texts_go_when_a_phone_is_full() -> None:
    here = account()
    first = here.send(ALICE, LINE, "first")
    for _ in range(KEPT_TEXTS):
        here.send(ALICE, LINE, "more")
    assert len(here.texts_on(ALICE)) == KEPT_TEXTS
    here.settle(first, State.DELIVERED)
    assert first.id not in {text.id for text in here.texts_on(ALICE)}


def test_each_part_costs_until_nothing_is_left() -> None:
    here = account(Profile(balance=PRICE * 3))
    assert here.charge(2)
    assert not here.charge(2)
    assert here.charge(1)
    assert here.balance == Decimal(0)


def test_concat_refs_fit_one_octet_and_are_recycled() -> None:
    here = account()
    refs = [here.next_concat_ref() for _ in range(256)]
    assert (refs[0], refs[254], refs[255]) == (1, 255, 1)


def test_each_change_is_published() -> None:
    here = account()
    with here.feed.watch() as watch:
        here.send(ALICE, LINE, "hi")
        here.log(Exchange(0, "sms", "POST", "http://x/sms/json", {}, 200, "{}"))
        changes = [watch.get_nowait() for _ in range(watch.qsize())]
    assert [change.kind for change in changes if change] == ["phone", "text", "exchange"]


def test_a_reset_account_is_as_it_started() -> None:
    here = account(Profile(phones=(Phone(ALICE, "Alice"),)))
    here.change(replace(here.profile, trial=True))
    here.add_phone(Phone("+447700900102", "Bob"))
    here.send(ALICE, LINE, "hi")
    here.charge(5)
    here.blocked.add((LINE, ALICE))
    here.log(Exchange(0, "sms", "POST", "http://x/sms/json", {}, 200, "{}"))
    here.faults.switch_on(Rule(KINDS["close"]))
    here.faults.sow(7)
    here.reset()
    left = (here.profile, list(here.phones), here.texts_on(ALICE), here.balance, here.blocked, list(here.wire))
    assert left == (Profile(phones=(Phone(ALICE, "Alice"),)), [ALICE], [], Decimal(1000), set(), [])
    assert (here.faults.rules, here.faults.seed, here.next_concat_ref()) == ({}, FIRST_SEED, 1)


def test_the_ids_in_the_wire_log_go_on_after_a_reset() -> None:
    here = account()
    for _ in range(2):
        here.log(Exchange(0, "sms", "POST", "http://x/sms/json", {}, 200, "{}"))
    here.reset()
    here.log(Exchange(0, "sms", "POST", "http://x/sms/json", {}, 200, "{}"))
    assert [exchange.id for exchange in here.wire] == [3]


def at(*millis: int, rate: int | None = 2) -> list[int]:
    """How long each of the requests that come at these times has to wait."""
    clock = iter(millis)
    here = Account(Profile(rate=rate), lambda: next(clock), lambda size: "0")
    return [here.wait_for_room() for _ in millis]


def test_so_many_requests_have_room_in_any_second() -> None:
    assert at(0, 100, 300, 999, 1000, 1050, 1100) == [0, 0, 700, 1, 0, 50, 0]


def test_without_a_rate_all_have_room() -> None:
    assert set(at(*[0] * 100, rate=None)) == {0}


def test_octets_are_shown_as_hex() -> None:
    told = account().receive_octets(ALICE, LINE, b"\x06\x05hi").told()
    assert (told["text"], told["encoding"], told["units"], told["segments"]) == ("06056869", "binary", 4, 1)


def test_a_balance_that_is_changed_is_what_is_left_from_then_on() -> None:
    here = account(Profile(balance=PRICE))
    assert here.charge(1)
    here.change(replace(here.profile, trial=True))
    assert here.balance == 0, "whatever else is changed"
    here.change(replace(here.profile, balance=Decimal(5)))
    assert here.balance == 5
