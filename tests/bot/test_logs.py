"""Logs: one line an event, nothing of what people wrote, whatever the level."""

import asyncio
import io
import json
import logging
import re
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import aiosqlite
import pytest
import uvicorn
from aiohttp.client_reqrep import ConnectionKey
from starlette.types import Receive, Scope, Send
from vonage_http_client import Auth, HttpClient, HttpClientOptions

from bot.logs import event, set_up, tell_what_nobody_caught
from bot.server import address, listen
from storage.engine import Unavailable
from storage.number import Number

log = logging.getLogger("private_sms.test")
PERSON = Number("+447700900123")
CANARY = "canary text"


@pytest.fixture
def logs() -> Iterator[Callable[..., io.StringIO]]:
    """Sets up as a fresh process does, whatever earlier tests left behind, and puts everything back."""
    named = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = [(each, each.level, each.handlers, each.propagate) for each in [logging.root, *named]]
    for each, *_ in before:
        each.setLevel(logging.NOTSET)
        each.handlers, each.propagate = [], True
    stream = io.StringIO()

    def start(level: str = "DEBUG", style: str = "text") -> io.StringIO:
        set_up(level, style, stream)
        return stream

    yield start
    for each, level, each.handlers, each.propagate in before:
        each.setLevel(level)


Logs = Callable[..., io.StringIO]


@dataclass
class Unraisable:
    """As Python hands over what was raised where nobody can catch it."""

    exc_value: BaseException


def test_an_event_is_one_line_of_its_name_and_facts(logs: Logs) -> None:
    stream = logs()
    log.info(event("text out", chat=12, to=PERSON))
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO test text out chat=12 to=\+44•••••••123\n"
    assert re.fullmatch(line, stream.getvalue())


def test_an_event_is_one_object_as_json(logs: Logs) -> None:
    stream = logs(style="json")
    log.warning(event("text out", chat=12, to=PERSON, why=None))
    line = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("at"))
    facts = {"chat": 12, "to": "+44•••••••123", "why": None}
    assert line == {"level": "WARNING", "logger": "private_sms.test", "event": "text out", **facts}


def test_a_fact_cannot_take_the_place_of_the_level(logs: Logs) -> None:
    stream = logs(style="json")
    log.warning(event("odd", level="INFO", event="forged"))
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("WARNING", "odd")


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("ending", ["\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K", "\x00", "\u202e", "\ud800"])
def test_no_value_can_forge_a_line(logs: Logs, style: str, ending: str) -> None:
    stream = logs(style=style)
    log.info(event("odd", id=f"1{ending}2026-01-01T00:00:00.000Z INFO forged"))
    log.info("in a message: %s", f"1{ending}2026-01-01T00:00:00.000Z INFO forged")
    written = stream.getvalue()
    assert len(written.splitlines()) == 2
    assert written.count(ending) == (2 if ending == "\n" else 0)


def test_no_value_can_pass_itself_off_as_another_fact(logs: Logs) -> None:
    stream = logs()
    log.info(event("odd", id='1 chat=99 "'))
    assert stream.getvalue().endswith('INFO test odd id="1 chat=99 \\""\n')


@pytest.mark.parametrize("style", ["text", "json"])
def test_an_exception_is_told_by_kind_and_place_on_one_line_without_its_message(logs: Logs, style: str) -> None:
    stream = logs(style=style)
    try:
        try:
            int(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error
    except KeyError:
        log.exception(event("fault", id="abc"))
    (line,) = stream.getvalue().splitlines()
    assert CANARY not in line
    assert re.search(r"KeyError at test_logs.py:\d+ test_an_exc\w+, from ValueError at test_logs.py:\d+", line)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left"), sqlite3.OperationalError("disk I/O"), Unavailable("locked")]
)
def test_the_message_of_a_broken_disk_or_database_is_told(logs: Logs, error: Exception) -> None:
    stream = logs()
    log.error(event("cannot store"), exc_info=error)
    assert f"({error})" in stream.getvalue()


LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["vonage", "urllib3.connectionpool", "urllib3.util.retry", "uvicorn.access"])
def test_loggers_that_quote_requests_stay_silent(logs: Logs, level: str, name: str) -> None:
    stream = logs(level)
    for each in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(each, "POST /sms/json api_secret=%s", CANARY)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "name", ["aiohttp.client", "aiosqlite", "asyncio", "sse_starlette.sse", "some.library", "uvicorn.asgi"]
)
def test_other_libraries_speak_only_when_something_broke(logs: Logs, level: str, name: str) -> None:
    stream = logs(level)
    for each in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(each, "executing %s", CANARY)
    assert stream.getvalue() == ""
    logging.getLogger(name).error("broken")
    assert "ERROR" in stream.getvalue()


@pytest.fixture
def opened(logs: Logs) -> io.StringIO:
    """As if somebody had opened every logger there is by hand."""
    stream = logs("DEBUG")
    logging.getLogger().setLevel(logging.DEBUG)
    for name in [*logging.root.manager.loggerDict, "vonage", "uvicorn.access", "asyncio", "aiohttp.client"]:
        logging.getLogger(name).setLevel(logging.DEBUG)
    return stream


@pytest.fixture
def let_through(opened: io.StringIO) -> Iterator[io.StringIO]:
    """All that the libraries would have logged: shows that a test provokes what it says is kept back."""
    everything = io.StringIO()
    handler = logging.StreamHandler(everything)
    logging.getLogger().addHandler(handler)
    yield everything
    logging.getLogger().removeHandler(handler)


async def test_the_database_driver_shows_no_values_whatever_its_level(
    opened: io.StringIO, let_through: io.StringIO
) -> None:
    async with aiosqlite.connect(":memory:") as database:
        await database.execute_fetchall("SELECT $1", {"1": CANARY})
    assert CANARY in let_through.getvalue()
    assert opened.getvalue() == ""


async def test_server_and_client_show_no_request_whatever_their_level(
    opened: io.StringIO, let_through: io.StringIO, http: aiohttp.ClientSession
) -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(CANARY)

    config = uvicorn.Config(breaks, lifespan="off", log_config=None, log_level="trace", http="h11")
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve([listener]))
    async with http.get(f"{address(listener)}/webhooks", params={"msisdn": PERSON.digits(), "text": CANARY}) as answer:
        assert answer.status == 500
    server.should_exit = True
    await running
    listener.close()
    assert PERSON.digits() in let_through.getvalue()
    assert re.search(r'ERROR uvicorn.error "Exception in ASGI application" error="ValueError at ', opened.getvalue())
    assert PERSON.digits() not in opened.getvalue()
    assert CANARY not in opened.getvalue()


def test_the_sdk_shows_neither_request_nor_answer_whatever_its_level(
    opened: io.StringIO, let_through: io.StringIO
) -> None:
    client = HttpClient(Auth(api_key="abcd1234", api_secret=CANARY), HttpClientOptions(timeout=1, max_retries=1))
    with suppress(Exception):
        client.get("127.0.0.1:9", f"/sms?to={PERSON.digits()}", {"text": CANARY})
    assert PERSON.digits() in let_through.getvalue()
    assert opened.getvalue() == ""


async def test_asyncio_in_debug_shows_no_arguments(opened: io.StringIO, let_through: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    loop.call_soon(lambda text: int(text), CANARY)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.set_debug(False)
    assert CANARY in let_through.getvalue()
    assert "Exception in callback" in opened.getvalue()
    assert CANARY not in opened.getvalue()


def test_asyncio_tells_of_a_lost_exception_without_what_the_task_held(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: ValueError({CANARY!r})")
    assert stream.getvalue().endswith('ERROR asyncio "Task exception was never retrieved"\n')


def test_of_a_librarys_error_the_template_is_shown_and_not_what_fills_it(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("some.library").error("cannot send %s to %s", CANARY, PERSON.digits())
    assert stream.getvalue().endswith('ERROR some.library "cannot send %s to %s"\n')


def test_of_a_message_that_a_library_put_together_only_the_place_is_shown(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("some.library").error(f"cannot send {CANARY} to {PERSON.digits()}")
    assert re.search(r'ERROR some.library "test_logs.py:\d+ test_of_a_message\w+"\n$', stream.getvalue())


def test_an_exception_that_a_library_logs_as_its_message_is_not_shown(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("uvicorn.error").error(ValueError(CANARY))
    assert CANARY not in stream.getvalue()


def test_of_a_broken_connection_what_the_system_said_is_shown_and_not_the_address(logs: Logs) -> None:
    stream = logs()
    log.error(event("fault"), exc_info=aiohttp.ServerTimeoutError(f"Connection timeout to host http://a?text={CANARY}"))
    asked = ConnectionKey("127.0.0.1", 9, False, True, None, None, None)
    log.error(event("fault"), exc_info=aiohttp.ClientConnectorError(asked, OSError(111, "Connection refused")))
    assert CANARY not in stream.getvalue()
    assert "([Errno 111] Connection refused)" in stream.getvalue()


def test_what_nobody_caught_is_told_without_its_words(
    logs: Logs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for owner in (sys, threading):
        monkeypatch.setattr(owner, "excepthook", owner.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    stream = logs()
    tell_what_nobody_caught()
    thread = threading.Thread(target=lambda: int(CANARY), name="storage")
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(CANARY), None)
    sys.unraisablehook(Unraisable(ValueError(CANARY)))  # type: ignore[arg-type]
    assert re.findall(r"CRITICAL private_sms fell where=(\w+) error=\"?ValueError at", stream.getvalue()) == [
        "storage", "main", "unraisable",
    ]  # fmt: skip
    assert CANARY not in stream.getvalue() + "".join(capsys.readouterr())


def test_our_level_is_the_one_that_was_set(logs: Logs) -> None:
    stream = logs("WARNING")
    log.info(event("quiet"))
    log.warning(event("loud"))
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
