"""Logs: one line an event, nothing of what people wrote, whatever the level."""

import io
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator

import aiosqlite
import pytest

from bot.logs import event, set_up
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


async def test_the_database_driver_prints_no_values_at_debug(logs: Logs) -> None:
    stream = logs("DEBUG")
    async with aiosqlite.connect(":memory:") as database:
        await database.execute_fetchall("SELECT $1", {"1": CANARY})
    assert CANARY not in stream.getvalue()


def test_asyncio_tells_of_a_lost_exception_without_what_the_task_held(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: ValueError({CANARY!r})")
    assert stream.getvalue().endswith('ERROR asyncio "Task exception was never retrieved"\n')


def test_a_library_that_names_a_number_is_cut_short(logs: Logs) -> None:
    stream = logs()
    logging.getLogger("some.library").error("cannot send to %s", PERSON.digits)
    assert PERSON.digits not in stream.getvalue()


def test_our_level_is_the_one_that_was_set(logs: Logs) -> None:
    stream = logs("WARNING")
    log.info(event("quiet"))
    log.warning(event("loud"))
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
