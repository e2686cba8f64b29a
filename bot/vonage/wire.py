"""Vonage's webhook parameters, read into our types. Pure: bytes in, values out.

Bare digits gain and lose their `+` in this package only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from yarl import query_to_pairs

from storage.model import Inbound, Millis, Part, Receipt
from storage.number import NotANumber, Number

MOST_PARAMETERS = 100  # Vonage sends about twenty
LONGEST_IDENTIFIER = 200
SHORTEST_STAMP = len("2026-02-01 17:48:35")
LARGEST_TOTAL = 255  # parts: the header's field is one octet

DIGITS = re.compile(r"[0-9]{7,15}")  # fewer are a short code
SMALL = re.compile(r"[0-9]{1,3}")
# What UTF-8 or a database cannot hold. JSON can spell both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

STATUSES = frozenset({"accepted", "buffered", "delivered", "expired", "failed", "rejected", "unknown"})
# Made anew whenever a webhook is sent again.
FRESH = frozenset({"timestamp", "nonce", "sig"})


class NotAWebhook(ValueError):
    """The request is none of Vonage's SMS webhooks. Its text says why, in words of ours only."""


def parameters(method: str, query_string: bytes, body: bytes) -> dict[str, str]:
    """The parameters in whichever of the three shapes they came: decoded, every value a string. Raises NotAWebhook."""
    if method == "GET" or not body.strip():
        pairs = _form(query_string)
    elif _is_json(body):
        pairs = _json(body)
    else:
        pairs = _form(body)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotAWebhook("a parameter is there twice")
    if not found:
        raise NotAWebhook("no parameters")
    # Signed as `key=value&key=value`, such a key could stand for two parameters.
    keys = "".join(found)
    if "&" in keys or "=" in keys:
        raise NotAWebhook("a parameter's name holds & or =")
    return found


def read(parameters: Mapping[str, str], now: Millis) -> Inbound | Receipt:
    """Whichever of the two it is, as told by what it holds and not by the URL it was sent to. Raises NotAWebhook."""
    is_receipt = parameters.get("status") and not parameters.get("text")
    return receipt(parameters, now) if is_receipt else inbound(parameters, now)


def inbound(parameters: Mapping[str, str], now: Millis) -> Inbound:
    raw_sender = _needed(parameters, "msisdn")
    line = _number(_needed(parameters, "to"))
    if line is None:
        raise NotAWebhook("to is not a telephone number")
    if not {"text", "type", "data"} & parameters.keys():
        raise NotAWebhook("neither text nor type nor data: no SMS")
    return Inbound(
        message_id=_message_id(parameters),
        sender=_number(raw_sender),
        raw_sender=raw_sender,
        line=line,
        text=_text(parameters),
        stamped_at=_stamp(parameters.get("message-timestamp", ""), now),
        received_at=now,
        part=_part(parameters),
    )


def receipt(parameters: Mapping[str, str], now: Millis) -> Receipt:
    status = _needed(parameters, "status").lower()
    return Receipt(
        message_id=_message_id(parameters),
        client_ref=_identifier(parameters, "client-ref"),
        recipient=_number(_needed(parameters, "msisdn")),
        status=status if status in STATUSES else "unknown",
        err_code=_identifier(parameters, "err-code") or "",
        received_at=now,
    )


def _is_json(body: bytes) -> bool:
    # By the content alone: Vonage has sent JSON without a Content-Type, and no form of its begins so.
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _form(encoded: bytes) -> Sequence[tuple[str, str]]:
    try:
        # As parse_qsl with blank values kept, at a third of its time.
        return query_to_pairs(encoded.decode("utf-8", "replace"), max_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise NotAWebhook("too many parameters") from error


def _json(body: bytes) -> Sequence[tuple[str, str]]:
    try:
        # Pairs instead of a dict, so that a key that is there twice is seen.
        pairs = json.loads(body.decode("utf-8-sig", "replace"), object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of thousands of digits
        raise NotAWebhook("no readable JSON") from error
    if not isinstance(pairs, tuple):
        raise NotAWebhook("no JSON object")
    if len(pairs) > MOST_PARAMETERS:
        raise NotAWebhook("too many parameters")
    if any(key == "message_uuid" for key, _ in pairs):
        raise NotAWebhook("a webhook of the Messages API: set the account to the SMS API")
    if any(type(value) is not str for _, value in pairs):
        raise NotAWebhook("a value is not a string")
    return pairs


def _identifier(parameters: Mapping[str, str], key: str) -> str | None:
    value = _storable(parameters.get(key, "")).strip()  # an unescaped + in a query has become a space
    if len(value) > LONGEST_IDENTIFIER:
        raise NotAWebhook(f"{key} is too long")
    return value or None


def _needed(parameters: Mapping[str, str], key: str) -> str:
    value = _identifier(parameters, key)
    if value is None:
        raise NotAWebhook(f"{key} is missing")
    return value


def _message_id(parameters: Mapping[str, str]) -> str:
    return _identifier(parameters, "messageId") or _derived_id(parameters)


def _derived_id(parameters: Mapping[str, str]) -> str:
    """The same for the same webhook sent again. Without Vonage's own stamp, two equal texts are one."""
    told = sorted((key, value) for key, value in parameters.items() if key not in FRESH and value)
    return "derived-" + hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _number(raw: str) -> Number | None:
    digits = raw.removeprefix("+")
    if not DIGITS.fullmatch(digits):
        return None
    try:
        return Number.parse("+" + digits)
    except NotANumber:
        return None


def _text(parameters: Mapping[str, str]) -> str | None:
    if "text" not in parameters or parameters.get("type", "").lower() == "binary":
        return None
    return _storable(parameters["text"])


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _stamp(stamp: str, now: Millis) -> Millis:
    """`2026-02-01 17:48:35`, UTC, or ISO 8601 with an offset."""
    if len(stamp) < SHORTEST_STAMP:  # a date alone would count as its midnight
        return now
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return now
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _part(parameters: Mapping[str, str]) -> Part | None:
    """None for a text that is whole, and for one whose place in a whole cannot be read."""
    ref = _storable(parameters.get("concat-ref", ""))
    total, index = _small(parameters, "concat-total"), _small(parameters, "concat-part")
    readable = 0 < len(ref) <= LONGEST_IDENTIFIER and 1 < total <= LARGEST_TOTAL and 1 <= index <= total
    return Part(ref, total, index) if readable and parameters.get("concat", "true") == "true" else None


def _small(parameters: Mapping[str, str], key: str) -> int:
    value = parameters.get(key, "")
    return int(value) if SMALL.fullmatch(value) else 0
