"""The page as the server gives it, and the stream that keeps it live. What it looks like is tested in a browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.emulator.pages import HERE
from bot.emulator.profile import Phone, Profile
from tests.emulation import Emulated, StartEmulator

ALICE, LINE = "+447700900101", "+447700900001"
PROFILE = Profile(lines=(LINE,), phones=(Phone(ALICE, "<b>Alice</b>", ("Hi",)),))


@pytest.fixture
async def here(emulator: StartEmulator) -> Emulated:
    return await emulator(PROFILE)


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    kind = ""
    async for line in response.content:
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def test_the_stream_begins_with_all_there_is(here: Emulated) -> None:
    await here.send(ALICE, LINE, "line one\nline two")
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        kind, told = await anext(events(response))
    assert kind == "everything"
    assert told["lines"] == [LINE]
    assert told["phones"] == [{"number": ALICE, "name": "<b>Alice</b>", "suggestions": ["Hi"]}]
    assert [(text["phone"], text["text"]) for text in told["texts"]] == [(ALICE, "line one\nline two")]


async def test_what_happens_follows_as_it_happens(here: Emulated) -> None:
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        stream = events(response)
        await anext(stream)
        await here.send(ALICE, LINE, "hi")
        first, second = await anext(stream), await anext(stream)
    assert (first[0], first[1]["state"]) == ("text", "sending")
    assert (second[0], second[1]["state"]) == ("text", "failed")


async def test_the_page_runs_nothing_inline_and_fetches_nothing_from_elsewhere(here: Emulated) -> None:
    async with here.http.get(here.url) as response:
        page = await response.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=|javascript:", page)
    assert not re.search(r"https?://", page)


def _static() -> list[Path]:
    return sorted((HERE / "static").iterdir())


@pytest.mark.parametrize("path", _static(), ids=lambda path: path.name)
async def test_each_static_file_is_served_as_what_it_is(here: Emulated, path: Path) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    async with here.http.get(f"{here.url}/static/{path.name}") as response:
        assert (response.status, response.content_type) == (200, kinds[path.suffix])


async def test_nothing_outside_the_static_folder_is_served(here: Emulated) -> None:
    async with here.http.get(f"{here.url}/static/..%2fpages.py") as response:
        assert response.status == 404
