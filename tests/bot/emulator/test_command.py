"""`python -m bot emulator`, as a process: its options, its words, the official library over TLS, and its end."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.emulator.command import PHONES, add_arguments, profile_of
from bot.emulator.profile import Phone, Shape
from bot.vonage.signatures import Method

SDK = """
from vonage import Auth, HttpClientOptions, Vonage
from vonage_sms import SmsMessage
host = "localhost:{port}"
client = Vonage(Auth(api_key="abcd1234", api_secret="secret"), HttpClientOptions(rest_host=host, api_host=host))
sent = client.sms.send(SmsMessage(to="447700900101", from_="447700900001", text="x" * 161, client_ref="r1"))
print(sent.message_count, [part.client_ref for part in sent.messages], client.account.get_balance().value)
"""


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


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


def test_without_options_it_takes_anybody_and_has_two_phones() -> None:
    profile = profile_of(parsed())
    assert (profile.key, profile.secret, profile.lines, profile.phones) == (None, None, (), PHONES)


def test_every_option_reaches_the_account() -> None:
    profile = profile_of(
        parsed(
            *("--line", "+447700900001,447700900002", "--line", "15555550100"),
            *("--phone", "Admin=+44 7700 900100", "--phone", "Alice=447700900101"),
            *("--suggest", "447700900100=PAIR a = b"),
            *("--webhook-method", "POST-JSON", "--signature-secret", "shh", "--signature-method", "sha256"),
        )
    )
    assert profile.lines == ("+447700900001", "+447700900002", "+15555550100")
    assert profile.phones == (Phone("+447700900100", "Admin", ("PAIR a = b",)), Phone("+447700900101", "Alice"))
    assert (profile.webhooks, profile.signature_method) == (Shape.POST_JSON, Method.SHA256)


@pytest.mark.parametrize(
    "words", [("--line", "nobody at all"), ("--phone", "Alice"), ("--phone", "Alice=?"), ("--suggest", "=x")]
)
def test_an_option_that_makes_no_sense_is_explained(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(*words)
    assert "expected" in capsys.readouterr().err


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


async def test_the_official_library_works_over_tls_with_nothing_but_a_host_and_a_bundle(tmp_path: Path) -> None:
    options = ("--tls", "--key", "abcd1234", "--secret", "secret", "--line", "447700900001")
    async with emulator(*options, cwd=tmp_path) as (_, said, port):
        assert f"https://127.0.0.1:{port}/" in said
        trusting = os.environ | {"REQUESTS_CA_BUNDLE": str(tmp_path / "emulator-ca.pem")}
        words = ("-c", SDK.format(port=port))
        client = await asyncio.create_subprocess_exec(sys.executable, *words, env=trusting, stdout=PIPE, stderr=PIPE)
        printed, complained = await client.communicate()
    assert complained == b""
    assert printed.decode().strip() == "2 ['r1', 'r1'] 999.9176"


async def test_an_authority_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    words = ("-m", "bot", "emulator", "--port", "0", "--tls", "--ca-file", "no/such/folder.pem")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
    _, complained = await process.communicate()
    assert process.returncode == 1
    assert len(complained.splitlines()) == 1
