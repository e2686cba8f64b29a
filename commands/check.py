"""CHECK: why it does not work for somebody."""

from __future__ import annotations

from commands import arguments, durations, person
from commands.arguments import PersonRef
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage import blocks, chats, messages, people
from storage.blocks import FOR_EVER
from storage.number import Number


@command(
    "CHECK",
    usage="CHECK num",
    example="CHECK +447700900001",
    summary="why it does not work for a person",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.person,
)
async def check(desk: Desk, ref: PersonRef) -> str:
    number = await person.ever_in_chat(desk, ref)
    return desk.text(
        "check",
        number=number,
        choice=await _choice(desk, number),
        block=await _block(desk, number),
        chats=await _chats(desk, number),
        delivery=await _delivery(desk, number),
    )


async def _choice(desk: Desk, number: Number) -> str:
    return desk.text("check_out" if await people.opted_out(desk.tx, [number]) else "check_in")


async def _block(desk: Desk, number: Number) -> str:
    until = await blocks.blocked_until(desk.tx, number, desk.now)
    if until is None:
        return desk.text("check_free")
    if until == FOR_EVER:
        return desk.text("check_blocked")
    return desk.text("check_blocked_for", time=durations.spell(until - desk.now))


async def _chats(desk: Desk, number: Number) -> str:
    found = [str(chat.id) for chat in await chats.open_of(desk.tx, number)]
    if not found:
        return desk.text("check_no_chat")
    return desk.text("check_chats", seated=desk.listed("seated", found))


async def _delivery(desk: Desk, number: Number) -> str:
    last = await messages.last_to(desk.tx, number)
    if last is None:
        return desk.text("check_no_text")
    return desk.text("check_text", state=last.state, time=desk.since(last.changed_at))
