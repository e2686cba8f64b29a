"""Requests that nothing here answers: told as JSON, and in the wire log if they were meant for Vonage."""

from __future__ import annotations

import pytest

from bot.emulator.app import create_emulator
from bot.emulator.profile import Profile
from bot.emulator.unknown import OURS
from tests.emulation import StartEmulator

BASIC = "Basic YWJjZDEyMzQ6dG9wLXNlY3JldA=="  # abcd1234:top-secret


async def test_a_request_to_another_interface_is_in_the_wire_log_without_its_secret(emulator: StartEmulator) -> None:
    here = await emulator()
    told = {"to": "447700900101", "api_secret": "top-secret", "sms": {"encoding_type": "auto"}}
    async with here.http.post(f"{here.url}/v1/messages?a=1", json=told, headers={"Authorization": BASIC}) as response:
        assert response.status == 404
    (exchange,) = await here.wire()
    assert (exchange["about"], exchange["method"], exchange["status"]) == ("unknown", "POST", 404)
    assert exchange["url"] == f"{here.url}/v1/messages"
    assert (exchange["parameters"]["a"], exchange["parameters"]["to"]) == ("1", "447700900101")
    assert "top-secret" not in str(exchange)


async def test_so_is_the_wrong_method(emulator: StartEmulator) -> None:
    here = await emulator()
    async with here.http.get(f"{here.url}/sms/json", params={"to": "447700900101"}) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    (exchange,) = await here.wire()
    assert (exchange["method"], exchange["status"], exchange["parameters"]) == ("GET", 405, {"to": "447700900101"})


async def test_a_body_that_cannot_be_read_is_no_trouble(emulator: StartEmulator) -> None:
    here = await emulator()
    async with here.http.post(f"{here.url}/v1/calls", data=b"[", headers={"Content-Type": "text/json"}) as response:
        assert response.status == 404
    (exchange,) = await here.wire()
    assert exchange["parameters"] == {}


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/wire/17", {}), ("/phones/447700900101", {}), ("/favicon.ico", {"Sec-Fetch-Site": "same-origin"})],
)
async def test_what_was_meant_for_the_page_is_not(emulator: StartEmulator, path: str, headers: dict[str, str]) -> None:
    here = await emulator()
    async with here.http.get(here.url + path, headers=headers) as response:
        assert response.status == 404
    assert await here.wire() == []


def test_it_knows_all_paths_of_the_page_and_the_controls() -> None:
    paths = {getattr(route, "path", "").split("/")[1] for route in create_emulator(Profile()).routes}
    assert paths - {"sms", "account"} == OURS
