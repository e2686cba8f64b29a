"""Logs: one line per event, as text or JSON, without a text or a whole number in it.

A module writes `log = logging.getLogger("private_sms.delivery")` and `log.info(event("sent", chat=12, to=number))`:
a name that is always the same, then facts. A `Number` shows itself masked; what people wrote is never a fact.
An exception (`log.exception`) is told by its kind and where it passed, for its message may quote a text.
Of a library's record only what cannot quote anybody comes through, whatever level its logger was set to.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import sys
import threading
import time
import traceback
from functools import lru_cache
from pathlib import PurePath
from typing import TextIO

from storage.engine import StorageError
from storage.number import Number

OURS = "private_sms"
RESERVED = ("at", "level", "logger", "event")
ENCODE = json.JSONEncoder(default=str).encode  # str is what shows a Number masked
PLAIN = re.compile(r"[\w.:/+*•-]+")
# Messages known to hold nothing of what people wrote. Of an OSError only what the system said.
TELLING = (OSError, sqlite3.Error, StorageError)
# The lowest level at which anything of a library is shown. Those that quote requests and bodies even in errors: never.
SHOWN_FROM = {"uvicorn.error": logging.WARNING}
MUTE = ("vonage", "urllib3", "uvicorn.access")
# Whose messages are put together before they are logged, and yet begin with words of their own.
KNOWN_WORDS = ("asyncio", "uvicorn.error")
OWN_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.'-]*")


class Event:
    """A log message: a name and its facts, put into words only when a handler wants it."""

    __slots__ = ("facts", "name")

    def __init__(self, name: str, facts: dict[str, object]) -> None:
        self.name = name
        self.facts = facts

    def __str__(self) -> str:
        return " ".join([self.name, *[f"{key}={_spelled(fact)}" for key, fact in self.facts.items()]])


def event(name: str, /, **facts: object) -> Event:
    return Event(name, facts)


def set_up(level: str, style: str, stream: TextIO | None = None) -> None:
    """Our loggers at `level`; everybody else's only when something broke, whatever `level` is.

    At DEBUG the libraries below us print numbers, texts, statements and the account's secret.
    """
    # Facts no line of ours shows: looking them up would take a third of the time of a line.
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    if sys.version_info >= (3, 12):
        logging.logAsyncioTasks = False
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JSON() if style == "json" else Text())
    handler.addFilter(may_be_shown)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger(OURS).setLevel(level)
    for name, lowest in SHOWN_FROM.items():
        logging.getLogger(name).setLevel(lowest)


def may_be_shown(record: logging.LogRecord) -> bool:
    """At the handler, for a level that somebody sets to a library's logger passes all that is set above."""
    if _is_ours(record):
        return True
    if record.name.startswith(MUTE):
        return False
    return record.levelno >= SHOWN_FROM.get(record.name, logging.ERROR)


def tell_what_nobody_caught() -> None:
    """By a line of ours: Python would print the exception's message, and so perhaps a text."""
    sys.excepthook = lambda kind, error, trace: _fell(error, "main")
    threading.excepthook = lambda args: _fell(args.exc_value, args.thread.name if args.thread else "thread")
    sys.unraisablehook = lambda args: _fell(args.exc_value, "unraisable")


def _fell(error: BaseException | None, where: str) -> None:
    logging.getLogger(OURS).critical(event("fell", where=where), exc_info=error)


class Text(logging.Formatter):
    """`2026-11-23T22:51:07.123Z INFO delivery sent chat=12 to=+44•••••••001`"""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join([f" {key}={_spelled(fact)}" for key, fact in _facts(record).items()])
        return f"{_stamp(record)} {record.levelname} {_place(record)} {_name(record)}{facts}"


class JSON(logging.Formatter):
    """One object a line: `at`, `level`, `logger`, `event`, and the event's facts beside them."""

    def format(self, record: logging.LogRecord) -> str:
        head = (_stamp(record), record.levelname, record.name, _name(record))
        return ENCODE(_facts(record) | dict(zip(RESERVED, head, strict=True)))


def _name(record: logging.LogRecord) -> str:
    if isinstance(record.msg, Event):
        return record.msg.name
    if _is_ours(record):
        return _spelled(record.getMessage())
    return _spelled(_words_of_a_library(record))


def _words_of_a_library(record: logging.LogRecord) -> str:
    """A template as it stands, unfilled; or how a known message begins; else no more than where it was logged."""
    if record.args:
        return str(record.msg).partition("\n")[0]
    begins = OWN_WORDS.match(record.msg) if isinstance(record.msg, str) and record.name in KNOWN_WORDS else None
    return begins[0].strip() if begins else f"{record.filename}:{record.lineno} {record.funcName}"


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == OURS or record.name.startswith(f"{OURS}.")


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = record.msg.facts if isinstance(record.msg, Event) else {}
    if record.exc_info and record.exc_info[1]:
        return facts | {"error": told(record.exc_info[1])}
    return facts


def told(error: BaseException) -> str:
    """An exception in one line: its kind, where it passed, and the same of what caused it; no message."""
    frames = traceback.extract_tb(error.__traceback__)
    passed = " > ".join(f"{PurePath(each.filename).name}:{each.lineno} {each.name}" for each in frames[-6:])
    message = _message(error) if isinstance(error, TELLING) else ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{type(error).__qualname__}{message} at {passed or '?'}" + (f", from {told(cause)}" if cause else "")


def _message(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return f"({error})"
    # A library's own words may name the whole address it asked; the system's do not.
    return f"({OSError.__str__(error)})" if error.errno is not None else ""


def _spelled(fact: object) -> str:
    """A value that cannot end its line, nor pass itself off as another fact."""
    kind = type(fact)
    if kind is int or kind is Number:
        return str(fact)
    text = str(fact)
    if PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _place(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{OURS}.")


def _stamp(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03}Z"


@lru_cache(maxsize=2)  # the busiest second has thousands of lines
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
