"""The wire log: what is shown of headers, no secrets, and the command that sends the same again."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE
from base64 import b64encode

import pytest
from starlette.datastructures import Headers

from bot.emulator.wirelog import HIDDEN, Exchange, curl, iso, shown_headers, shown_parameters
from tests.emulation import Service

ODD = {"from": "447700900001", "text": 'it\'s 50% & "more" $HOME `x` 😀\nnew line', "api_secret": HIDDEN}


def exchange(url: str, method: str = "POST", **headers: str) -> Exchange:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(0, "sms", method, url, ODD, 200, "{}", headers=told)


def test_times_are_told_in_utc_with_a_z() -> None:
    assert iso(1_770_000_515_042) == "2026-02-02T02:48:35.042Z"


def test_of_the_credentials_only_the_key_is_shown() -> None:
    basic = "Basic " + b64encode(b"abcd1234:top-secret").decode()
    told = shown_headers(Headers({"Authorization": basic, "Cookie": "top-secret", "User-Agent": "x"}))
    assert told == {"authorization": "Basic abcd1234:…", "user-agent": "x"}
    assert shown_headers({"authorization": "Bearer top-secret"}) == {"authorization": "…"}
    assert shown_parameters({"api_key": "k", "api_secret": "top-secret"}) == {"api_key": "k", "api_secret": HIDDEN}


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("POST", {"content_type": "application/x-www-form-urlencoded"}),
        ("POST", {"content_type": "application/json"}),
        ("POST", {}),
        ("PUT", {"content_type": "application/x-www-form-urlencoded"}),
    ],
)
async def test_the_command_sends_the_same_with_the_secret_of_whoever_runs_it(
    service: Service, method: str, headers: dict[str, str]
) -> None:
    command = curl(exchange(f"{service.url}/sms/json", method, authorization="Basic abcd1234:…", **headers))
    environ = os.environ | {"VONAGE_API_SECRET": "se$cr'et"}
    process = await asyncio.create_subprocess_shell(command + " --silent", env=environ, stdout=PIPE, stderr=PIPE)
    assert await process.communicate() == (b"", b"")
    (got,) = service.got
    assert (got.method, got.path, got.parameters) == (method, "/sms/json", ODD | {"api_secret": "se$cr'et"})
    assert got.content_type == headers.get("content_type", "")


@pytest.mark.parametrize(("is_json", "method"), [(True, "POST"), (False, "DELETE")])
async def test_what_has_no_header_or_no_body_is_sent_without_it(service: Service, is_json: bool, method: str) -> None:
    told = {"text": "hi"} if is_json else {}
    sent = Exchange(0, "inbound", method, f"{service.url}/in", told, 200, "", is_json=is_json)
    process = await asyncio.create_subprocess_shell(curl(sent) + " --silent")
    assert await process.wait() == 0
    (got,) = service.got
    assert (got.method, got.content_type, got.parameters) == (method, "", told)


def test_a_key_goes_with_the_command_and_a_secret_does_not() -> None:
    assert """--user abcd1234:"$VONAGE_API_SECRET" """ in curl(exchange("http://x/", authorization="Basic abcd1234:…"))
