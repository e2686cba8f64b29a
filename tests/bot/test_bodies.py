"""Bodies: whole, too long, too slow, broken off."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from bot.bodies import LARGEST, Gone, TooLarge, TooSlow, read


def pieces(*held: bytes, pause: float = 0.0, ends: bool = True):  # type: ignore[no-untyped-def]
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in held]
    messages.append({"type": "http.request", "body": b""} if ends else {"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        return next(waiting)

    return receive


async def test_a_body_in_pieces_is_read_whole() -> None:
    assert await read(pieces(b"one ", b"", b"two")) == b"one two"


async def test_64_kib_are_read_and_no_more() -> None:
    assert len(await read(pieces(b"x" * LARGEST))) == LARGEST
    with pytest.raises(TooLarge):
        await read(pieces(b"x" * LARGEST, b"x"))


async def test_the_time_is_that_of_the_whole_and_not_of_each_piece() -> None:
    with pytest.raises(TooSlow):
        await read(pieces(*[b"x"] * 50, pause=0.02), within=0.2)


async def test_who_hangs_up_half_way_is_gone() -> None:
    with pytest.raises(Gone):
        await read(pieces(b"half", ends=False))
