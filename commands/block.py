"""BLOCK and UNBLOCK: somebody's texts are dropped, and they are not told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commands import arguments, durations, person, undo
from commands.arguments import PersonRef
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from commands.words import CLOSING, plain
from storage import admins, blocks
from storage.blocks import FOR_EVER
from storage.model import Millis
from storage.number import Number
from storage.undoable import Act

LENGTH = re.compile(r"(.*?)\s+for\s+(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    whom: PersonRef
    length: Millis | None = None


def reads(text: str, region: str | None) -> Block:
    if (found := LENGTH.fullmatch(plain(text).rstrip(CLOSING))) is None:
        return Block(arguments.person(text, region))
    return Block(arguments.person(found[1], region), arguments.duration("".join(found[2].split())))


@command(
    "BLOCK",
    usage="BLOCK num [FOR 2D]",
    example="BLOCK +447700900001 FOR 2D",
    summary="drop a person's texts; they are not told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads,
    news="news_block",
)
async def block(desk: Desk, asked: Block) -> str:
    number = await person.in_open_chat(desk, asked.whom)
    await _check(desk, number)
    before = await blocks.blocked_until(desk.tx, number, desk.now)
    until = FOR_EVER if asked.length is None else desk.now + asked.length
    await blocks.block(desk.tx, number, by=desk.asker.number, until=until, now=desk.now)
    await undo.remember(desk, Act.BLOCK, number=number, until=before)
    if asked.length is None:
        return desk.text("blocked", number=number)
    return desk.text("blocked_for", number=number, time=durations.spell(asked.length))


@command(
    "UNBLOCK",
    usage="UNBLOCK num",
    example="UNBLOCK +447700900001",
    summary="pass a person's texts on again",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=arguments.person,
    news="news_unblock",
)
async def unblock(desk: Desk, ref: PersonRef) -> str:
    number = await _blocked_person(desk, ref)
    until = await blocks.blocked_until(desk.tx, number, desk.now)
    if until is None:
        raise Refused("not_blocked", number=number)
    await blocks.unblock(desk.tx, number)
    await undo.remember(desk, Act.UNBLOCK, number=number, until=until)
    return desk.text("unblocked", number=number)


async def _blocked_person(desk: Desk, ref: PersonRef) -> Number:
    """Four digits mean somebody who is blocked."""
    if isinstance(ref, Number):
        return await person.in_open_chat(desk, ref)
    return person.the_one(desk, await blocks.ending_in(desk.tx, ref.digits, desk.now), ref.digits)


async def _check(desk: Desk, number: Number) -> None:
    if number in desk.house.lines:
        raise Refused("block_own_line", number=number)
    if number in await admins.everyone(desk.tx, desk.house.admins):
        raise Refused("block_admin", number=number)
