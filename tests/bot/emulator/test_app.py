"""The emulator as a whole: quick to start, honest about what it has not got."""

from __future__ import annotations

import time

from tests.emulation import StartEmulator


async def test_it_starts_within_milliseconds(emulator: StartEmulator) -> None:
    started = time.perf_counter()
    here = await emulator()
    async with here.http.get(here.url) as response:
        assert response.status == 200
    assert time.perf_counter() - started < 1  # about 30 ms, and a slow machine


async def test_what_is_not_there_is_told_as_json(emulator: StartEmulator) -> None:
    here = await emulator()
    async with here.http.get(f"{here.url}/v1/messages") as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_found"


async def test_two_emulators_know_nothing_of_each_other(emulator: StartEmulator) -> None:
    one, other = await emulator(), await emulator()
    await one.send("+447700900101", "+447700900001", "hi")
    assert len(await one.messages("+447700900101")) == 1
    assert await other.messages("+447700900101") == []
