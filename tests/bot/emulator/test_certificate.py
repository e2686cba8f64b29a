"""The certificate: trusted by who was given the authority's file, and by the official library unchanged."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from bot.emulator.certificate import certificate


async def _say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _connect(pem: Path, trusted: Path | None, name: str) -> None:
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(pem)
    async with await asyncio.start_server(_say_hello, "127.0.0.1", 0, ssl=served) as server:
        port = server.sockets[0].getsockname()[1]
        trust = ssl.create_default_context(cafile=trusted)
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=name)
        writer.close()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "rest.nexmo.com", "emulator.test"])
async def test_the_authority_vouches_for_each_name(tmp_path: Path, name: str) -> None:
    with certificate("emulator.test", tmp_path / "ca.pem") as pem:
        await _connect(pem, tmp_path / "ca.pem", name)


async def test_nobody_else_trusts_it(tmp_path: Path) -> None:
    with certificate("localhost", tmp_path / "ca.pem") as pem, pytest.raises(ssl.SSLCertVerificationError):
        await _connect(pem, None, "localhost")


def test_the_key_goes_when_the_emulator_does(tmp_path: Path) -> None:
    with certificate("localhost", tmp_path / "ca.pem") as pem:
        assert "PRIVATE KEY" in pem.read_text()
    assert not pem.exists()
    assert "PRIVATE KEY" not in (tmp_path / "ca.pem").read_text()
