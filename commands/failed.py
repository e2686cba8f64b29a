"""FAILED, RESEND and DISMISS: texts that did not leave, or did not arrive for certain, and what becomes of them."""

from __future__ import annotations

import re

from commands import arguments
from commands.arguments import Unfit
from commands.command import Grade, Role, command
from commands.desk import Desk, Refused
from storage import messages, people
from storage.messages import Message
from storage.model import Kind, State

MESSAGE_ID = re.compile(r"#?([1-9][0-9]{0,11})")
LISTED = 12  # more than one text has room for
AT_ONCE = 500


def reads_id(text: str, region: str | None) -> int:
    if (found := reads_id_if_any(text, region)) is None:
        raise Unfit("needs_text")
    return found


def reads_id_if_any(text: str, region: str | None) -> int | None:
    word = arguments.one_word(text, region)
    if word is None:
        return None
    if (found := MESSAGE_ID.fullmatch(word)) is None:
        raise Unfit("bad_text", word=word)
    return int(found[1])


@command(
    "FAILED",
    usage="FAILED [381]",
    example="FAILED 381",
    summary="texts that failed, or why one did",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=reads_id_if_any,
)
async def failed(desk: Desk, wanted: int | None) -> str:
    if wanted is not None:
        return _told(desk, await find_dead(desk, wanted))
    found = await messages.in_state(desk.tx, State.DEAD, limit=LISTED)
    if not found:
        return desk.text("failed_none")
    listed = desk.listed("failures", [f"{each.id} {each.recipient.tail}" for each in found])
    return desk.text("failed", count=await messages.count_dead(desk.tx), failures=listed, message=found[0].id)


@command(
    "RESEND",
    usage="RESEND 381",
    example="RESEND 381",
    summary="a failed text goes out again",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads_id,
    news="news_resend",
)
async def resend(desk: Desk, wanted: int) -> str:
    message = await find_dead(desk, wanted)
    await check_resend(desk, message)
    await messages.resend(desk.tx, [message], desk.now)
    return desk.text("resent_doubted" if message.doubted else "resent", message=message.id, number=message.recipient)


@command(
    "RESEND ALL",
    usage="RESEND ALL",
    example="RESEND ALL",
    summary="send every failed text again",
    role=Role.ADMIN,
    grade=Grade.GRAVE,
    reads=arguments.nothing,
    news="news_resend_all",
)
async def resend_all(desk: Desk, _: None) -> str:
    sent = left = after = 0
    while page := await messages.in_state(desk.tx, State.DEAD, after=after, limit=AT_ONCE):
        fit = [each for each in page if await _may_go(desk, each)]
        await messages.resend(desk.tx, fit, desk.now)
        sent, left, after = sent + len(fit), left + len(page) - len(fit), page[-1].id
    desk.about.chat = None  # it is about no one of them
    return desk.text("resent_all", count=sent, others=left)


@command(
    "DISMISS",
    usage="DISMISS 381",
    example="DISMISS 381",
    summary="a failed text is dropped; nobody is told",
    role=Role.ADMIN,
    grade=Grade.CHANGING,
    reads=reads_id,
    news="news_dismiss",
)
async def dismiss(desk: Desk, wanted: int) -> str:
    message = await find_dead(desk, wanted)
    await messages.dismiss(desk.tx, [message], desk.now)
    return desk.text("dismissed", message=message.id, number=message.recipient)


@command(
    "DISMISS ALL",
    usage="DISMISS ALL",
    example="DISMISS ALL",
    summary="drop every failed text",
    role=Role.ADMIN,
    grade=Grade.GRAVE,
    reads=arguments.nothing,
    news="news_dismiss_all",
)
async def dismiss_all(desk: Desk, _: None) -> str:
    count = 0
    while page := await messages.in_state(desk.tx, State.DEAD, limit=AT_ONCE):
        await messages.dismiss(desk.tx, page, desk.now)
        count += len(page)
    return desk.text("dismissed_all", count=count)


async def check_resend(desk: Desk, message: Message) -> None:
    """Raises Refused where the text could not go out, whose claim would only cancel it."""
    if message.kind is Kind.RELAY and message.chat is not None:
        chat = await desk.chat_known(message.chat)
        if not chat.open:
            raise Refused("resend_closed", chat=chat, message=message.id)
        if chat.paused_at is not None:
            raise Refused("resend_paused", chat=chat, id=chat.id)
    if await people.opted_out(desk.tx, [message.recipient]):
        raise Refused("resend_opted_out", number=message.recipient, message=message.id)


async def find_dead(desk: Desk, wanted: int) -> Message:
    """Raises Refused when there is no such text, or it has not failed."""
    message = await messages.find(desk.tx, wanted)
    if message is None:
        raise Refused("no_such_message", message=wanted)
    desk.about.number = message.recipient
    if message.state is not State.DEAD:
        raise Refused("not_failed", message=wanted, state=message.state)
    return message


async def _may_go(desk: Desk, message: Message) -> bool:
    try:
        await check_resend(desk, message)
    except Refused:
        return False
    return True


def _told(desk: Desk, message: Message) -> str:
    return desk.text(
        "failed_one_doubted" if message.doubted else "failed_one",
        message=message.id,
        number=message.recipient,
        place="no chat" if message.chat is None else f"Chat {message.chat}",
        why=message.reason,
        time=desk.since(message.changed_at),
    )
