"""The feed: what a watcher hears, and what becomes of one that does not listen."""

from __future__ import annotations

from bot.emulator.feed import BACKLOG, Change, Feed

NEWS = Change("text", {"id": "1"})


async def test_a_watcher_hears_what_comes_after_it_began() -> None:
    feed = Feed()
    feed.publish(Change("text", {"id": "0"}))
    with feed.watch() as watch:
        feed.publish(NEWS)
        assert await watch.get() == NEWS
        assert watch.empty()


async def test_who_has_left_costs_nothing() -> None:
    feed = Feed()
    with feed.watch() as watch:
        pass
    feed.publish(NEWS)
    assert watch.empty()


async def test_a_watcher_that_does_not_listen_is_cut_off_and_told_so() -> None:
    feed = Feed()
    with feed.watch() as watch:
        for _ in range(BACKLOG + 50):
            feed.publish(NEWS)
        assert watch.qsize() == BACKLOG + 1
        heard = [await watch.get() for _ in range(BACKLOG + 1)]
    assert heard[-1] is None
