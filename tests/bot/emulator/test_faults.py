"""Faults on demand: whom they strike, how often, and that chance can be repeated."""

from __future__ import annotations

import pytest

from bot.emulator.faults import KINDS, MAGIC, About, Faults, Rule, magic_numbers
from bot.emulator.feed import Feed
from bot.emulator.statuses import STATUSES

ALICE, BOB, CAROL = "+447700900101", "+447700900102", "+447700900103"


@pytest.fixture
def faults() -> Faults:
    return Faults(Feed())


def strikes(faults: Faults, number: str = ALICE, times: int = 1) -> list[str | None]:
    return [faults.strike(About.SEND, number) for _ in range(times)]


def test_without_faults_nothing_goes_wrong(faults: Faults) -> None:
    assert strikes(faults) == [None]


def test_a_fault_without_a_number_strikes_everybody_and_what_it_is_about_only(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["close"]))
    assert strikes(faults, ALICE) + strikes(faults, BOB) == ["close", "close"]
    assert faults.strike(About.RECEIPT, ALICE) is faults.strike(About.WEBHOOK, ALICE) is None


def test_a_fault_with_a_number_leaves_others_alone(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["close"], BOB))
    assert strikes(faults, ALICE) + strikes(faults, BOB) == [None, "close"]


def test_after_so_many_times_it_is_over(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["close"], times=2))
    assert strikes(faults, times=3) == ["close", "close", None]
    assert faults.rules == {}


def test_the_oldest_that_strikes_comes_first(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["slow"], BOB))
    faults.switch_on(Rule(KINDS["hang"], times=1))
    faults.switch_on(Rule(KINDS["close"]))
    assert strikes(faults, times=2) == ["hang", "close"]


def test_who_is_accepted_is_spared_what_befalls_the_others(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["close"]))
    faults.switch_on(Rule(KINDS["accept"], ALICE, times=1))
    assert strikes(faults, BOB) + strikes(faults, ALICE, times=2) == ["close", None, "close"]


def test_even_a_magic_number_can_be_accepted(faults: Faults) -> None:
    number = next(number for number, kind in MAGIC.items() if kind == "status-6")
    faults.switch_on(Rule(KINDS["accept"]))
    assert strikes(faults, number) == [None]


def test_a_fault_switched_off_strikes_no_more(faults: Faults) -> None:
    rule = faults.switch_on(Rule(KINDS["close"]))
    assert faults.switch_off(rule.id)
    assert not faults.switch_off(rule.id)
    assert strikes(faults) == [None]


def drawn(seed: int, others: int = 0) -> list[str | None]:
    faults = Faults(Feed())
    faults.begin(seed, [Rule(KINDS["close"], probability=0.5)])
    found = []
    for _ in range(40):
        found += strikes(faults, ALICE)
        strikes(faults, BOB, others)
    return found


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert 8 < drawn(7).count("close") < 32


def test_what_happens_to_others_meanwhile_changes_nothing() -> None:
    assert drawn(7, others=3) == drawn(7)


def test_sowing_the_seed_again_begins_anew(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["close"], probability=0.5))
    first = strikes(faults, times=20)
    faults.sow(faults.seed)
    assert strikes(faults, times=20) == first


@pytest.mark.parametrize(("probability", "expected"), [(0.0, {None}), (1.0, {"close"})])
def test_the_ends_of_chance_are_certain(faults: Faults, probability: float, expected: set[str | None]) -> None:
    faults.switch_on(Rule(KINDS["close"], probability=probability))
    assert set(strikes(faults, times=100)) == expected


def test_a_fault_of_long_texts_waits_for_one(faults: Faults) -> None:
    faults.switch_on(Rule(KINDS["partial"], times=1))
    assert faults.strike(About.SEND, ALICE, parts=1) is None
    assert faults.strike(About.SEND, ALICE, parts=2) == "partial"


@pytest.mark.parametrize(("number", "kind"), MAGIC.items())
def test_a_magic_number_always_fails_in_its_one_way(faults: Faults, number: str, kind: str) -> None:
    assert {faults.strike(KINDS[kind].about, number, parts=2) for _ in range(3)} == {kind}
    for about in set(About) - {KINDS[kind].about}:
        assert faults.strike(about, number, parts=2) is None


def test_the_magic_numbers_are_fictional_and_say_what_they_do() -> None:
    told = list(magic_numbers())
    assert all(each["number"].startswith("+4477009009") and each["does"] == KINDS[each["kind"]].says for each in told)
    assert all(each["about"] == KINDS[each["kind"]].about for each in told)
    assert {each["about"] for each in told} == set(About)


def test_there_is_a_fault_for_every_status() -> None:
    assert {f"status-{status}" for status in STATUSES} <= KINDS.keys()


def test_each_change_is_published() -> None:
    feed = Feed()
    faults = Faults(feed)
    with feed.watch() as watch:
        rule = faults.switch_on(Rule(KINDS["close"], times=1))
        strikes(faults)
        faults.sow(3)
        faults.all_off()
        changes = [change for _ in range(watch.qsize()) if (change := watch.get_nowait())]
    assert [change.told["active"] for change in changes] == [[rule.told()], [], [], []]
    assert {change.kind for change in changes} == {"faults"}
