"""The outbox against a model of a page: whatever happens to texts in whatever order, both end in the same place."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from storage import chats, doubts, messages, outbox, people, receipts
from storage.engine import Transaction
from storage.model import Chat, Claim, Kind, Millis, Outbound, Seat, Side, State
from storage.number import Number
from storage.outbox import Back, Buried, Doubtful, Sent
from tests.migrated import migrated
from tests.people import ALICE, BOB, CAROL, DAVE, LINE, NOON, receipt
from tests.threadless import Threadless

T = TypeVar("T")
WAITING = (State.QUEUED, State.SENDING, State.UNCERTAIN)
UNDER_WAY = (State.SENDING, State.UNCERTAIN)
GRACE: Millis = 120_000
PAIRS = {ALICE: BOB, BOB: ALICE, CAROL: DAVE, DAVE: CAROL}
READERS = (BOB, BOB, ALICE, DAVE)  # few and hot: order breaks where texts wait behind one another


@dataclass
class Text:
    """What the design says of a text; `sends` are those nobody knew not to have been taken."""

    recipient: Number
    state: State = State.QUEUED
    claim: tuple[str, int] | None = None
    attempt: int = 0
    ready_at: Millis = 0
    changed_at: Millis = 0
    doubted: bool = False
    may_repeat: bool = False
    sends: int = 0

    def becomes(self, state: State, now: Millis) -> None:
        self.state, self.changed_at = state, now


@dataclass
class Model:
    texts: dict[int, Text] = field(default_factory=dict)
    opted_out: set[Number] = field(default_factory=set)
    closed: set[frozenset[Number]] = field(default_factory=set)
    turns: dict[Number, int] = field(default_factory=dict)

    def of(self, recipient: Number, *states: State) -> list[tuple[int, Text]]:
        return [(id, each) for id, each in self.texts.items() if each.recipient == recipient and each.state in states]

    def is_off(self, recipient: Number) -> bool:
        return recipient in self.opted_out or frozenset((recipient, PAIRS[recipient])) in self.closed

    def turn(self, recipient: Number, waiting: dict[int, Text]) -> int:
        """Whose it is: once somebody's, it stays theirs until they have left, through pauses and doubts."""
        held = self.turns.get(recipient)
        return held if held in waiting else min(waiting)

    def claim(self, owner: str, now: Millis) -> set[int]:
        """The first of each conversation that waits, unless one is under way, or its pause is not over."""
        claimed = set()
        for recipient in PAIRS:
            while waiting := dict(self.of(recipient, *WAITING)):
                id = self.turns[recipient] = self.turn(recipient, waiting)
                first = waiting[id]
                if first.state in UNDER_WAY or first.ready_at > now:
                    break
                if self.is_off(recipient):
                    first.becomes(State.CANCELLED, now)
                    continue
                first.attempt += 1
                first.claim = (owner, first.attempt)
                first.becomes(State.SENDING, now)
                claimed.add(id)
        return claimed


class OutboxMachine(RuleBasedStateMachine):
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.model, self.now, self.runs, self.last = Model(), NOON, 1, 0
        self.engine = self.loop.run(Threadless.open(migrated(Path(self.folder.name) / "outbox.db")))
        self.chats: dict[frozenset[Number], Chat] = {}

    def do(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def transact() -> T:
            async with self.engine.transaction() as tx:
                return await work(tx)

        return self.loop.run(transact())

    @property
    def owner(self) -> str:
        return f"run {self.runs}"

    @initialize()
    def two_chats(self) -> None:
        for a, b in ((ALICE, BOB), (CAROL, DAVE)):
            self.chats[frozenset((a, b))] = self.do(
                lambda tx, a=a, b=b: chats.open_chat(  # type: ignore[misc]
                    tx, a=Seat(a, LINE), b=Seat(b, LINE), label=None, opened_by="api", now=NOON, expires_at=None
                )
            )

    @rule(recipient=st.sampled_from(READERS))
    def write(self, recipient: Number) -> None:
        chat, writer = self.chats[frozenset((recipient, PAIRS[recipient]))], PAIRS[recipient]
        text = Outbound(LINE, recipient, "hi", Kind.RELAY, chat=chat.id, sender=Seat(writer, LINE))
        self.last += 1
        self.do(lambda tx: outbox.enqueue(tx, [(text, f"ref{self.last}")], self.now))
        self.model.texts[self.last] = Text(recipient, changed_at=self.now)

    @rule(target=claims, wait=st.booleans())
    def claim(self, wait: bool):  # type: ignore[no-untyped-def]
        if wait:
            self.time_passes()
        claimed = self.do(lambda tx: outbox.claim(tx, owner=self.owner, line=LINE, limit=9, now=self.now)).texts
        assert {each.id for each in claimed} == self.model.claim(self.owner, self.now)
        return multiple(*claimed)

    def answered(self, claim: Claim) -> bool:
        """Whether this answer still counts."""
        text = self.model.texts[claim.id]
        return text.state in UNDER_WAY and text.claim == (claim.owner, claim.attempt)

    @rule(claim=consumes(claims), outcome=st.sampled_from(["taken", "busy", "refused", "doubt", "doubt", "lost"]))
    def answer(self, claim: Claim, outcome: str) -> None:
        text, counts = self.model.texts[claim.id], self.answered(claim)
        match outcome:
            case "taken":
                self.do(lambda tx: outbox.accept(tx, [Sent(claim, (f"p{claim.id}-{claim.attempt}",))], self.now))
                text.sends += 1
                after = State.ACCEPTED
            case "busy":
                self.do(lambda tx: outbox.put_back(tx, [Back(claim, self.now + 1000, "busy")], self.now))
                text.ready_at = self.now + 1000 if counts else text.ready_at
                after = State.QUEUED
            case "refused":
                self.do(lambda tx: outbox.bury(tx, [Buried(claim, "status 6")], self.now))
                after = State.DEAD
            case _:
                text.sends += outcome == "lost"
                self.do(lambda tx: outbox.doubt(tx, [Doubtful(claim, "time-out")], self.now))
                counts = counts and text.state is State.SENDING
                text.doubted = text.doubted or counts
                after = State.UNCERTAIN
        if counts:
            text.becomes(after, self.now)

    def give_up(self, before: Millis | None) -> None:
        async def doubt(tx: Transaction) -> None:
            lost = await doubts.unanswered(tx, before=before)
            await outbox.doubt(tx, [Doubtful(each, "lost") for each in lost], self.now)

        self.do(doubt)

    def time_passes(self) -> None:
        self.now += GRACE
        self.give_up(before=self.now - GRACE // 2)
        self.do(lambda tx: doubts.end_doubt(tx, before=self.now - GRACE, now=self.now))
        for text in self.model.texts.values():
            if text.state is State.SENDING and text.changed_at <= self.now - GRACE // 2:
                text.doubted = True
                text.becomes(State.UNCERTAIN, self.now)
            if text.state is State.UNCERTAIN and text.changed_at <= self.now - GRACE:
                text.becomes(State.DEAD if text.may_repeat else State.QUEUED, self.now)
                text.may_repeat, text.ready_at = True, self.now

    @rule()
    def starts_again(self) -> None:
        self.runs += 1
        self.give_up(before=None)
        for text in self.model.texts.values():
            if text.state is State.SENDING:
                text.doubted = True
                text.becomes(State.UNCERTAIN, self.now)

    @rule(status=st.sampled_from(["accepted", "delivered", "failed"]), which=st.integers(min_value=0, max_value=99))
    def receipt(self, status: str, which: int) -> None:
        sent = [id for id, text in self.model.texts.items() if text.attempt]
        if not sent:
            return
        id = sent[which % len(sent)]
        text = self.model.texts[id]
        rows = self.do(lambda tx: tx.rows("SELECT message_id, rank FROM sent_part WHERE outbound = $1", id))
        self.do(lambda tx: receipts.note(tx, [receipt(f"r{id}", status, ref=f"ref{id}")], self.now))
        ranks: dict[str, int] = dict(rows)
        ranks[f"r{id}"] = max(ranks.get(f"r{id}", 0), receipts.RANKS[status])
        self.model_receipt(text, ranks)

    def model_receipt(self, text: Text, ranks: dict[str, int]) -> None:
        if text.state is State.QUEUED and not text.may_repeat:
            return
        if max(ranks.values()) == receipts.DELIVERED and text.state not in (State.SENDING, State.CANCELLED):
            text.becomes(State.DELIVERED, self.now)
        elif receipts.FAILED in ranks.values():
            if text.state in (State.QUEUED, State.ACCEPTED, State.UNCERTAIN):
                text.becomes(State.UNDELIVERED, self.now)
        elif text.state in (State.QUEUED, State.UNCERTAIN):
            text.becomes(State.ACCEPTED, self.now)

    @rule(number=st.sampled_from(list(PAIRS)), what=st.sampled_from(["stop", "end"]))
    def wants_no_more_for_a_while(self, number: Number, what: str) -> None:
        """An opt-out or the chat's end, and back again: what waited is gone for good."""
        pair = frozenset((number, PAIRS[number]))
        if what == "stop":
            self.do(lambda tx: people.opt_out(tx, number, source="text", now=self.now))
            self.model.opted_out.add(number)
        else:
            self.do(lambda tx: chats.close(tx, self.chats[pair], reason="ended", now=self.now))
            self.model.closed.add(pair)
        for each in (number,) if what == "stop" else pair:
            for _, text in self.model.of(each, State.QUEUED):
                text.becomes(State.CANCELLED, self.now)

    @rule()
    def all_are_back(self) -> None:
        for number in self.model.opted_out:
            self.do(lambda tx, number=number: people.opt_in(tx, number))  # type: ignore[misc]
        for pair in self.model.closed:
            chat = self.chats[pair]
            a, b = chat.side(Side.A).seat, chat.side(Side.B).seat
            self.do(lambda tx, chat=chat, a=a, b=b: chats.reopen(tx, chat, a=a, b=b, now=self.now, expires_at=None))  # type: ignore[misc]
        self.model.opted_out.clear()
        self.model.closed.clear()

    @rule(which=st.integers(min_value=0, max_value=99), again=st.booleans())
    def operator(self, which: int, again: bool) -> None:
        dead = self.do(lambda tx: messages.in_state(tx, State.DEAD))
        assert [each.id for each in dead] == [id for id, text in self.model.texts.items() if text.state is State.DEAD]
        if not dead:
            return
        message = dead[which % len(dead)]
        self.do(lambda tx: (messages.resend if again else messages.dismiss)(tx, [message], self.now))
        text = self.model.texts[message.id]
        text.becomes(State.QUEUED if again else State.CANCELLED, self.now)
        if again:
            text.may_repeat, text.ready_at = text.may_repeat or text.doubted, self.now
            if not self.model.of(text.recipient, *UNDER_WAY):  # sent again in its old place
                waiting = dict(self.model.of(text.recipient, *WAITING))
                self.model.turns[text.recipient] = min(self.model.turn(text.recipient, waiting), message.id)
            for id, overtaken in self.model.of(text.recipient, State.QUEUED):
                if id > message.id:  # sending goes on: its own pause is not waited out
                    overtaken.ready_at = self.now

    @invariant()
    def both_agree(self) -> None:
        rows = self.do(lambda tx: tx.rows("SELECT id, state, may_repeat FROM outbound"))
        known = {id: (text.state, text.may_repeat) for id, text in self.model.texts.items()}
        assert {id: (State(state), bool(may_repeat)) for id, state, may_repeat in rows} == known

    @invariant()
    def a_copy_is_marked(self) -> None:
        for text in self.model.texts.values():
            assert text.sends <= 1 or text.may_repeat

    @invariant()
    def every_conversation_moves(self) -> None:
        """Whatever waits has a head that may be claimed in time, or one under way that time will settle."""
        stuck = self.do(
            lambda tx: tx.rows(
                "SELECT recipient FROM outbound WHERE state IN ('queued', 'sending', 'uncertain') GROUP BY recipient"
                " HAVING sum(ready_at IS NOT NULL OR state <> 'queued') <> 1"
            )
        )
        assert stuck == []

    def teardown(self) -> None:
        self.loop.run(self.engine.close())
        self.loop.close()
        self.folder.cleanup()


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine = pytest.mark.no_cover(TestOutboxMachine)  # other tests cover it, and it would take twice the time
TestOutboxMachine.settings = settings(
    # Not made smaller: with a real file under each step that takes minutes, and the trace is readable as it is.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=50,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
