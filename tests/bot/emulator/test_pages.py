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

from bot.emulator.pages import HERE, SHOWN_EXCHANGES
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


async def test_it_begins_with_the_wire_log_the_faults_and_the_settings_too(here: Emulated) -> None:
    await here.send(ALICE, LINE, "hi")
    async with here.http.post(f"{here.url}/faults", json={"kind": "status-5"}) as response:
        assert response.status == 201
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        _, told = await anext(events(response))
    for name in ("wire", "faults", "magic", "settings"):
        async with here.http.get(f"{here.url}/{name}") as response:
            assert told[name] == await response.json()
    assert told["price"] == "0.0412"


async def test_a_text_names_the_receipts_that_will_tell_of_it(here: Emulated) -> None:
    sent = {"api_key": "k", "api_secret": "s", "from": LINE[1:], "to": ALICE[1:], "text": "x" * 200}
    async with here.http.post(f"{here.url}/sms/json", data=sent) as response:
        parts = (await response.json())["messages"]
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        _, told = await anext(events(response))
    assert told["texts"][0]["message_ids"] == [part["message-id"] for part in parts]
    assert len(parts) == 2


async def test_of_a_long_log_the_newest_is_told(here: Emulated) -> None:
    for _ in range(SHOWN_EXCHANGES + 1):
        async with here.http.post(f"{here.url}/sms/json"):
            pass
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        _, told = await anext(events(response))
    ids = [exchange["id"] for exchange in told["wire"]]
    assert ids == list(range(2, SHOWN_EXCHANGES + 2))


async def test_after_a_reset_all_there_is_follows(here: Emulated) -> None:
    await here.send(ALICE, LINE, "hi")
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        stream = events(response)
        await anext(stream)
        async with here.http.post(f"{here.url}/reset") as answer:
            assert answer.status == 204
        async for kind, _ in stream:
            if kind == "reset":
                break
        kind, told = await anext(stream)
    assert (kind, told["texts"]) == ("everything", [])


async def test_a_lost_page_tries_again_soon(here: Emulated) -> None:
    async with asyncio.timeout(5), here.http.get(f"{here.url}/events") as response:
        begin = await response.content.readuntil(b"\r\n\r\n")
    assert b"retry: 1000\r\n" in begin


async def test_each_script_is_fetched_without_waiting_for_another(here: Emulated) -> None:
    async with here.http.get(here.url) as response:
        page = await response.text()
    assert re.findall(r'modulepreload" href="static/(\S+)"', page) == [
        path.name for path in _static() if path.suffix == ".js"
    ]


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
