"""Whoever can text as anybody but reads nothing does nothing grave; and what is planted to let them is seen."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from commands import authenticator, confirm, lockout
from commands.command import Command
from commands.desk import Desk, Refused
from commands.durations import DAY
from storage import codes
from storage.codes import PendingCode
from storage.engine import Reading, Transaction
from storage.number import Number
from tests.spoofing.play import Play
from tests.spoofing.stage import DONE, stage

pytestmark = pytest.mark.no_cover  # other tests cover it, and it would take twice the time

STEPS = int(os.environ.get("SPOOFED", "2000"))  # make spoofed: 10,000
SEEDS = (1, 2, 3, 4)
MOST_UNTIL_CAUGHT = 3000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_grave_is_done_without_its_code_having_been_read(seed: int, tmp_path: Path) -> None:
    async with stage(tmp_path / "test.db", seed) as here:
        play = Play(here)
        await play.run(STEPS // len(SEEDS))
    assert play.wrong == []
    assert play.justified.keys() <= DONE.keys()
    assert sum(play.justified.values()) >= STEPS // len(SEEDS) // 50, (
        "owners do such things, or this would show nothing"
    )


def test_luck_is_worth_this_much_and_no_more() -> None:
    guesses_a_day = DAY // lockout.LOCK * lockout.MOST_WRONG
    steps = 3  # the present one and its neighbours
    assert (lockout.MOST_WRONG, lockout.LOCK, lockout.WRONG_WITHIN) == (5, 15 * 60_000, 15 * 60_000)
    assert lockout.MOST_WRONG / 10_000 == 0.0005, "of a code, until the other admins are told"
    assert guesses_a_day / 10_000 == 0.048, "of a code, by whoever goes on all day through 96 alarms"
    assert guesses_a_day * steps / 10**authenticator.DIGITS == 0.00144, "of an authenticator's digits, likewise"


# --- plantings ----------------------------------------------------------------------------------------------------

Plant = Callable[[], AbstractContextManager[object]]
_pending, _ask, _needed, _locked = codes.pending, codes.ask, confirm.is_needed, codes.locked_until


def bound_to(*names: str) -> Callable[[Desk, str, str], bytes]:
    """The hash of a code, bound to some of these only: admin, line, command."""

    def hashed(desk: Desk, command: str, code: str) -> bytes:
        all_of_it = {"admin": desk.asker.number.e164(), "line": desk.asker.line.e164(), "command": command}
        return hmac.digest(
            desk.house.code_key, "\n".join([*(all_of_it[name] for name in names), code]).encode(), "sha256"
        )

    return hashed


async def _keeping_the_code(tx: Transaction, **asked: Any) -> None:
    """A new question while a code waits: the code stays, the command changes."""
    waiting = await _pending(tx, asked["admin"])
    kept = {} if waiting is None else {"code_hash": waiting.code_hash, "expires_at": waiting.expires_at}
    await _ask(tx, **asked | kept)


async def _anybodys(reading: Reading, admin: Number) -> PendingCode | None:
    row = await reading.row("SELECT admin FROM pending_code ORDER BY expires_at DESC LIMIT 1")
    return None if row is None else await _pending(reading, Number(row[0]))


async def _on_any_line(desk: Desk) -> PendingCode:
    pending = await _pending(desk.tx, desk.asker.number)
    if pending is None:
        raise Refused("no_code")
    return pending


async def _never_used(tx: Transaction, admin: Number, step: int) -> bool:
    return True


async def _nothing(*_: Any, **__: Any) -> None:
    pass


def _all_but_add(desk: Desk, spoken: Any) -> bool:
    command: Command[Any] = spoken.command
    return command.verb != "ADMIN ADD" and _needed(desk, spoken)


def instead(**planted: object) -> Plant:
    """Each in place of the thing of that name: `confirm__is_needed`."""
    modules = {"confirm": confirm, "codes": codes, "lockout": lockout}

    @contextmanager
    def plant() -> Any:
        with ExitStack() as planting:
            for path, thing in planted.items():
                module, _, name = path.partition("__")
                planting.enter_context(patch.object(modules[module], name, thing))
            yield

    return plant


@dataclass(frozen=True, slots=True)
class Planting:
    name: str
    plant: Plant
    seen_as: str


PLANTINGS = (
    Planting(
        "a code is not bound to the command",
        instead(confirm___hash=bound_to("admin", "line"), codes__ask=_keeping_the_code),
        "was done where",
    ),
    Planting(
        "a code is not bound to the admin",
        instead(confirm___hash=bound_to("line", "command"), codes__pending=_anybodys),
        "by the adversary, with 'OK",
    ),
    Planting(
        "a code is not bound to the line",
        instead(confirm___hash=bound_to("admin", "command"), confirm___pending=_on_any_line),
        "by the adversary, with 'OK",
    ),
    Planting("a code works twice", instead(codes__forget=_nothing), "by the adversary, with 'OK"),
    Planting("nothing is locked out", instead(lockout__MOST_WRONG=10**9), "by the adversary, with"),
    Planting("a lock is not looked at", instead(codes__locked_until=_nothing), "by the adversary, with"),
    Planting("wrong codes are counted for a second", instead(lockout__WRONG_WITHIN=1000), "by the adversary, with"),
    Planting("an authenticator's step counts twice", instead(codes__use_step=_never_used), "by the adversary, with"),
    Planting(
        "ADMIN ADD needs no code", instead(confirm__is_needed=_all_but_add), "ADMIN ADD was done by the adversary"
    ),
    Planting("codes are sent without a limit", instead(lockout__MOST_ASKED=10**9), "codes were sent within 10 min"),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("planting", PLANTINGS, ids=lambda planting: planting.name)
async def test_what_is_planted_is_seen(planting: Planting, tmp_path: Path) -> None:
    with planting.plant():
        async with stage(tmp_path / "test.db", 7) as here:
            play = Play(here)
            await play.run(MOST_UNTIL_CAUGHT, until=planting.seen_as)
    assert [each for each in play.wrong if planting.seen_as in each]
