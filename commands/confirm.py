"""OK, and what asks for it: a grave command is done only with proof that the admin's phone is in the asker's hands.

A sender's number can be forged, but a forger cannot read the answer. A code is for one admin, one line and one command,
and works once. Wrong ones are counted in commands/lockout.py. An admin with an authenticator puts its digits at the end
of the command instead, and gets no code at all.
"""

from __future__ import annotations

import hmac
import re

from commands import arguments, authenticator, deed, durations, grammar, lockout
from commands.arguments import Unfit
from commands.command import Command, Grade, Role, command
from commands.desk import Codes, Desk, Refused
from commands.grammar import Spoken, Table
from storage import codes
from storage.codes import PendingCode

LIFE = 5 * durations.MINUTE
CODE = re.compile(r"[0-9]{4}")


def is_needed(desk: Desk, spoken: Spoken) -> bool:
    grade = spoken.command.grade
    return grade is Grade.GRAVE or (grade is Grade.CHANGING and desk.house.codes is Codes.ALL)


async def ask(desk: Desk, spoken: Spoken) -> str | None:
    """Do it where an authenticator's digits are right; else send a code back. None: silence."""
    verb = spoken.command.verb
    if (until := await lockout.locked_until(desk)) is not None:
        return await lockout.refuse_locked(desk, verb, until)
    if (secret := desk.house.authenticators.get(desk.asker.number)) is not None:
        return await _do_if_signed(desk, spoken, secret)
    if await lockout.is_asked_enough(desk):
        return await lockout.refuse_asking(desk, verb)
    return await _send_code(desk, spoken)


async def _do_if_signed(desk: Desk, spoken: Spoken, secret: str) -> str | None:
    signed = grammar.signed(spoken, desk.house.region)
    if signed is None or signed.digits is None:
        raise Refused("lacks_digits", verb=spoken.command.verb)
    step = authenticator.step_of(secret, signed.digits, desk.now)
    if step is None:
        return await lockout.note_wrong(desk, spoken.command.verb)
    if not await codes.use_step(desk.tx, desk.asker.number, step):
        await lockout.record(desk, "digits used again", spoken.command.verb)
        return desk.text("digits_used", verb=spoken.command.verb)
    return await deed.do(desk, signed)


async def _send_code(desk: Desk, spoken: Spoken) -> str:
    code, row = desk.house.new_code(), spoken.command
    await codes.ask(
        desk.tx,
        admin=desk.asker.number,
        line=desk.asker.line,
        command=spoken.line,
        code_hash=_hash(desk, spoken.line, code),
        expires_at=desk.now + LIFE,
    )
    await lockout.note_asked(desk, row.verb)
    said = arguments.masked(spoken.line, desk.house.region)
    return desk.text(
        "confirm", asked=said, summary=desk.summary(row), code=code, time=f"{LIFE // durations.MINUTE} min"
    )


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
        grade=Grade.CODE,
        reads=reads,
    )
    async def confirm(desk: Desk, code: str) -> str | None:
        if (until := await lockout.locked_until(desk)) is not None:
            return await lockout.refuse_locked(desk, "OK", until)
        pending = await _pending(desk)
        spoken = _spoken(desk, pending, table)
        # What was written counts from here on: these are answers, not refusals, so that nothing takes it back.
        if pending.expires_at <= desk.now:
            await codes.forget(desk.tx, desk.asker.number)
            await lockout.record(desk, "code too old", spoken.command.verb)
            return desk.text("code_expired", verb=spoken.command.verb)
        if not _is_right(desk, pending, code):
            return await lockout.note_wrong(desk, spoken.command.verb)
        await codes.forget(desk.tx, desk.asker.number)
        return await deed.do(desk, spoken)

    return confirm


async def _pending(desk: Desk) -> PendingCode:
    pending = await codes.pending(desk.tx, desk.asker.number)
    # An authenticator that was set up while a code waited takes the code's place.
    if pending is None or pending.line != desk.asker.line or desk.asker.number in desk.house.authenticators:
        raise Refused("no_code")
    return pending


def _spoken(desk: Desk, pending: PendingCode, table: Table) -> Spoken:
    match grammar.read(pending.command, desk.house.region, table).items:
        case (Spoken() as spoken,):
            return spoken
        case _:  # asked of an older version, which knew a command that is gone
            raise Refused("no_code")


def _is_right(desk: Desk, pending: PendingCode, code: str) -> bool:
    return hmac.compare_digest(pending.code_hash, _hash(desk, pending.command, code))


def _hash(desk: Desk, line: str, code: str) -> bytes:
    bound_to = (desk.asker.number.e164(), desk.asker.line.e164(), line, code)
    return hmac.digest(desk.house.code_key, "\n".join(bound_to).encode(), "sha256")
