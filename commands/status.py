"""STATUS: how the service does."""

from __future__ import annotations

from commands import arguments
from commands.command import Grade, Role, command
from commands.desk import Desk
from storage import chats, outbox


@command(
    "STATUS",
    usage="STATUS",
    example="STATUS",
    summary="open chats; texts waiting, in doubt, failed; any trouble",
    role=Role.ADMIN,
    grade=Grade.OPEN,
    reads=arguments.nothing,
)
async def status(desk: Desk, _: None) -> str:
    counts = await outbox.counts(desk.tx)
    values = {
        "open": await chats.count_open(desk.tx),
        "waiting": counts.queued + counts.sending,
        "doubt": counts.uncertain,
        "failed": counts.dead,
    }
    trouble = desk.house.trouble()
    if trouble is not None:
        return desk.text("status_trouble", **values, why=trouble)
    refused = desk.house.refused()
    if refused is not None:
        return desk.text("status_refused", **values, refused=refused)
    if counts.oldest_queued_at is None:
        return desk.text("status", **values)
    return desk.text("status_waiting", **values, time=desk.since(counts.oldest_queued_at))
