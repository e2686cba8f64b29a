"""Who may change something, and the headers that keep the page to itself."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from bot.emulator.guard import may_change
from tests.emulation import StartEmulator


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"host": "127.0.0.1:3001", "origin": "http://127.0.0.1:3001"}, True),
        ({"host": "127.0.0.1:3001", "origin": "http://127.0.0.1:3000"}, False),
        ({"host": "127.0.0.1:3001", "origin": "null"}, False),
    ],
)
def test_programs_and_our_page_may_other_websites_may_not(headers: dict[str, str], may: bool) -> None:
    assert may_change("POST", Headers(headers)) is may
    assert may_change("GET", Headers(headers))


async def test_another_website_cannot_text_in_somebodys_name(emulator: StartEmulator) -> None:
    here = await emulator()
    path = f"{here.url}/phones/447700900101/send"
    told = {"to": "447700900001", "text": "END ALL"}
    async with here.http.post(path, json=told, headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 403
    assert await here.messages("447700900101") == []


@pytest.mark.parametrize("path", ["/", "/static/phones.js", "/wire", "/nothing/here"])
async def test_every_answer_forbids_foreign_code(emulator: StartEmulator, path: str) -> None:
    here = await emulator()
    async with here.http.get(here.url + path) as response:
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
