"""ADMIN: who may give commands. Those of the settings stay; others come and go by text, each time with a code."""

from __future__ import annotations

from commands import arguments, news, person
from commands.arguments import PersonRef, Tail, Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from storage import admins, audit, blocks, codes, people, undoable
from storage.audit import Kind as Logged
from storage.model import Kind, Outbound
from storage.number import Number

USAGE = "ADMIN LIST | ADD num | REMOVE num"


def reads_number(text: str, region: str | None) -> Number:
    found = arguments.person(text, region)
    if isinstance(found, Tail):  # four digits name nobody who is not known yet
        raise Unfit("needs_number")
    return found


@command(
    "ADMIN",
    "ADMIN LIST",
    usage=USAGE,
    example="ADMIN LIST",
    summary="who may text commands",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.nothing,
)
async def admin_list(desk: Desk, _: None) -> str:
    everyone = await admins.everyone(desk.tx, desk.house.admins)
    entries = [each.tail + "+" * (each in desk.house.admins) for each in everyone]
    return desk.text("admin_list", page=desk.listed("page", entries))


@command(
    "ADMIN ADD",
    usage="ADMIN ADD num",
    example="ADMIN ADD +447700900003",
    summary="let this phone text commands",
    role=Role.ADMIN,
    grade=Grade.GRAVE,
    reads=reads_number,
    news="news_admin_add",
)
async def admin_add(desk: Desk, number: Number) -> str:
    desk.about.number = number
    await _check_fit(desk, number)
    await admins.add(desk.tx, number, by=desk.asker.number, now=desk.now)
    await _record(desk, "admin added", number)
    await _tell(desk, number, "admin_welcome")
    return desk.text("admin_added", number=number)


@command(
    "ADMIN REMOVE",
    usage="ADMIN REMOVE num",
    example="ADMIN REMOVE +447700900003",
    summary="let this phone text no more commands",
    role=Role.ADMIN,
    grade=Grade.GRAVE,
    reads=arguments.person,
    news="news_admin_remove",
)
async def admin_remove(desk: Desk, ref: PersonRef) -> str:
    everyone = await admins.everyone(desk.tx, desk.house.admins)
    number = _admin_meant(desk, ref, everyone)
    _check_may_go(desk, number, everyone)
    await admins.remove(desk.tx, number)
    await codes.forget(desk.tx, number)
    await undoable.forget(desk.tx, number)
    await _record(desk, "admin removed", number)
    if number != desk.asker.number:
        await _tell(desk, number, "admin_farewell")
    return desk.text("admin_removed", number=number)


async def _check_fit(desk: Desk, number: Number) -> None:
    if number in await admins.everyone(desk.tx, desk.house.admins):
        raise Refused("admin_already", number=number)
    if number in desk.house.lines:
        raise Refused("admin_own_line", number=number)
    if desk.house.destinations.barred(number) is not None:
        raise Refused("admin_barred", number=number)
    if await people.opted_out(desk.tx, [number]):
        raise Refused("admin_opted_out", number=number)
    if await blocks.blocked_until(desk.tx, number, desk.now) is not None:
        raise Refused("admin_blocked", number=number)


def _admin_meant(desk: Desk, ref: PersonRef, everyone: list[Number]) -> Number:
    """Four digits mean an admin."""
    if isinstance(ref, Tail):
        return person.the_one(desk, [each for each in everyone if each.e164().endswith(ref.digits)], ref.digits)
    desk.about.number = ref
    return ref


def _check_may_go(desk: Desk, number: Number, everyone: list[Number]) -> None:
    if number not in everyone:
        raise Refused("admin_unknown", number=number)
    if number in desk.house.admins:
        raise Refused("admin_settled", number=number)
    if len(everyone) == 1:
        raise Refused("admin_last", number=number)


async def _tell(desk: Desk, number: Number, key: str) -> None:
    [words] = await news.spoken(desk.tx, desk.house, [number], key, admin=desk.asker.number)
    desk.outgoing.append(Outbound(desk.asker.line, number, words, Kind.NOTICE))


async def _record(desk: Desk, what: str, number: Number) -> None:
    await audit.record(desk.tx, Logged.SECURITY, what, who=desk.asker.number, now=desk.now, whom=number)
