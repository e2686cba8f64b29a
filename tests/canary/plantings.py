"""What is planted inside the real process: faults of ours that quote all they know, and leaks that must be found."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from bot import api, fault, intake
from bot.logs import event
from bot.metrics import Metrics
from bot.routing import route
from bot.vonage.sending import Outcome, Transport
from storage import keys
from storage.number import Number
from storage.vault import Vault
from tests.canary.script import PLANTED, PLANTED_IN_API, PLANTED_IN_SENDING
from tests.process import API_TOKEN

log = logging.getLogger("private_sms.planted")


def plant(leak: str) -> None:
    """The faults always; and the leak of that name, if there is one."""
    break_now_and_then()
    if leak:
        LEAKS[leak]()


def break_now_and_then() -> None:
    send, ttl = Transport.send, api._ttl

    def routed(text: Any, standing: Any, ground: Any) -> Any:
        if PLANTED in (text.text or ""):
            raise KeyError(f"{text.text} {text.sender.e164()} {standing}")
        return route(text, standing, ground)

    async def sent(self: Transport, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        if PLANTED_IN_SENDING in text:
            raise ValueError(text, recipient.e164())
        return await send(self, line, recipient, text, client_ref)

    def read(fields: Any) -> Any:
        if fields.get("label") == PLANTED_IN_API:
            raise RuntimeError(f"{fields}")
        return ttl(fields)

    put(intake, "route", routed)
    put(Transport, "send", sent)
    put(api, "_ttl", read)


def put(owner: Any, name: str, planted: Any) -> None:
    setattr(owner, name, planted)


def on_each_text(leaks: Callable[[Any, Metrics], object]) -> Callable[[], None]:
    def planted() -> None:
        kept = intake.Intake._log

        def noted(self: Any, text: Any, standing: Any, decision: Any) -> None:
            kept(self, text, standing, decision)
            if text.sender is not None and text.text:
                leaks(text, self._metrics)

        put(intake.Intake, "_log", noted)

    return planted


def number_in_an_answer() -> None:
    kept = api.as_json

    def told(chat: Any, now: Any) -> dict[str, object]:
        return kept(chat, now) | {"partner": chat.b.number.digits()}

    put(api, "as_json", told)


def secret_in_a_head() -> None:
    kept = fault.error

    def told(status: int, code: str, message: str, headers: Any = None) -> Any:
        return kept(status, code, message, {**(headers or {}), "X-Expected": API_TOKEN})

    put(fault, "error", told)


def text_to_somebody_else() -> None:
    kept: Any = Transport.send
    before: list[Number] = []

    async def sent(self: Transport, line: Number, recipient: Number, text: str, client_ref: str) -> Any:
        if before and before[-1] != recipient:
            await kept(self, line, before[-1], text, client_ref[:30] + "copy")
        before.append(recipient)
        return await kept(self, line, recipient, text, client_ref)

    put(Transport, "send", sent)


def number_as_its_own_hash() -> None:
    put(Vault, "_index", lambda self, number: number.digits())


def key_of_texts_is_none() -> None:
    put(Vault, "_seal_with", lambda self, key, text, row: key + text.encode("utf-8", "surrogatepass"))
    put(Vault, "_opened", lambda self, sealed, row: sealed[keys.ID_BYTES :].decode("utf-8", "surrogatepass"))


LEAKS: dict[str, Callable[[], None]] = {
    "a text in a line of the log": on_each_text(lambda text, _: log.debug(event("seen", words=text.text))),
    "a number in the message of an error of the log": on_each_text(
        lambda text, _: log.error(event("fault"), exc_info=OSError(5, f"no {text.sender.e164()}"))
    ),
    "a number on stderr": on_each_text(lambda text, _: print(text.sender.digits(), file=sys.stderr, flush=True)),
    "a number in the label of a metric": on_each_text(lambda text, ours: ours.kept.labels(text.sender.e164()).inc()),
    "a text in the name of a file": on_each_text(lambda text, _: open(text.text.split()[-1][:60], "w").close()),
    "the other's number in an answer of the API": number_in_an_answer,
    "a secret in the head of an answer": secret_in_a_head,
    "a whole number where its end should be": lambda: put(Number, "tail", property(lambda self: self.e164())),
    "a text to somebody else": text_to_somebody_else,
    "a number in the place of its hash": number_as_its_own_hash,
    "numbers and texts that are not sealed": key_of_texts_is_none,
}  # fmt: skip
