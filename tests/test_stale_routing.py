"""Whoever changes partners on one line, and however late texts come: nobody's text reaches the wrong person."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from commands.durations import DAY, HOUR, MINUTE, SECOND
from storage.model import Millis
from storage.number import Number
from tests.people import ALICE, BOB, CAROL, DAVE, LINE, OTHER_LINE
from tests.stale.beliefs import Place
from tests.stale.plantings import PLANTINGS, Planting
from tests.stale.post import Fate
from tests.stale.scenes import OFTEN, RESTS, UNNOTICED, UNTIMELY, Scene, play
from tests.stale.town import Text, Town

EXAMPLES = int(os.environ.get("STALE", "25"))  # make stale: 2,000
MOST_UNTIL_CAUGHT = 200
LINES = (LINE, OTHER_LINE, Number("+447700900008"))
PARTNERS = (BOB, CAROL, BOB, DAVE)
LENGTHS: tuple[Millis, ...] = (
    100, 400, SECOND, SECOND, 30 * SECOND, 3 * MINUTE, 11 * MINUTE, HOUR, DAY, 97 * HOUR, 97 * HOUR, 30 * DAY,
)  # fmt: skip
AGO: tuple[Millis, ...] = (0, 0, 0, 300, 5 * SECOND, HOUR)
pytestmark = pytest.mark.no_cover
which = st.integers(min_value=0, max_value=9)


class StaleMachine(RuleBasedStateMachine):
    """Alice meets one after the other; the others now and then each other."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.late: list[Text] = []

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        self.loop.run(work)
        self.judge()

    def judge(self) -> None:
        if self.town.wrong:
            raise AssertionError("; ".join(self.town.wrong))

    @initialize(
        lines=st.sampled_from((1, 1, 1, 2, 3)), off=st.booleans(), strict=st.sampled_from((False,) * 4 + (True,))
    )
    def begin(self, lines: int, off: bool, strict: bool) -> None:
        path = Path(self.folder.name) / "town.db"
        self.town = Town(path, lines=LINES[:lines], changeover=0 if off else 10 * MINUTE, strict=strict)
        self.do(self.town.start())

    def chats(self) -> list[int]:
        return sorted(self.town.people)

    @rule(partner=st.sampled_from(PARTNERS), ago=st.sampled_from(AGO))
    def pair(self, partner: Number, ago: Millis) -> None:
        self.do(self.town.command(f"PAIR {ALICE.e164()} {partner.e164()}", ago=ago))

    @rule(a=st.sampled_from((ALICE, BOB)), b=st.sampled_from((CAROL, DAVE)))
    def a_program_pairs(self, a: Number, b: Number) -> None:
        self.do(self.town.opened_by_a_program(a, b))

    @precondition(lambda self: self.town.open)
    @rule(chat=which, by_program=st.booleans(), ago=st.sampled_from(AGO))
    def end(self, chat: int, by_program: bool, ago: Millis) -> None:
        chat = sorted(self.town.open)[chat % len(self.town.open)]
        if by_program:
            self.do(self.town.ended_by_a_program(self.town.open[chat]))
        else:
            self.do(self.town.command(f"END {chat}", ago=ago))

    @precondition(lambda self: self.town.people.keys() - self.town.open.keys())
    @rule(chat=which, ago=st.sampled_from(AGO))
    def reopen(self, chat: int, ago: Millis) -> None:
        closed = sorted(self.town.people.keys() - self.town.open.keys())
        self.do(self.town.command(f"REOPEN {closed[chat % len(closed)]}", ago=ago))

    def writer(self, chat: int, side: int) -> Place:
        if not self.town.open:
            return (ALICE, LINE)
        each = self.town.open[sorted(self.town.open)[chat % len(self.town.open)]].participants[side]
        return (each.number, each.line)

    @rule(chat=which, side=st.sampled_from((0, 0, 1)), later=st.booleans())
    def write(self, chat: int, side: int, later: bool) -> None:
        text = self.town.write(*self.writer(chat, side))
        if later:
            self.late.append(text)
        else:
            self.town.now += SECOND  # many at once would look like a loop between two machines
            self.do(self.town.bring(text))

    @precondition(lambda self: self.late)
    @rule(text=which, again=st.booleans())
    def a_late_text_comes(self, text: int, again: bool) -> None:
        late = self.late[text % len(self.late)]
        if not again:
            self.late.remove(late)
        self.do(self.town.bring(late))

    @rule(chat=which)
    def write_twice(self, chat: int) -> None:
        self.town.now += 3 * SECOND
        place = self.writer(chat, 0)
        self.do(self.town.bring(self.town.write(*place), self.town.write(*place)))

    @precondition(lambda self: self.town.open)
    @rule(chat=which, side=st.sampled_from((0, 0, 1)))
    def insist(self, chat: int, side: int) -> None:
        if self.loop.run(self.town.is_calm()):
            self.do(self.town.insist(self.writer(chat, side)))

    @rule(length=st.sampled_from(LENGTHS), crash=st.sampled_from((False, False, False, True)))
    def time_passes(self, length: Millis, crash: bool) -> None:
        if crash:
            self.do(self.town.crash())
            self.do(self.town.start())
        self.do(self.town.wait(length))

    @rule(texts=st.integers(min_value=1, max_value=3))
    def the_next_texts_are_held(self, texts: int) -> None:
        self.town.post.to_hold = texts

    @precondition(lambda self: self.town.post.held)
    @rule(text=which, fate=st.sampled_from(Fate))
    def a_held_text_is_decided(self, text: int, fate: Fate) -> None:
        self.do(self.town.decide(text, fate))

    @precondition(lambda self: self.town.post.unsaid)
    @rule(text=which, status=st.sampled_from(("accepted", "delivered", "failed")))
    def a_receipt_comes(self, text: int, status: str) -> None:
        self.do(self.town.confirm(text, status))

    @rule(scene=st.sampled_from(UNNOTICED), which=which, rests=st.sampled_from(RESTS))
    def somebody_new_is_not_noticed(self, scene: Scene, which: int, rests: Millis) -> None:
        self.do(play(self.town, scene, which, rests))

    @rule(scene=st.sampled_from(UNTIMELY), which=which, rests=st.sampled_from(RESTS))
    def a_text_comes_late_or_soon(self, scene: Scene, which: int, rests: Millis) -> None:
        self.do(play(self.town, scene, which, rests))

    @rule(scene=st.sampled_from(OFTEN), which=which, rests=st.sampled_from(RESTS))
    def ends_come_often(self, scene: Scene, which: int, rests: Millis) -> None:
        self.do(play(self.town, scene, which, rests))

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        self.loop.run(self.town.judge_the_lost())
        self.loop.run(self.town.crash())
        self.loop.close()
        self.folder.cleanup()
        self.judge()


MANNER = settings(
    # Not made smaller: with a real file under each step that takes minutes, and the trace is readable as it is.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize="STALE" not in os.environ,  # the suite plays the same each time
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(3600)
def test_no_text_reaches_the_wrong_person() -> None:
    run_state_machine_as_test(StaleMachine, settings=MANNER)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("planting", PLANTINGS, ids=lambda planting: planting.name)
def test_what_is_planted_is_seen(planting: Planting) -> None:
    manner = settings(
        MANNER, max_examples=MOST_UNTIL_CAUGHT, phases=(Phase.generate,), report_multiple_bugs=False, derandomize=False
    )
    with planting.code(), pytest.raises(AssertionError, match=planting.seen_as):
        run_state_machine_as_test(seed(planting.seed)(StaleMachine), settings=manner)
