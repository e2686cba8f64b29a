"""People who change partners on few lines, on the real service; whatever is passed on is judged as it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bot.pace import Pace
from bot.proxy import Chance, assemble
from bot.retention import MEMORY_OF_IDS
from bot.routing import CHANGEOVER, STALE
from commands import pairing
from commands.desk import Desk, House, News, Refused
from commands.durations import MINUTE, SECOND
from commands.pairing import Reason
from storage import chats
from storage.engine import Transaction
from storage.model import Chat, Inbound, Millis, Participant
from storage.number import Number
from tests.clear import ClearSQLite
from tests.migrated import migrated
from tests.people import ADMIN, NOON, receipt
from tests.stale.beliefs import Beliefs, Guard, Place
from tests.stale.post import Fate, Letter, Post

SEVERAL = 2 * MINUTE  # the clocks of the API's chats and of the stamps may differ by this
SPOKEN_OF = ("now connected with somebody new", "more than one here of late", "talking to someone new")
SENT_BACK = "talking to someone new"
PATIENCE = 20 * SECOND  # after which a send is given up, and nobody knows
EVEN = "02468"  # of the texts that were given up, those that Vonage had taken
NOT_PASSED_ON = {STALE, CHANGEOVER, "stranger"}  # why a text is only kept
MOVING = "SELECT client_ref FROM outbound WHERE state = 'sending' OR (state = 'queued' AND ready_at <= $1)"

Judge = Callable[[Letter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote, to the millisecond; its stamp has whole seconds."""

    id: str
    sender: Number
    line: Number
    words: str
    written_at: Millis

    def arriving(self, now: Millis) -> Inbound:
        stamp = self.written_at // SECOND * SECOND
        return Inbound(self.id, self.sender, self.sender.digits(), self.line, self.words, stamp, now)


class Town:
    """Its crash is the end of its tasks, and no power cut."""

    def __init__(self, path: Path, *, lines: tuple[Number, ...], changeover: Millis, strict: bool) -> None:
        self._path = migrated(path)
        self._ids = count(1)
        self.now = NOON
        self.lines = lines
        self.strict = strict
        self.beliefs = Beliefs(changeover)
        self.open: dict[int, Chat] = {}
        self.people: dict[int, tuple[Number, Number]] = {}  # of every chat there was
        self.texts: dict[str, Text] = {}
        self.brought: dict[str, Millis] = {}  # each text, when for the first time
        self.wrong: list[str] = []
        self._by = self.now  # when who opens or closes chats just now wrote that

    async def start(self) -> None:
        """Also after a crash: on what the database has."""
        self.engine = await ClearSQLite.open(self._path)
        self.post = Post(self._watched(self._leaves), self._watched(self._arrives))
        ids = self._ids
        self.proxy = assemble(
            engine=self.engine,
            house=House(
                service_name="Private SMS", lines=self.lines, admins=frozenset({ADMIN}), region=None, chat_ttl=None,
                code_key=b"key", new_code=lambda: "4821", news=News.OFF, changeover=self.beliefs.changeover,
                quarantine_strict=self.strict,
            ),
            transport=self.post,
            pace=Pace(0, dict.fromkeys(self.lines, 0.0)),
            sender_limit=0,
            doubt_after=2 * MINUTE,
            clock=lambda: self.now,
            chance=Chance(new_ref=lambda: f"ref-{next(ids)}", jitter=lambda: 1.0, owner=f"run {next(ids)}"),
        )  # fmt: skip
        self._tasks = [asyncio.create_task(self.proxy.writer.run())]
        await self.proxy.writer.do(self.proxy.receipts.take_over)
        self._tasks.append(asyncio.create_task(self.proxy.delivery.run()))
        await self.quiet()

    async def crash(self) -> None:
        self.proxy.writer.stop()
        for task in self._tasks:
            task.cancel()
        for held in list(self.post.held):
            held.fate.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.engine.close()

    async def quiet(self) -> None:
        """Until nothing is under way but what is held, and nothing could leave."""
        read = self.engine.reader
        for _ in range(4000):
            moving = {ref for (ref,) in await read.rows(MOVING, self.now)}
            if moving <= {held.letter.client_ref for held in self.post.held}:
                await self._look()
                return
            self.proxy.delivery.wake()
            await asyncio.sleep(0.0005)
        raise TimeoutError("it does not come to rest")

    # --- what people do ---------------------------------------------------------------------------------------

    def write(self, sender: Number, line: Number, words: str = "", *, ago: Millis = 0) -> Text:
        """Written now, or a while ago; it has yet to be brought."""
        self.now += 1
        number = next(self._ids)
        text = Text(f"m{number}", sender, line, words or f"text {number}", self.now - ago)
        self.texts[text.words] = text
        return text

    async def bring(self, *texts: Text) -> None:
        """Vonage's webhooks, all at once; of one text perhaps again."""
        self.now += 1
        for each in texts:
            self.brought.setdefault(each.id, self.now)
        await asyncio.gather(*(self.proxy.handover.take(each.arriving(self.now)) for each in texts))
        for each in texts:
            if (
                self.now - self.brought[each.id] < MEMORY_OF_IDS
            ):  # later, a repeat is new to us, and judged as it leaves
                await self._judge_taken(each)
        await self.quiet()

    async def command(self, words: str, *, ago: Millis = 0) -> None:
        """Perhaps written a while ago, and on its way since."""
        text = self.write(ADMIN, self.lines[0], words, ago=ago)
        self._by = text.written_at
        await self.bring(text)
        answers = await self._said_to(text)
        if any("another chat of late" in each for each in answers):
            self._judge_refusal(words)

    async def opened_by_a_program(self, a: Number, b: Number) -> None:
        await self._as_a_program(lambda desk: pairing.pair(desk, a, b, None, None))

    async def ended_by_a_program(self, chat: Chat) -> None:
        await self._as_a_program(lambda desk: pairing.close(desk, chat, Reason.API))

    async def _as_a_program(self, work: Callable[[Desk], Awaitable[object]]) -> None:
        self.now += 1
        self._by = self.now - SEVERAL

        async def do(tx: Transaction) -> None:
            desk = Desk(tx=tx, house=self.proxy.house, admin=None, line=None, now=self.now)
            try:
                await work(desk)
            except Refused:
                return
            await self.proxy.outgoing.enqueue(tx, desk.outgoing, self.now)

        await self.proxy.writer.do(do)
        await self.quiet()

    async def wait(self, length: Millis) -> None:
        """What Vonage holds is given up meanwhile, as our transport does."""
        while self.post.held and length >= PATIENCE:
            await self.decide(0, Fate.TAKEN_UNSAID if self.post.held[0].letter.client_ref[-1] in EVEN else Fate.LOST)
        await self.judge_the_lost()
        self.now += length
        await self.proxy.deadlines.look()
        await self.quiet()

    async def decide(self, which: int, fate: Fate) -> None:
        """What has become of a text that Vonage held."""
        self.now += 1
        held = self.post.held[which % len(self.post.held)]
        held.fate.set_result(fate)
        while held in self.post.held:
            await asyncio.sleep(0)
        await self.quiet()

    async def settle(self) -> None:
        """Until nothing waits, and the next second begins."""
        self.post.to_hold = 0
        while self.post.held:
            await self.decide(0, Fate.TAKEN)
        while not await self.is_calm():
            await self.wait(3 * MINUTE)
        self.now += SECOND - self.now % SECOND

    async def confirm(self, which: int, status: str) -> None:
        """The receipt for a text whose answer was lost."""
        self.now += 1
        letter = self.post.unsaid.pop(which % len(self.post.unsaid))
        await self.proxy.handover.note(receipt(letter.message_id, status, ref=letter.client_ref))
        await self.quiet()

    # --- what must hold ---------------------------------------------------------------------------------------

    def _watched(self, judge: Judge) -> Judge:
        """A fault of ours in judging would otherwise pass for one in sending, which is a doubt like any other."""

        async def watched(letter: Letter) -> None:
            try:
                await judge(letter)
            except Exception as error:
                self.wrong.append(f"a fault in judging: {error!r}")
                raise

        return watched

    async def _leaves(self, letter: Letter) -> None:
        """A text that is passed on goes to who was the partner when it was written, and is now.

        Its writer may sit on another line by now: where a chat is opened again while a text of it is under way.
        """
        text = self.texts.get(letter.text)
        if text is None:
            return
        await self._look()
        now = await self.engine.reader.rows(
            "SELECT me.chat, me.line FROM participant AS me JOIN participant AS you ON you.chat = me.chat"
            " WHERE me.number = $1 AND me.open = 1 AND you.number = $2 AND you.line = $3",
            text.sender.e164(), letter.recipient.e164(), letter.line.e164(),
        )  # fmt: skip
        place = (text.sender, text.line)
        if not now:
            self.wrong.append(f"{text} left for {letter.recipient}, who is not the partner now")
            return
        if self.beliefs.partner(place, text.written_at) != letter.recipient:
            self.wrong.append(f"{text} left for {letter.recipient}, who was not the partner when it was written")
        [(chat, line)] = now
        if line == text.line.e164() and self._too_soon(text, self.beliefs.guards.get((chat, text.sender))):
            self.wrong.append(f"{text} left so soon after the old chat's end")

    def _too_soon(self, text: Text, guard: Guard | None) -> bool:
        if guard is None or guard.sent_back or self.brought[text.id] < guard.since:
            return False
        return text.written_at // SECOND * SECOND <= guard.until

    async def _arrives(self, letter: Letter) -> None:
        """From here on, its reader can know."""
        if not any(words in letter.text for words in SPOKEN_OF):
            return
        await self._look()
        rows = await self.engine.reader.rows(
            "SELECT you.number FROM outbound AS text JOIN participant AS you ON you.chat = text.chat"
            " WHERE text.client_ref = $1 AND you.number <> text.recipient",
            letter.client_ref,
        )
        [(partner,)] = rows
        self.beliefs.is_told((letter.recipient, letter.line), Number(partner), self.now)

    async def _look(self) -> None:
        """Which chats have been opened and closed meanwhile."""
        found = {chat.id: chat for chat in await chats.open_chats(self.engine.reader)}
        for id, chat in self.open.items():
            if id not in found:
                for me, you in (chat.participants, chat.participants[::-1]):
                    self.beliefs.closed(id, (me.number, me.line), you.number, self.now)
        for id, chat in found.items():
            if id not in self.open:
                for me, you in (chat.participants, chat.participants[::-1]):
                    self._opened(chat, me, you)
        self.open = found

    def _opened(self, chat: Chat, me: Participant, you: Participant) -> None:
        place: Place = (me.number, me.line)
        self.people[chat.id] = (chat.a.number, chat.b.number)
        fit = self.beliefs.is_fit(place, you.number, self.now)
        if not fit and self.strict:
            self.wrong.append(f"{chat.id} was opened on a line that has not rested")
        if not fit and self._fit_lines(me.number, you.number):
            self.wrong.append(f"{chat.id} was opened on a line that has not rested, though there is a better one")
        self.beliefs.opened(chat.id, place, you.number, by=self._by, now=self.now)

    def _fit_lines(self, me: Number, you: Number) -> list[Number]:
        taken = {each.line for chat in self.open.values() for each in chat.participants if each.number == me}
        return [line for line in self.lines if line not in taken and self.beliefs.is_good((me, line), you, self.now)]

    def _judge_refusal(self, words: str) -> None:
        """Strictly, only where somebody finds no line that is fit."""
        a, b = self._people_of(words)
        if self._fit_lines(a, b) and self._fit_lines(b, a):
            self.wrong.append(f"{words} was refused, though there are lines that have rested")

    def _people_of(self, words: str) -> tuple[Number, Number]:
        verb, *rest = words.split()
        if verb == "PAIR":
            return Number(rest[0]), Number(rest[1])
        return self.people[int(rest[0])]

    async def _said_to(self, text: Text) -> list[str]:
        rows = await self.engine.reader.rows(
            "SELECT CAST(text AS TEXT) FROM outbound WHERE cause = $1 AND recipient = $2", text.id, text.sender.e164()
        )
        return [words for (words,) in rows]

    async def _judge_taken(self, text: Text) -> None:
        """A text that is not passed on is answered, or kept for a reason that is known; a repeat changes nothing."""
        if text.sender == ADMIN:
            return
        said = await self._said_to(text)
        relayed = await self.engine.reader.rows(
            "SELECT chat FROM outbound WHERE cause = $1 AND kind = 'relay'", text.id
        )
        kept = await self.engine.reader.rows("SELECT reason FROM kept WHERE message_id = $1", text.id)
        if any(SENT_BACK in words for words in said):
            self._sent_back(text)
        if len(relayed) + len(kept) != 1 or len(said) > 1:
            self.wrong.append(f"{text}: passed on {len(relayed)}, kept {len(kept)}, answered {len(said)} times")
        if kept and not said and kept[0][0] not in NOT_PASSED_ON:
            self.wrong.append(f"{text} is kept in silence: {kept[0][0]}")
        if kept and not said and kept[0][0] in (STALE, CHANGEOVER):
            self.wrong.append(f"{text} was not passed on, and its writer not told")

    def _sent_back(self, text: Text) -> None:
        for (chat, number), guard in self.beliefs.guards.items():
            if number == text.sender and chat in self.open:
                sides = self.open[chat].participants
                guard.sent_back |= any((each.number, each.line) == (number, text.line) for each in sides)

    async def judge_the_lost(self) -> None:
        """Whose text was cancelled or failed was told so in that moment. Asked before the words are forgotten."""
        lost = await self.engine.reader.rows(
            "SELECT DISTINCT sender, changed_at FROM outbound WHERE kind = 'relay' AND text IS NOT NULL"
            " AND state IN ('cancelled', 'dead', 'undelivered') EXCEPT"
            " SELECT recipient, created_at FROM outbound WHERE kind = 'notice'"
            " AND (CAST(text AS TEXT) LIKE '%not delivered%' OR CAST(text AS TEXT) LIKE '%not passed on%')"
        )
        self.wrong += [f"{sender} was not told that a text of theirs was lost" for sender, _ in lost]

    async def insist(self, place: Place) -> None:
        """Somebody in a chat sends the same text until it goes through: at the third time at the latest."""
        sender, line = place
        self.post.to_hold = 0
        for _ in range(3):
            await self.wait(2 * SECOND)
            text = self.write(sender, line)
            await self.bring(text)
            if await self.engine.reader.rows("SELECT 1 FROM outbound WHERE cause = $1 AND kind = 'relay'", text.id):
                return
        self.wrong.append(f"{text} is not passed on, however often it is sent")

    async def is_calm(self) -> bool:
        """Whether nothing waits for its fate."""
        waiting = "SELECT 1 FROM outbound WHERE state IN ('queued', 'sending', 'uncertain') LIMIT 1"
        return not await self.engine.reader.rows(waiting)
