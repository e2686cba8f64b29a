"""`python -m bot emulator`, as a process: its options, its words, the official library over TLS, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.emulator.statuses import WORDS

# The official package as anybody uses it: its own client, its own answers and exceptions.
SDK = """
import json, logging, sys
import requests
from vonage import Auth, HttpClientOptions, Vonage
from vonage_sms import SmsMessage
from vonage_sms.errors import PartialFailureError, SmsError
from vonage_http_client.errors import HttpRequestError

logging.getLogger("vonage").setLevel(logging.CRITICAL)
host, cases = sys.argv[1], json.load(sys.stdin)
for case in cases:
    auth = Auth(**{"api_key": "abcd1234", "api_secret": "secret"} | case.get("auth", {}))
    client = Vonage(auth, HttpClientOptions(rest_host=host, api_host=host, pool_maxsize=1, max_retries=0))
    text = {"to": "447700900101", "from_": "447700900001", "text": "hi"} | case.get("text", {})
    try:
        if case.get("ask") == "signature":
            told = {"to": text["to"], "from": text["from_"], "text": "a & b", "api_key": "abcd1234"}
            told["sig"] = auth.sign_params(told)  # which puts a time stamp into it
            print(requests.post(f"https://{host}/sms/json", data=told).json()["messages"][0]["status"])
        elif case.get("ask") == "balance":
            print(client.account.get_balance().value)
        elif case.get("ask") == "numbers":
            print([number.msisdn for number in client.numbers.list_owned_numbers()[0]])
        else:
            sent = client.sms.send(SmsMessage(**text))
            print(sent.message_count, [part.client_ref for part in sent.messages])
    except (SmsError, PartialFailureError) as error:
        print(type(error).__name__, *str(error).partition("error code ")[2:])
    except HttpRequestError as error:
        print("HTTP", error.response.status_code)
    except Exception as error:
        print(type(error).__name__)
"""


@asynccontextmanager
async def emulator(*options: str, cwd: Path) -> AsyncIterator[tuple[Process, str, int]]:
    """The process, what it said at its start, and its port."""
    words = ("-m", "bot", "emulator", "--port", "0", *options)
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=cwd, stdout=PIPE, stderr=PIPE)
    assert process.stdout
    try:
        said = (await process.stdout.readuntil(b"receipts to")).decode()
        found = re.search(r":(\d+)/", said)
        assert found
        yield process, said, int(found[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_to_even_while_a_page_is_open(tmp_path: Path, stop: signal.Signals) -> None:
    async with emulator(cwd=tmp_path) as (process, _, port), aiohttp.ClientSession() as page:
        async with page.get(f"http://127.0.0.1:{port}/events") as response:
            await response.content.readline()
            process.send_signal(stop)
            assert await asyncio.wait_for(process.wait(), 5) == 0
        assert process.stderr
        assert await process.stderr.read() == b""


async def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ("-m", "bot", "emulator", "--port", port)
        process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
        said, complained = await process.communicate()
    assert (process.returncode, said) == (1, b"")
    assert len(complained.splitlines()) == 1
    assert port in complained.decode()


CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "1 [None]"),
    ({"text": {"text": "x" * 161, "client_ref": "r1"}}, "2 ['r1', 'r1']"),
    ({"text": {"to": ""}}, "SmsError 2: Missing to param"),
    ({"text": {"to": "123"}}, "SmsError 3: Invalid value for parameter: to"),
    ({"auth": {"api_secret": "wrong"}}, "SmsError 4: Bad Credentials"),
    ({"text": {"text": "x" * 3201}}, "SmsError 12: Message Too Long"),
    ({"text": {"from_": "447700900009"}}, "SmsError 15: Illegal Sender Address - rejected"),
    ({"text": {"callback": "ftp://example.org"}}, "SmsError 23: Invalid callback url"),
    ({"text": {"to": "447700900103"}}, "SmsError 29: Non White-listed Destination - rejected"),
    ({"text": {"to": "447700900961"}}, f"SmsError 1: {WORDS['1']}"),
    *(({"text": {"to": f"447700900{200 + int(code)}"}}, f"SmsError {code}: {words}") for code, words in WORDS.items()),
    ({"text": {"to": "447700900957", "text": "x" * 161}}, "PartialFailureError "),
    ({"text": {"to": "447700900950"}}, "HTTP 429"),
    ({"text": {"to": "447700900951"}}, "HTTP 500"),
    ({"text": {"to": "447700900954"}}, "ConnectionError"),
    ({"text": {"to": "447700900956"}}, "TypeError"),  # what it makes of a page instead of JSON
    # For itself it signs fields that it does not send, and so is refused; what it signs for us is right.
    ({"auth": {"signature_secret": "shh", "signature_method": "sha256"}}, "SmsError 14: Invalid Signature"),
    ({"auth": {"signature_secret": "shh", "signature_method": "sha256"}, "ask": "signature"}, "0"),
    ({"auth": {"signature_secret": "shh", "signature_method": "sha512"}, "ask": "signature"}, "14"),
    ({"ask": "numbers"}, "['447700900001']"),
    ({"ask": "balance"}, "999.794"),
]  # fmt: skip


async def test_the_official_library_works_over_tls_with_nothing_but_a_host_and_a_bundle(tmp_path: Path) -> None:
    allowed = sorted({case.get("text", {}).get("to", "") for case, _ in CASES} - {"", "123", "447700900103"})
    faults = [f"--fault=status-{code},number=447700900{200 + int(code)}" for code in WORDS]
    options = ("--tls", "--key", "abcd1234", "--secret", "secret", "--line", "447700900001", "--rate", "0", "--trial")
    signed = ("--signature-secret", "shh", "--signature-method", "sha256")
    numbers = ("--test-number", ",".join(["447700900101", *allowed]))
    async with emulator(*options, *signed, *numbers, *faults, cwd=tmp_path) as (_, said, port):
        assert f"https://127.0.0.1:{port}/" in said
        trusting = os.environ | {"REQUESTS_CA_BUNDLE": str(tmp_path / "emulator-ca.pem")}
        words = ("-c", SDK, f"localhost:{port}")
        client = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=trusting, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        printed, complained = await client.communicate(json.dumps([case for case, _ in CASES]).encode())
    assert complained == b""
    assert printed.decode().splitlines() == [expected for _, expected in CASES]


async def test_it_hangs_up_and_answers_again_and_keeps_quiet_about_it(tmp_path: Path) -> None:
    text = {"api_key": "k", "api_secret": "s", "from": "447700900001", "to": "447700900101", "text": "hi"}
    async with (
        emulator("--fault", "close,times=1", cwd=tmp_path) as (process, _, port),
        aiohttp.ClientSession() as http,
    ):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.post(f"http://127.0.0.1:{port}/sms/json", data=text)
        async with http.post(f"http://127.0.0.1:{port}/sms/json", data=text) as response:
            assert (await response.json())["messages"][0]["status"] == "0"
        process.terminate()
        assert process.stderr
        assert await process.stderr.read() == b""


async def test_an_authority_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    words = ("-m", "bot", "emulator", "--port", "0", "--tls", "--ca-file", "no/such/folder.pem")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
    _, complained = await process.communicate()
    assert process.returncode == 1
    assert len(complained.splitlines()) == 1


def examples(language: str) -> list[str]:
    guide = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", guide, re.DOTALL)


async def test_the_guides_example_in_python_runs_as_it_stands(tmp_path: Path) -> None:
    (example,) = examples("python")
    async with emulator("--tls", cwd=tmp_path) as (_, _, port):
        trusting = os.environ | {"REQUESTS_CA_BUNDLE": str(tmp_path / "emulator-ca.pem")}
        words = ("-c", example.replace("3001", str(port)))
        client = await asyncio.create_subprocess_exec(sys.executable, *words, env=trusting, stdout=PIPE, stderr=PIPE)
        assert await client.communicate() == (b"0 999.9588\n", b"")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
async def test_the_guides_examples_with_curl_run_as_they_stand(tmp_path: Path) -> None:
    async with emulator(cwd=tmp_path) as (_, _, port):
        for example in (each for each in examples("sh") if each.startswith("curl")):
            script = re.sub(r"^curl", "curl --fail --silent", example, flags=re.MULTILINE).replace("3001", str(port))
            shell = await asyncio.create_subprocess_shell(f"set -e\n{script}", stdout=PIPE, stderr=PIPE)
            printed, complained = await shell.communicate()
            assert (shell.returncode, complained) == (0, b""), example
            if "messages?" in example:
                assert b"On my way" in printed
