"""How a command gets an errand done: by the service where one runs, else by the same work done here."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import engine_of, house_of, system_clock
from bot.erasing import Erasing
from bot.errands import Errands
from bot.outgoing import Outgoing
from bot.settings import Settings
from bot.values import a_number
from bot.writer import Writer
from storage import errands
from storage.engine import Reading, Unusable
from storage.errands import Errand, Occupied, Outcome, What
from storage.lock import is_held
from storage.number import Number

LOOK = 0.2  # seconds
PATIENCE = 60.0


class NotDone(Exception):
    """Its text says why, and what becomes of the errand."""


class WrongNumber(Exception):
    """Its text says why, and holds no number."""


def person(written: str, settings: Settings) -> Number:
    """As people write it. Raises WrongNumber."""
    try:
        number = a_number(written, settings.default_region)
    except ValueError as error:
        raise WrongNumber(str(error)) from error
    if number in settings.vonage_number:
        raise WrongNumber(f"{number} is a line of yours, and nobody")
    return number


def about(reading: Reading, what: What, number: Number) -> Errand:
    vault = reading.vault
    return Errand(secrets.token_hex(8), what, vault.index(number), vault.seal_number(number))


async def ask(settings: Settings, errand: Errand, *, patience: float = PATIENCE) -> Outcome:
    """Returns once it is done. Raises NotDone, BadErrand, or storage.engine.StorageError; then it may be done later."""
    if settings.on_postgres:
        return await _do_at_once(settings, errand)
    file = errands.beside(settings.database_path)
    await _leave(settings, file, errand)
    try:
        return await _outcome(settings, file, errand, patience)
    except NotDone:
        if errand.what is not What.ERASE:
            errands.discard(file)
        raise
    except BaseException:
        errands.discard(file)
        raise


async def _leave(settings: Settings, file: Path, errand: Errand) -> None:
    try:
        errands.leave(file, errand)
    except Occupied:
        if _is_served(settings):
            raise
        await _do_here(settings, file)  # left by a command that was killed
        errands.leave(file, errand)


async def _outcome(settings: Settings, file: Path, errand: Errand, patience: float) -> Outcome:
    waited = 0.0  # for the service: what is done here takes as long as it takes
    while (outcome := errands.outcome(file, errand.id)) is None:
        if waited >= patience:
            raise NotDone(f"the service has not answered within {patience:.0f} s")
        if _is_served(settings):
            await asyncio.sleep(LOOK)
            waited += LOOK
            continue
        try:
            await _do_here(settings, file)
        except Unusable:
            if not _is_served(settings):
                raise
    return outcome


def _is_served(settings: Settings) -> bool:
    return is_held(Path(f"{settings.database_path}.lock"))


async def _do_here(settings: Settings, file: Path) -> None:
    """Until the errand is answered. What goes out because of it leaves with the service's next start."""
    async with _errands(settings, file) as work:
        while errands.find(file) is not None:
            await work.look()
            await asyncio.sleep(LOOK if errands.find(file) else 0)


async def _do_at_once(settings: Settings, errand: Errand) -> Outcome:
    """Beside whatever other processes write to the database: they send what goes out because of it."""
    async with _errands(settings, None) as work:
        return await work.do_at_once(errand)


@asynccontextmanager
async def _errands(settings: Settings, file: Path | None) -> AsyncIterator[Errands]:
    engine = engine_of(settings)
    await engine.start()
    writer, outgoing = Writer(engine), Outgoing(lambda: secrets.token_urlsafe(30))
    erasing = Erasing(house_of(settings), outgoing)
    writing = asyncio.create_task(writer.run())
    try:
        yield Errands(file=file, engine=engine, writer=writer, erasing=erasing, clock=system_clock)
    finally:
        writer.stop()
        await writing
        await engine.close()
