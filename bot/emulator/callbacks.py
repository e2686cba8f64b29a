"""What Vonage's webhooks say: the parameters of an inbound text and of a delivery receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.emulator.account import Account
from bot.emulator.profile import on_the_wire
from bot.vonage.signatures import sign
from commands.durations import HOUR
from commands.gsm import Encoding, encoding_of, split
from storage.model import Millis

NETWORKS = {"+44": "23420", "+1": "310260"}  # a mobile network of the country, where we know one
STALE = 26 * HOUR  # older than a webhook that Vonage tried for a whole day
TYPES = {Encoding.GSM: "text", Encoding.UCS2: "unicode"}


def inbound(account: Account, sender: str, line: str, text: str) -> list[dict[str, str]]:
    """One webhook for each part of the text, each under an id of its own."""
    parts = split(text)
    ref = account.next_concat_ref() if len(parts) > 1 else 0
    return [
        {
            **_from(account, sender, line),
            "text": part,
            "type": TYPES[encoding_of(text)],
            "keyword": keyword(part),
            **(concat(ref, len(parts), index) if ref else {}),
        }
        for index, part in enumerate(parts, start=1)
    ]


def inbound_octets(account: Account, sender: str, line: str, data: str, udh: str) -> dict[str, str]:
    """Binary, as hex; nothing a person could read."""
    told = {**_from(account, sender, line), "type": "binary", "data": data, "udh": udh}
    return {key: value for key, value in told.items() if value}


def _from(account: Account, sender: str, line: str) -> dict[str, str]:
    return {"msisdn": on_the_wire(sender), "to": on_the_wire(line), "messageId": account.token(8).upper()}


def concat(ref: int, total: int, index: int) -> dict[str, str]:
    return {"concat": "true", "concat-ref": str(ref), "concat-total": str(total), "concat-part": str(index)}


def keyword(part: str) -> str:
    """The first word of this part, as Vonage tells it: in capitals, punctuation kept."""
    return next(iter(part.split()), "").upper()


def receipt(
    account: Account, sent: Mapping[str, str], message_id: str, price: str, status: str, err_code: str
) -> dict[str, str]:
    """What became of a part. `msisdn` is the recipient here, and `to` our number: the reverse of an inbound text."""
    told = {
        "msisdn": sent["to"],
        "to": sent["from"],
        "network-code": network(sent["to"]),
        "messageId": message_id,
        "price": price,
        "status": status,
        "scts": _utc(account.clock()).strftime("%y%m%d%H%M"),
        "err-code": err_code,
        "client-ref": sent.get("client-ref", ""),
    }
    return {key: value for key, value in told.items() if value}


def network(digits: str) -> str:
    return next((code for prefix, code in NETWORKS.items() if f"+{digits}".startswith(prefix)), "")


def stamped(account: Account, parameters: Mapping[str, str], fault: str | None = None) -> dict[str, str]:
    """With the account's key and the time, and signed where the account signs."""
    profile, now = account.profile, account.clock() - (STALE if fault == "webhook-stale-stamp" else 0)
    told = {**parameters, "message-timestamp": _utc(now).strftime("%Y-%m-%d %H:%M:%S")}
    if profile.key:
        told["api-key"] = profile.key
    if profile.signs_webhooks and profile.signature_secret:
        told |= {"timestamp": str(now // 1000), "nonce": uuid(account)}
        told["sig"] = sign(told, profile.signature_secret, profile.signature_method)
    if fault in ("webhook-bad-signature", "receipt-bad-signature"):
        told["sig"] = "0" * len(told.get("sig", "0" * 32))
    return told


def uuid(account: Account) -> str:
    token = account.token(16)
    return "-".join((token[:8], token[8:12], token[12:16], token[16:20], token[20:]))


def _utc(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
