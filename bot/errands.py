"""Errands that commands leave beside the database: done in the writer's place in the order, and answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path

from bot.erasing import Erasing
from bot.logs import event
from bot.writer import Writer
from commands.durations import MINUTE
from storage import audit, errands, retention
from storage.engine import Engine, StorageError, Transaction
from storage.errands import BadErrand, Errand, Outcome, What
from storage.model import Millis
from storage.number import Number
from storage.token_uses import WHO

log = logging.getLogger("private_sms.errands")

TRIES = 30  # a second apart, for who reads the file to be done; then whoever waits is told, and it goes on
AGAIN = 10 * MINUTE  # after the file could not be written anew: mostly there was no room


class Step(Enum):
    REWRITE = "write the file anew"
    PURGE = "empty the log of changes beside it"


class Errands:
    def __init__(
        self, *, file: Path | None, engine: Engine, writer: Writer, erasing: Erasing, clock: Callable[[], Millis]
    ) -> None:
        """`file`: None where nobody leaves any, for whoever has one does it at once (PostgreSQL)."""
        self._file = file
        self._engine = engine
        self._writer = writer
        self._erasing = erasing
        self._clock = clock
        self._looked_at: Millis | None = None
        self._next: Step | None = None
        self._not_before: Millis = 0
        self._tries = 0
        self._why: str | None = None
        self._answer: Outcome | None = None

    async def look(self) -> None:
        """Once a second. What an earlier run has left to do is done first."""
        await self._look_for_rest()
        if self._file is None:
            await self._clean()
            return
        if self._answer is None and (errand := self._find(self._file)) is not None:
            self._answer = await self._do(errand)
        rest = await self._clean()
        if self._answer is not None and (rest is None or self._tries >= TRIES or self._not_before):
            self._tell(self._file, self._answer, rest)

    async def do_at_once(self, errand: Errand) -> Outcome:
        """By whoever asks for it. Raises StorageError: nothing was done."""
        outcome = await self._do(errand)
        return replace(outcome, rest=await self._clean())

    async def _look_for_rest(self) -> None:
        """Of an earlier run, and where nobody leaves errands of a command that was killed: now and then."""
        now = self._clock()
        if self._looked_at is None or (self._file is None and now - self._looked_at >= AGAIN):
            if self._next is None and await retention.is_rewrite_asked(self._engine.reader):
                self._next = Step.REWRITE
            self._looked_at = now

    def _find(self, file: Path) -> Errand | None:
        try:
            return errands.find(file)
        except BadErrand as error:
            log.error(event("an errand was put away", why=error))
            errands.discard(file)
            return None

    async def _do(self, errand: Errand) -> Outcome:
        """Raises StorageError: it is tried again."""
        try:
            number = self._engine.reader.vault.number(errand.person, errand.sealed)
        except StorageError as error:
            return Outcome(errand.id, failed=f"{error}: is it the service's file of keys?")
        try:
            outcome = await self._writer.do(lambda tx: self._carry_out(tx, errand, number))
        except StorageError:
            raise
        except Exception as error:  # whoever waits is told, and the deadlines go on
            log.error(event("fault"), exc_info=error)
            return Outcome(errand.id, failed="a fault of the service, which is in its log")
        if errand.what is What.ERASE and outcome.held is not None and not outcome.held.nothing:
            self._next, self._tries, self._not_before = Step.REWRITE, 0, 0
        return outcome

    async def _carry_out(self, tx: Transaction, errand: Errand, number: Number) -> Outcome:
        now = self._clock()
        if errand.what is What.ERASE:
            return Outcome(errand.id, held=await self._erasing.erase(tx, number, now))
        await audit.record(tx, audit.Kind.SECURITY, "a person was exported", who=WHO, now=now)
        return Outcome(errand.id)

    async def _clean(self) -> str | None:
        """The next step to leave no rest in the files; returns what is still to be done, and why."""
        if self._next is None:
            return None
        if self._clock() < self._not_before:
            return self._why
        try:
            if self._next is Step.REWRITE:
                await self._engine.rewrite()
                self._next, self._not_before = Step.PURGE, 0
            self._tries += 1
            if not await self._engine.purge():
                return f"{self._next.value}: another program reads the database"
            await self._writer.do(retention.rewritten)
        except StorageError as error:
            log.error(event("the file could not be written anew", why=error))
            self._not_before, self._why = self._clock() + AGAIN, f"{self._next.value}: {error}"
            return self._why
        self._next = None
        return None

    def _tell(self, file: Path, outcome: Outcome, rest: str | None) -> None:
        self._answer = None
        try:
            errands.answer(file, Outcome(outcome.id, outcome.held, outcome.failed, rest))
        except BadErrand as error:
            log.error(event("an errand was done and cannot be answered", why=error))
            errands.discard(file)
