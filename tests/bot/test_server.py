"""The server as a process: where it listens, what it passes on, how it ends."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from bot.server import HEADERS, CannotListen, address, listen

SERVICE = """
import asyncio, signal, sys
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from bot.__main__ import Stop
from bot.server import listen, serve
from storage.engine import Unusable


@asynccontextmanager
async def lifespan(app):
    if "refuse" in sys.argv:
        raise Unusable("held by another process")
    try:
        yield {"greeting": "hello", "stop_taking": lambda: print("takes no more", flush=True)}
    finally:
        if "hang" in sys.argv:
            print("putting away", flush=True)
            await asyncio.sleep(60)
        print("put away", flush=True)

async def hello(request):
    return PlainTextResponse(f"{request.state.greeting} {request.client.host}")

stop = Stop()
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, stop)
try:
    serve(Starlette(routes=[Route("/", hello)], lifespan=lifespan), listen("127.0.0.1", 0))
except Unusable as error:
    sys.exit(f"refused: {error}")
"""


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen([sys.executable, "-c", SERVICE, *words], stdout=-1, stderr=-1, text=True) as process:
        try:
            assert process.stdout is not None
            said = re.fullmatch(r"Private SMS listens on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            assert said is not None
            yield process, int(said[1])
        finally:
            process.kill()


def get(port: int) -> tuple[str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/", headers={"X-Forwarded-For": "10.9.8.7"})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return body, {name.lower(): value for name, value in response.getheaders()}


def test_the_lifespans_state_reaches_the_requests_and_a_strangers_proxy_header_does_not() -> None:
    with running() as (_, port):
        body, headers = get(port)
    assert body == "hello 127.0.0.1"
    assert "server" not in headers
    assert {name: headers[name] for name, _ in HEADERS} == dict(HEADERS)


def test_even_what_uvicorn_itself_refuses_has_the_headers() -> None:
    with running() as (_, port), socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        told = raw.makefile("rb").read().decode()
    assert told.startswith("HTTP/1.1 400 ")
    assert [name for name, value in HEADERS if f"{name}: {value}\r\n" not in told] == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_counts_as_success(how: signal.Signals) -> None:
    with running() as (process, port):
        get(port)
        process.send_signal(how)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "takes no more\nput away\n", "")


def test_a_second_signal_ends_it_at_once() -> None:
    with running("hang") as (process, port):
        get(port)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["takes no more\n", "putting away\n"]
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
    assert (process.returncode, rest) == (1, "")


def test_from_the_first_signal_on_nothing_new_is_taken() -> None:
    with running() as (process, port):
        get(port)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
    assert rest.startswith("takes no more\n")


def test_what_the_lifespan_refuses_comes_out_as_it_is() -> None:
    done = subprocess.run([sys.executable, "-c", SERVICE, "refuse"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "refused: held by another process\n")


def test_a_port_in_use_is_told() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(CannotListen, match="address already in use"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(CannotListen, match=f"cannot listen on {host} port 0"):
        listen(host, 0)


def test_an_address_is_written_as_browsers_take_it() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address(listener))


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_is_written_in_brackets() -> None:
    try:
        listener = listen("::1", 0)
    except CannotListen:
        pytest.skip("this machine has no IPv6 loopback")
    with listener:
        assert address(listener).startswith("http://[::1]:")
