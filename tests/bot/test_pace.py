import pytest

from bot.pace import HOUR, MINUTE, Bucket, Pace, SenderLimit, StrangerLimit
from tests.people import ALICE, BOB, LINE, NOON, OTHER_LINE


def sent_in(seconds: int, pace: Pace) -> int:
    sent = 0
    for now in range(NOON, NOON + seconds * 1000, 10):
        count = pace.allowance(LINE, 100, now)
        pace.spend(LINE, count)
        sent += count
    return sent


@pytest.mark.parametrize(("account", "line", "most"), [(30, 30, 303), (30, 1, 11), (2, 30, 21), (0, 5, 51), (5, 0, 51)])
def test_no_more_leaves_than_both_rates_allow(account: float, line: float, most: int) -> None:
    assert most - 5 <= sent_in(10, Pace(account, {LINE: line})) <= most


def test_a_quiet_hour_earns_no_burst_of_a_second() -> None:
    pace = Pace(30, {LINE: 30})
    pace.spend(LINE, pace.allowance(LINE, 100, NOON))
    assert pace.allowance(LINE, 100, NOON + 3_600_000) == 3


def test_no_rate_means_no_limit() -> None:
    assert Pace(0, {LINE: 0}).allowance(LINE, 100, NOON) == 100


def test_lines_share_the_accounts_pace() -> None:
    pace = Pace(10, {LINE: 0, OTHER_LINE: 0})
    pace.spend(LINE, pace.allowance(LINE, 100, NOON))
    assert pace.allowance(OTHER_LINE, 100, NOON) == 0
    assert pace.ready_at(OTHER_LINE, NOON) == NOON + 101


def test_of_a_smaller_share_no_more_is_left_than_it_holds() -> None:
    pace = Pace(100, {LINE: 0})
    pace.share(0.5)
    assert pace.allowance(LINE, 100, NOON) == 5


def test_what_was_sent_is_counted_since_it_was_last_asked() -> None:
    pace = Pace(0, {LINE: 0})
    pace.spend(LINE, 3)
    pace.spend(LINE, 4)
    assert (pace.counted(), pace.counted(), pace.last_counted) == (7, 0, 0)


def test_a_bucket_knows_when_its_next_token_comes() -> None:
    bucket = Bucket(2)
    assert bucket.ready_at(NOON) == NOON
    bucket.take(1)
    assert bucket.ready_at(NOON) == NOON + 501
    assert bucket.available(NOON + 499) < 1
    assert bucket.available(NOON + 501) >= 1


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    bucket = Bucket(1)
    bucket.available(NOON)
    bucket.take(1)
    assert bucket.available(NOON - 3_600_000) < 1
    assert bucket.available(NOON - 3_600_000 + 1000) >= 1


def test_a_person_texts_freely_up_to_the_limit_and_then_in_its_rhythm() -> None:
    limit = SenderLimit(20)
    assert [limit.not_before(ALICE, NOON) for _ in range(20)] == [0] * 20
    assert [limit.not_before(ALICE, NOON) - NOON for _ in range(3)] == [3000, 6000, 9000]
    assert limit.not_before(BOB, NOON) == 0


def test_the_limit_recovers_with_time() -> None:
    limit = SenderLimit(20)
    for _ in range(20):
        limit.not_before(ALICE, NOON)
    assert limit.not_before(ALICE, NOON + MINUTE) == 0


def test_those_who_have_been_quiet_are_forgotten() -> None:
    limit = SenderLimit(1)
    limit.not_before(ALICE, NOON)
    limit.forget(NOON + MINUTE - 1)
    assert limit.not_before(ALICE, NOON) == NOON + MINUTE
    limit.forget(NOON + 2 * MINUTE)
    assert limit.not_before(ALICE, NOON) == 0


def test_no_sender_limit_holds_nobody() -> None:
    assert [SenderLimit(0).not_before(ALICE, NOON) for _ in range(3)] == [0, 0, 0]


def test_strangers_together_get_so_many_answers_in_any_hour() -> None:
    limit = StrangerLimit(2)
    for at in (NOON, NOON + 10):
        assert limit.left(at) > 0
        limit.take(at)
    assert limit.left(NOON + HOUR - 1) == 0
    assert limit.left(NOON + HOUR) == 1
    assert limit.left(NOON + HOUR + 10) == 2


def test_no_answer_at_all_is_a_limit_too() -> None:
    assert StrangerLimit(0).left(NOON) == 0
