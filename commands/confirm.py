"""OK: a grave command is done only after the code that was sent back has come.

A sender's number can be forged, but a forger cannot read the answer. A code is for one admin, one line and one command,
and works once; a wrong one voids it, so that ten thousand guesses are worth no more than one.
"""

from __future__ import annotations

import hmac
import re

from commands import arguments, durations, grammar
from commands.arguments import Unfit
from commands.command import Command, Grade, Role, command
from commands.desk import Desk, Refused
from commands.grammar import Spoken, Table
from storage import people
from storage.people import PendingCode

LIFE = 5 * durations.MINUTE
CODE = re.compile(r"[0-9]{4}")


async def ask(desk: Desk, spoken: Spoken) -> str:
    """Send a code back instead of doing what was asked."""
    code = desk.house.new_code()
    await people.ask_code(
        desk.tx,
        admin=desk.asker.number,
        line=desk.asker.line,
        command=spoken.line,
        code_hash=_hash(desk, spoken.line, code),
        expires_at=desk.now + LIFE,
    )
    row = spoken.command
    return desk.text("confirm", verb=row.verb, summary=row.summary, code=code, time=f"{LIFE // durations.MINUTE} min")


def reads(text: str, region: str | None) -> str:
    code = arguments.one_word(text, region)
    if code is None or CODE.fullmatch(code) is None:
        raise Unfit("needs_code")
    return code


def confirm_of(table: Table) -> Command[str]:
    """The row of OK, which does one of these commands once it is confirmed."""

    @command(
        "OK",
        usage="OK 4821",
        example="OK 4821",
        summary="do what you were sent that code for",
        role=Role.ADMIN,
        grade=Grade.CHANGING,
        reads=reads,
    )
    async def confirm(desk: Desk, code: str) -> str:
        pending = await people.pending_code(desk.tx, desk.asker.number)
        if pending is None or pending.line != desk.asker.line:
            raise Refused("no_code")
        spoken = _spoken(desk, pending, table)
        # From here on the code is used up: these are answers, not refusals, so that nothing takes that back.
        await people.forget_code(desk.tx, desk.asker.number)
        if pending.expires_at <= desk.now:
            return desk.text("code_expired", verb=spoken.command.verb)
        if not _is_right(desk, pending, code):
            return desk.text("code_wrong", verb=spoken.command.verb)
        return await spoken.command.does(desk, spoken.arguments)

    return confirm


def _spoken(desk: Desk, pending: PendingCode, table: Table) -> Spoken:
    match grammar.read(pending.command, desk.house.region, table).items:
        case (Spoken() as spoken,):
            return spoken
        case _:  # asked of an older version, which knew a command that is gone
            raise Refused("no_code")


def _is_right(desk: Desk, pending: PendingCode, code: str) -> bool:
    return hmac.compare_digest(pending.code_hash, _hash(desk, pending.command, code))


def _hash(desk: Desk, line: str, code: str) -> bytes:
    bound_to = (desk.asker.number.e164, desk.asker.line.e164, line, code)
    return hmac.digest(desk.house.code_key, "\n".join(bound_to).encode(), "sha256")
