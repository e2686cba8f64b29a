from dataclasses import replace

from bot.loops import FAST, FAST_WITHIN, SAME_WITHIN, Loops, Sign
from storage.model import Side
from tests.people import ALICE, NOON, inbound

A, B = Side.A, Side.B


def signs(*texts: tuple[str | None, int], side: Side = A, chat: int = 1, loops: Loops | None = None) -> list[Sign]:
    """What these texts give away, each at so many milliseconds after noon."""
    loops = loops or Loops()
    found = [loops.note(chat, side, inbound(ALICE, text, at=NOON + at)) for text, at in texts]
    return [sign for sign in found if sign is not None]


def test_thirty_texts_within_thirty_seconds_are_a_loop() -> None:
    assert signs(*[(f"{each}", each * 1000) for each in range(FAST)]) == [Sign.FAST]


def test_twenty_nine_are_none_nor_thirty_in_a_little_longer() -> None:
    assert signs(*[(f"{each}", 0) for each in range(FAST - 1)]) == []
    assert signs(*[(f"{each}", 0) for each in range(FAST - 1)], ("last", FAST_WITHIN)) == []


def test_the_same_text_five_times_in_ten_minutes_is_a_loop_though_others_come_between() -> None:
    texts: list[tuple[str | None, int]] = [(word, each * 60_000) for each in range(5) for word in ("ping", f"{each}")]
    assert signs(*texts) == [Sign.SAME]


def test_four_times_is_none_nor_five_times_in_a_little_longer() -> None:
    assert signs(*[("ok", 0)] * 4) == []
    assert signs(*[("ok", 0)] * 4, ("ok", SAME_WITHIN)) == []


def test_each_way_and_each_chat_counts_for_itself() -> None:
    loops = Loops()
    for side, chat in ((A, 1), (B, 1), (A, 2)):
        assert signs(*[("ok", 0)] * 4, side=side, chat=chat, loops=loops) == []


def test_what_is_brought_again_counts_once() -> None:
    loops, text = Loops(), inbound(ALICE, "ok")
    assert [loops.note(1, A, text) for _ in range(9)] == [None] * 9


def test_what_was_held_up_somewhere_and_comes_at_once_is_no_loop() -> None:
    loops = Loops()
    texts = [replace(inbound(ALICE, f"{each}", at=NOON + each * 2000), received_at=NOON) for each in range(40)]
    assert [loops.note(1, A, text) for text in texts] == [None] * 40


def test_pictures_are_not_the_same_text() -> None:
    assert signs(*[(None, 0)] * 9) == []


def test_after_it_has_tripped_it_begins_anew() -> None:
    loops = Loops()
    assert signs(*[("ok", 0)] * 5, loops=loops) == [Sign.SAME]
    assert signs(*[("ok", 0)] * 4, loops=loops) == []


def test_memory_is_for_the_chats_that_are_alive() -> None:
    loops = Loops()
    signs(*[("ok", 0)] * 4, loops=loops)
    loops.forget(NOON + SAME_WITHIN - 1)
    assert signs(("ok", 0), loops=loops) == [Sign.SAME]
    signs(*[("ok", 0)] * 4, loops=loops)
    loops.forget(NOON + SAME_WITHIN)
    assert signs(("ok", 0), loops=loops) == []


def test_no_word_of_anybodys_is_remembered() -> None:
    loops = Loops()
    signs(("canary", 0), loops=loops)
    assert "canary" not in repr(vars(loops))
