"""Sending a text through Vonage's SMS API, and what the answer says of it: taken, not taken, refused, or who knows."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

import aiohttp
from pydantic import ValidationError
from vonage_http_client import Auth
from vonage_sms import SmsMessage, SmsResponse
from yarl import URL

from commands.gsm import is_gsm
from storage.model import Millis
from storage.number import Number

LONGEST_TEXT = 3200
LONGEST_CLIENT_REF = 40
LARGEST_ANSWER = 64 * 1024
CONNECT_WITHIN = 3.0  # seconds
ANSWER_WITHIN = 20.0  # seconds for everything; must be longer than connecting may take

# Before these nothing of the request was written, so the text was not taken, for certain.
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

# What a status in the answer says. Any other number is permanent: that text will never be taken.
ACCEPTED = "0"
BUSY = frozenset({"1", "10"})
DOUBTFUL = frozenset({"5", "13"})
ACCOUNT = frozenset({"4", "8", "9", "11", "14", "32"})
OPTED_OUT = frozenset({"101"})

STATUS = re.compile(r"[0-9]{1,4}")
SECONDS = re.compile(r"[0-9]{1,9}")
PLEASE_WAIT = re.compile(rb"please wait \[\s*([0-9]{1,9})\s*\]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Vonage has it. That is not yet on the phone: receipts follow, one for each of `message_ids`."""

    message_ids: tuple[str, ...]  # one for each part
    price: str | None = None  # of all parts together
    balance: str | None = None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Certainly not taken: try again, after `wait` where Vonage named one. `answered`: Vonage itself said so."""

    reason: str
    wait: Millis | None = None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may have been taken. `message_ids` are the parts that were: then it went out in part.

    `answered`: by the SMS API, in its own words; not by a page, a bad gateway, or nothing at all.
    """

    reason: str
    message_ids: tuple[str, ...] = ()
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """This text will never be taken."""

    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """No text is taken until the account's owner sees to it."""

    reason: str


Outcome = Accepted | NotTaken | Doubt | Refused | AccountTrouble


class Transport:
    """One pool of connections to Vonage, and one POST for each `send`. The pool is made at the first of them."""

    def __init__(
        self,
        rest_url: str,
        api_key: str,
        api_secret: str,
        *,
        tls: ssl.SSLContext | None = None,
        connect_within: float = CONNECT_WITHIN,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        # Key and secret only: with a signature secret the SDK's Auth would drop Basic in silence.
        self._authorization = Auth(api_key=api_key, api_secret=api_secret).create_basic_auth_string()
        self._url = URL(rest_url.rstrip("/") + "/sms/json")
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=answer_within, connect=connect_within)
        self._pool: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._pool is None:  # aiohttp wants the event loop running for it
            self._pool = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers={
                    "Authorization": self._authorization,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                    "User-Agent": "private-sms",
                },
            )
        return self._pool

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        if not 0 < len(text) <= LONGEST_TEXT:
            return Refused("text too long" if text else "text empty")
        form = _form(line, recipient, text, client_ref)
        try:
            async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
                return classify(answer.status, answer.headers, await _body(answer))
        except NOT_SENT:
            return NotTaken("connect failed", answered=False)
        except TimeoutError:
            return Doubt("time-out after the request was sent")
        except (aiohttp.ClientError, OSError):
            return Doubt("connection lost after the request was sent")

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


def classify(http_status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What an answer of Vonage's means for the text. Vonage says 200 on failure too; the body tells."""
    reason = f"HTTP {http_status}"
    if 200 <= http_status < 300:
        return _classify_parts(body)
    if http_status == 429:
        return NotTaken(reason, _retry_after(headers))
    if http_status in (401, 403):
        return AccountTrouble(reason)
    if 400 <= http_status < 500:
        return Refused(reason)
    return Doubt(reason)


def _classify_parts(body: bytes) -> Outcome:
    try:
        parts = SmsResponse.model_validate_json(body).messages
    except ValidationError:
        return Doubt("an answer not of the SMS API")
    statuses = {part.status for part in parts}
    message_ids = tuple(part.message_id for part in parts if part.status == ACCEPTED and part.message_id)
    if len(statuses) != 1:
        return Doubt(
            "parts with different statuses" if parts else "an answer without parts", message_ids, answered=True
        )
    status = statuses.pop()
    if status == ACCEPTED:
        return Accepted(message_ids, _total([part.message_price for part in parts]), parts[-1].remaining_balance)
    return _classify_status(status or "", body)


def _classify_status(status: str, body: bytes) -> Outcome:
    if not STATUS.fullmatch(status):
        return Doubt("an answer with an odd status", answered=True)
    reason = f"status {status}"
    if status in BUSY:
        return NotTaken(reason, _named_wait(body))
    if status in DOUBTFUL:
        return Doubt(reason, answered=True)
    if status in ACCOUNT:
        return AccountTrouble(reason)
    return Refused(reason, opted_out=status in OPTED_OUT)


def _form(line: Number, recipient: Number, text: str, client_ref: str) -> bytes:
    if len(client_ref) > LONGEST_CLIENT_REF:  # the SDK lets 100 pass, where some of Vonage's specifications say 40
        raise ValueError("client_ref too long")
    message = SmsMessage(
        to=recipient.digits(),
        from_=line.digits(),
        text=text,
        type="text" if is_gsm(text) else "unicode",  # Vonage detects nothing itself
        client_ref=client_ref,
    )
    fields = message.model_dump(by_alias=True, exclude_none=True)  # a None left in would be sent as the word
    # A query is encoded as a form is, and yarl does it at a fifth of the time urllib takes.
    return URL.build(query=fields).raw_query_string.encode()


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = await answer.content.readany()
    while not answer.content.at_eof():
        body += await answer.content.readany()
        if len(body) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("an answer too large")
    return body


def _total(prices: list[str | None]) -> str | None:
    try:
        total = sum(Decimal(price or "none") for price in prices)
    except InvalidOperation:
        return None
    return str(total)


def _named_wait(body: bytes) -> Millis | None:
    # From the raw answer: the SDK's model has no error-text.
    found = PLEASE_WAIT.search(body)
    return int(found[1]) if found else None


def _retry_after(headers: Mapping[str, str]) -> Millis | None:
    said = headers.get("Retry-After", "")
    if SECONDS.fullmatch(said):
        return int(said) * 1000
    try:
        # Against the answer's own Date, so that our clock does not matter.
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0, int(wait.total_seconds() * 1000))
