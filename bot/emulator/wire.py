"""The SMS API as Vonage speaks it: `POST /sms/json` answers 200 with a status for each part, whatever happens."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hmac import compare_digest

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.emulator.account import PRICE, Account, Exchange
from bot.emulator.bodies import BadBody, read_parameters
from bot.emulator.callbacks import network, receipt, uuid
from bot.emulator.courier import Courier, Webhook
from bot.emulator.profile import LETTERS, NotAnAddress, Profile, address
from bot.vonage.signatures import verify
from commands.gsm import ALPHABET, Encoding, split

RECIPIENT = re.compile(r"[1-9][0-9]{6,14}")
CALLBACK = re.compile(r"https?://[^\s/]\S*")
LONGEST_TEXT = 3200
LONGEST_CALLBACK = 100
TTL = range(20_000, 604_800_001)
KINDS = {"text": Encoding.GSM, "unicode": Encoding.UCS2}
SECRETS = ("api_secret", "sig")  # not for the wire log


class Status(StrEnum):
    ACCEPTED = "0"
    MISSING = "2"
    INVALID = "3"
    CREDENTIALS = "4"
    UNROUTABLE = "6"
    NO_CREDIT = "9"
    TOO_LONG = "12"
    SIGNATURE = "14"
    SENDER = "15"
    CALLBACK = "23"
    TWO_WAYS = "32"


class Refused(Exception):
    """Vonage does not take the text; `status` and the message are what it answers."""

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status


Element = dict[str, str]  # what Vonage answers about one part


@dataclass(frozen=True, slots=True)
class Wire:
    account: Account
    courier: Courier

    def routes(self) -> list[Route]:
        return [Route("/sms/json", self.submit, methods=["POST"])]

    async def submit(self, request: Request) -> JSONResponse:
        parameters: dict[str, str] = {}
        try:
            parameters = await read_parameters(request)
            check_credentials(parameters, request.headers.get("authorization"), self.account.profile)
            elements = accept(parameters, self.account)
            receipts = BackgroundTask(self._send_receipts, parameters, elements)
        except BadBody as error:
            elements, receipts = [refusal(Status.INVALID, str(error), parameters)], None
        except Refused as refused:
            elements, receipts = [refusal(refused.status, str(refused), parameters)], None
        answer: dict[str, object] = {"message-count": str(len(elements)), "messages": elements}
        self._log(request, parameters, answer)
        return JSONResponse(answer, background=receipts)

    async def _send_receipts(self, sent: dict[str, str], elements: list[Element]) -> None:
        url = sent.get("callback") or self.account.profile.receipt_url
        if not url or sent.get("status-report-req", "true").lower() in ("false", "0"):
            return
        for element in elements:
            told = receipt(self.account, sent, element["message-id"], element["message-price"])
            self.courier.start(self.courier.carry(Webhook("receipt", url, told)))

    def _log(self, request: Request, parameters: dict[str, str], answer: dict[str, object]) -> None:
        shown = {key: "…" if key in SECRETS else value for key, value in parameters.items()}
        self.account.log(
            Exchange(
                self.account.clock(), "sms", "POST", str(request.url.replace(query="")), shown, 200, json.dumps(answer)
            )
        )


def check_credentials(parameters: Mapping[str, str], authorization: str | None, profile: Profile) -> None:
    """Basic, or key and secret among the parameters, or key and signature. Raises Refused."""
    key, secret = read_basic(authorization) or (parameters.get("api_key", ""), parameters.get("api_secret", ""))
    if not key:
        raise Refused(Status.MISSING, "Missing api_key")
    if "sig" in parameters and secret:
        raise Refused(Status.TWO_WAYS, "Signature And API Secret Disallowed")
    if "sig" in parameters:
        if not same(key, profile.key) or not signed(parameters, profile):
            raise Refused(Status.SIGNATURE, "Invalid Signature")
    elif not secret:
        raise Refused(Status.MISSING, "Missing api_secret")
    elif not same(key, profile.key) or not same(secret, profile.secret):
        raise Refused(Status.CREDENTIALS, "Bad Credentials")


def read_basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return ("", "")
    return (key, secret)


def same(given: str, expected: str | None) -> bool:
    """An account without a key takes any: there is nothing to protect."""
    return expected is None or compare_digest(given.encode(), expected.encode())


def signed(parameters: Mapping[str, str], profile: Profile) -> bool:
    secret = profile.signature_secret
    return secret is not None and "timestamp" in parameters and verify(parameters, secret, profile.signature_method)


def accept(parameters: Mapping[str, str], account: Account) -> list[Element]:
    """Take the text and show it on the phone; one element for each part. Raises Refused."""
    check_fields(parameters, account.profile)
    encoding = KINDS[parameters.get("type") or "text"]
    text = parameters["text"]
    if encoding is Encoding.GSM:  # nothing is detected: what the alphabet cannot spell is lost on the way
        text = "".join(character if character in ALPHABET else "?" for character in text)
    parts = len(split(text, encoding))
    before = account.balance
    if not account.charge(parts):
        raise Refused(Status.NO_CREDIT, "Quota Exceeded - rejected")
    account.receive(address(parameters["to"]), address(parameters["from"]), text, encoding)
    return [element(parameters, account, before - PRICE * part) for part in range(1, parts + 1)]


def check_fields(parameters: Mapping[str, str], profile: Profile) -> None:
    for name in ("from", "to", "text"):
        if not parameters.get(name):
            raise Refused(Status.MISSING, f"Missing {name} param")
    if parameters.get("type", "text") not in KINDS:
        raise Refused(Status.INVALID, "Invalid value for parameter: type")
    if not RECIPIENT.fullmatch(parameters["to"]):
        raise Refused(Status.INVALID, "Invalid value for parameter: to")
    if not in_range(parameters.get("ttl"), TTL):
        raise Refused(Status.INVALID, "Invalid value for parameter: ttl")
    if len(parameters["text"]) > LONGEST_TEXT:
        raise Refused(Status.TOO_LONG, "Message Too Long")
    if not may_send_as(parameters["from"], parameters["to"], profile):
        raise Refused(Status.SENDER, "Illegal Sender Address - rejected")
    if address(parameters["to"]) in profile.lines:  # it would come back to the service as a text from itself
        raise Refused(Status.UNROUTABLE, "Unroutable message - rejected")
    callback = parameters.get("callback")
    if callback and not (CALLBACK.fullmatch(callback) and len(callback) <= LONGEST_CALLBACK):
        raise Refused(Status.CALLBACK, "Invalid callback url")


def in_range(given: str | None, allowed: range) -> bool:
    return not given or (given.isascii() and given.isdecimal() and int(given) in allowed)


def may_send_as(sender: str, recipient: str, profile: Profile) -> bool:
    """One of the account's numbers; or letters, but not to North America."""
    if LETTERS.fullmatch(sender):
        return not recipient.startswith("1")
    try:
        return sender.isdigit() and profile.owns(address(sender))
    except NotAnAddress:
        return False


def element(parameters: Mapping[str, str], account: Account, balance: Decimal) -> Element:
    told = {
        "to": parameters["to"],
        "message-id": uuid(account),
        "status": Status.ACCEPTED,
        "remaining-balance": f"{balance:.8f}",
        "message-price": f"{PRICE:.8f}",
        "network": network(parameters["to"]),
        "client-ref": parameters.get("client-ref", ""),
        "account-ref": parameters.get("account-ref", ""),
    }
    return {key: value for key, value in told.items() if value}


def refusal(status: Status, text: str, parameters: Mapping[str, str]) -> Element:
    told = {"status": status, "error-text": text, "client-ref": parameters.get("client-ref", "")}
    return {key: value for key, value in told.items() if value}
