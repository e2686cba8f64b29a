"""The play: owners who read their phones, an adversary who texts as anybody and reads nothing, and a judge.

Chance is taken out of the guessing, so that a verdict is exact. A guess of the adversary's is wrong by design, unless
it should be worthless though it is right: a code that was used before, one that waits for another admin or on another
line, and the sixth guess in a row. What luck is worth on top of that is a sum, in tests/test_spoofing.py.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

import pyotp

from commands import lockout
from storage.model import Millis
from storage.number import Number
from tests.people import ALICE, BOB, CAROL, DAVE
from tests.spoofing.stage import LINES, OWNERS, SECRET, SIGNING, Got, Stage, acts

CHALLENGE = re.compile(r"(.+?): .*Reply OK (\d{4}) within")
WRONG = re.compile(r"That is not the code|Too many wrong codes")
FRIENDS = (Number("+447700900003"), Number("+447700900004"))  # whom owners make admins
EVIL = (Number("+447700900666"), Number("+12025550166"))
PEOPLE = (ALICE, BOB, CAROL, DAVE, *EVIL)
GRAVE = ("END ALL", "CLOSE ALL", "RESEND ALL", "DISMISS ALL")
NOISE = (
    "hello", "HELP", "STATUS", "LIST", "NEXT", "END 1", "REOPEN 1", "EXTEND 1 2D", "UNDO", "OK", "OK 12", "OK 12345",
    "/OK 0000", "BLOCK 0001", "UNBLOCK 0001", "SAY 1 END ALL", "END ALL now", "ADMIN ADD", "ADMIN LIST", "START",
    "STOP", "ok\n0000", "END ALL\nOK 0000", "SAY 1 hi\nADMIN ADD +447700900666", ".END ALL", "CHECK 0001",
    f"PAIR {ALICE.e164()} {BOB.e164()}", f"PAIR {CAROL.e164()} {DAVE.e164()}",
)  # fmt: skip


@dataclass
class Owner:
    """An admin with the phone in hand: what was asked last, and what the phone shows for it."""

    number: Number
    asked: str | None = None
    whom: Number | None = None
    line: Number = LINES[0]
    code: str | None = None

    def reads(self, got: Got) -> None:
        """The newest code for what this owner has asked; others are none of the owner's doing."""
        found = CHALLENGE.match(got.text)
        if found and got.phone == self.number and self.asked and found[1] == _shown(self.asked, self.whom):
            self.code, self.line = found[2], got.line


@dataclass
class Play:
    stage: Stage
    owners: list[Owner] = field(default_factory=lambda: [Owner(number) for number in OWNERS])
    admins: set[Number] = field(default_factory=set)  # added by their owners, with the code
    justified: dict[str, int] = field(default_factory=dict)
    codes: dict[Number, str] = field(default_factory=dict)  # the newest that was sent to each phone
    spent: deque[str] = field(default_factory=lambda: deque(maxlen=30))  # codes and digits that have done their work
    heard: deque[tuple[Number, str, Number]] = field(default_factory=lambda: deque(maxlen=30))  # the owners' own texts
    proof: tuple[Number, str, Number] | None = None  # the newest text of an owner's with a code or digits in it
    steps_used: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    challenges: dict[Number, list[Millis]] = field(default_factory=dict)
    mistakes: dict[Number, list[Millis]] = field(default_factory=dict)

    async def run(self, steps: int, *, until: str | None = None) -> None:
        """`until`: stop as soon as something is wrong that is called so."""
        for _ in range(steps):
            self.stage.now += self.stage.rng.choice((0, 1, 3, 10, 40, 200)) * 1000
            await (self._owner_acts() if self.stage.rng.random() < 0.3 else self._adversary_acts())
            if until is not None and any(until in each for each in self.wrong):
                return

    # --- the owners -------------------------------------------------------------------------------------------------

    async def _owner_acts(self) -> None:
        owner = self.stage.rng.choice(self.owners)
        if owner.number == SIGNING:
            await self._sign(owner)
        elif owner.code is not None:
            await self._confirm(owner)
        else:
            self._choose(owner)
            await self._say(owner.number, _command(owner), owner.line)
        if self.stage.rng.random() < 0.2:
            await self._say(owner.number, f"PAIR {ALICE.e164()} {BOB.e164()}", owner.line)

    def _choose(self, owner: Owner) -> None:
        rng = self.stage.rng
        owner.asked = rng.choice((*GRAVE, "ADMIN ADD", "ADMIN REMOVE"))
        owner.whom = rng.choice(FRIENDS) if owner.asked.startswith("ADMIN") else None
        owner.line = rng.choice(LINES)

    async def _confirm(self, owner: Owner) -> None:
        code, meant = owner.code, owner.asked
        assert code is not None
        if self.stage.rng.random() < 0.1:
            await self._say(owner.number, f"OK {_other(code)}", owner.line)
            return
        owner.code = None
        await self._say(owner.number, f"OK {code}", owner.line, meant=meant, whom=owner.whom)
        owner.asked = None
        self.spent.append(code)

    async def _sign(self, owner: Owner) -> None:
        self._choose(owner)
        digits, step = pyotp.TOTP(SECRET).at(self.stage.now // 1000), self.stage.now // 30_000
        await self._say(owner.number, f"{_command(owner)} {digits}", owner.line, meant=owner.asked, whom=owner.whom)
        self.steps_used.add(step)
        self.spent.append(digits)

    async def _say(
        self, sender: Number, words: str, line: Number, *, meant: str | None = None, whom: Number | None = None
    ) -> None:
        self.heard.append((sender, words, line))
        if meant is not None:
            self.proof = (sender, words, line)
        got = await self.stage.text(sender, words, line)
        for verb in acts(got):
            if verb != _verb(meant):
                self.wrong.append(f"{verb} was done where {meant or 'nothing'} was confirmed")
            self.justified[verb] = self.justified.get(verb, 0) + 1
            if whom is not None and verb == _verb(meant):
                (self.admins.add if verb == "ADMIN ADD" else self.admins.discard)(whom)
        await self._judge(got, words)

    # --- the adversary ----------------------------------------------------------------------------------------------

    async def _adversary_acts(self) -> None:
        rng = self.stage.rng
        move = rng.choice((
            self._ask, self._ask, self._guess, self._use_what_was_spent, self._use_a_code_elsewhere,
            self._use_a_code_elsewhere, self._storm, self._make_noise, self._make_noise, self._repeat,
        ))  # fmt: skip
        await move()

    async def _ask(self) -> None:
        await self._forge(self._forged_admin(), self._wanted())

    async def _guess(self) -> None:
        admin = self._forged_admin()
        if admin == SIGNING:
            await self._forge(admin, f"{self._wanted()} {self._wrong_digits()}")
        else:
            await self._forge(admin, f"OK {_other(self.codes.get(admin, '0000'))}")

    async def _use_what_was_spent(self) -> None:
        if not self.spent:
            return
        if self.proof is not None and self.stage.rng.random() < 0.5:
            await self._forge(*self.proof)
            return
        spent = self.stage.rng.choice(self.spent)
        if len(spent) == 4:
            await self._forge(self._forged_admin(), f"OK {spent}")
        elif spent not in self._right_digits():  # or it would be right by chance
            await self._forge(SIGNING, f"{self._wanted()} {spent}")

    async def _use_a_code_elsewhere(self) -> None:
        """The right code, from another admin's number or on another line than it waits for."""
        waiting = await self.stage.pending()
        if not waiting:
            return
        owner = self.stage.rng.choice(sorted(waiting))
        line, _ = waiting[owner]
        other = next(each for each in LINES if each != line)
        for admin, where in ((self._forged_admin(but=owner), line), (owner, other)):
            await self._forge(admin, f"OK {self.codes[owner]}", where)

    async def _storm(self) -> None:
        """Five guesses, and then the right one."""
        if self.stage.rng.random() < 0.8:
            return  # rare, or the owners would hardly ever find their codes unlocked
        admin = self._forged_admin()
        await (self._storm_at_digits() if admin == SIGNING else self._storm_at_code(admin))

    async def _storm_at_digits(self) -> None:
        pause = self.stage.rng.choice((0, 2000))
        for _ in range(5):
            await self._forge(SIGNING, f"END ALL {self._wrong_digits()}")
            self.stage.now += pause
        for digits in sorted(self._right_digits()):
            await self._forge(SIGNING, f"{self._wanted()} {digits}")

    async def _storm_at_code(self, admin: Number) -> None:
        await self._forge(admin, self._wanted())
        waits_on, ends = (await self.stage.pending()).get(admin, (None, 0))
        if waits_on is None or ends <= self.stage.now:
            return
        right, pause = self.codes[admin], self.stage.rng.choice((0, 2000))
        for _ in range(5):
            await self._forge(admin, f"OK {_other(right)}", waits_on)
            self.stage.now += pause
        await self._forge(admin, f"OK {right}", waits_on)

    async def _make_noise(self) -> None:
        rng = self.stage.rng
        sender = rng.choice((*OWNERS, *FRIENDS, *PEOPLE, *LINES))
        await self._forge(sender, rng.choice(NOISE))

    async def _repeat(self) -> None:
        """An owner's own text once more, with the code or the digits that were in it."""
        if self.heard:
            newest = self.stage.rng.random() < 0.5
            await self._forge(*(self.heard[-1] if newest else self.stage.rng.choice(self.heard)))

    async def _forge(self, sender: Number, words: str, line: Number | None = None) -> None:
        got = await self.stage.text(sender, words, line or self.stage.rng.choice(LINES))
        self.wrong += [f"{verb} was done by the adversary, with {words!r}" for verb in acts(got)]
        await self._judge(got, words)

    def _forged_admin(self, but: Number | None = None) -> Number:
        return self.stage.rng.choice([each for each in (*OWNERS, *sorted(self.admins)) if each != but])

    def _wanted(self) -> str:
        rng = self.stage.rng
        evil = rng.choice(EVIL).e164()
        return rng.choice((*GRAVE, f"ADMIN ADD {evil}", f"ADMIN ADD {evil}", f"ADMIN REMOVE {FRIENDS[0].e164()}"))

    def _right_digits(self) -> set[str]:
        """Those that would be taken now."""
        present = self.stage.now // 30_000
        newest = max(self.steps_used, default=0)
        made = pyotp.TOTP(SECRET)
        return {made.generate_otp(step) for step in (present - 1, present, present + 1) if step > newest}

    def _wrong_digits(self) -> str:
        right = {pyotp.TOTP(SECRET).generate_otp(self.stage.now // 30_000 + off) for off in (-1, 0, 1)}
        return next(
            digits for digits in map("{:06}".format, self.stage.rng.sample(range(10**6), 4)) if digits not in right
        )

    # --- the judge --------------------------------------------------------------------------------------------------

    async def _judge(self, got: list[Got], words: str) -> None:
        now = self.stage.now
        for each in got:
            for owner in self.owners:
                owner.reads(each)
            if (found := CHALLENGE.match(each.text)) is not None:
                self.codes[each.phone] = found[2]
                self._count(self.challenges, each.phone, now, lockout.ASKED_WITHIN, 3, "codes were sent")
            if WRONG.match(each.text):
                self._count(self.mistakes, each.phone, now, lockout.WRONG_WITHIN, 5, "guesses were heard")
        if (added := await self.stage.added()) != self.admins:
            self.wrong.append(f"admins are {sorted(added)} after {words!r}, and should be {sorted(self.admins)}")
            self.admins = added

    def _count(
        self, counts: dict[Number, list[Millis]], phone: Number, now: Millis, within: Millis, most: int, what: str
    ) -> None:
        counts[phone] = [at for at in counts.get(phone, []) if at > now - within] + [now]
        if len(counts[phone]) > most:
            self.wrong.append(f"{len(counts[phone])} {what} within {within // 60_000} min")


def _command(owner: Owner) -> str:
    assert owner.asked is not None
    return owner.asked if owner.whom is None else f"{owner.asked} {owner.whom.e164()}"


def _shown(asked: str, whom: Number | None) -> str:
    return asked if whom is None else f"{asked} {whom.tail}"


def _verb(asked: str | None) -> str | None:
    return "END ALL" if asked == "CLOSE ALL" else asked


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10_000:04}"
