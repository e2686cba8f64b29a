"""What a setting may hold: a type for each kind of value. Its ValueError says why not, and never holds a secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from bot.addresses import POSTGRES, a_database, is_loopback
from commands import authenticator, durations, gsm, languages
from storage import keys
from storage.model import Millis
from storage.number import NotANumber, Number

TOKEN = re.compile(r"[A-Za-z0-9_.~-]{16,128}")
BEARER = re.compile(r"[A-Za-z0-9_.~+/-]{16,256}=*")  # RFC 6750, section 2.1
NAME_SEPTETS = 12  # what the texts to people leave room for


def masked(text: str) -> str:
    """Recognisable to whoever wrote it, of no use to anybody else who reads the log."""
    digits = len(re.findall(r"\d", text))
    place = iter(range(digits))
    return re.sub(r"\d", lambda digit: digit[0] if next(place) < 3 else "•", text)


def a_number(text: str, region: str | None) -> Number:
    """As written, with or without `+`: Vonage's dashboard shows bare international digits."""
    readings = set()
    for spelling, country in ((text if text.startswith("+") else f"+{text}", None), (text, region)):
        try:
            readings.add(Number.parse(spelling, country))
        except NotANumber:
            continue
    if len(readings) > 1:
        raise ValueError(f"{masked(text)!r} could be read in two ways: write it with + and the country code")
    if not readings:
        raise ValueError(f"{masked(text)!r} is no telephone number")
    return readings.pop()


def _numbers(held: object, info: ValidationInfo) -> object:
    if not isinstance(held, str):
        return held
    written = [each.strip() for each in held.split(",") if each.strip()]
    if not written:
        raise ValueError("there is no number in it")
    return tuple(dict.fromkeys(a_number(each, info.data.get("default_region")) for each in written))


def _none_of_our_lines(admins: tuple[Number, ...], info: ValidationInfo) -> tuple[Number, ...]:
    for admin in admins:
        if admin in info.data.get("vonage_number", ()):
            raise ValueError(f"{admin} is in VONAGE_NUMBER too, and a line of ours cannot text us")
    return admins


def _networks(held: object) -> object:
    if not isinstance(held, str):
        return held
    return tuple(dict.fromkeys(_network(each.strip()) for each in held.split(",") if each.strip()))


def _network(written: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(written, strict=False)
    except ValueError as error:
        raise ValueError("it names no address and no network") from error
    if network.prefixlen == 0:
        raise ValueError("it names the whole world, which could then say of itself what it likes")
    return network


def authenticators(held: str, region: str | None) -> dict[Number, str]:
    """Each admin's secret in base32, from `number=BASE32` pairs. Raises ValueError, which shows no secret."""
    pairs = [each.strip().partition("=") for each in held.split(",") if each.strip()]
    if not pairs:
        raise ValueError("there is no pair in it")
    found: dict[Number, str] = {}
    for place, (number, _, written) in enumerate(pairs, start=1):
        secret = "".join(written.split())
        if not authenticator.is_secret(secret):
            least = authenticator.LEAST_SECRET
            raise ValueError(f"the secret of pair {place} is no base32 of at least {least} letters")
        try:
            admin = a_number(number.strip(), region)
        except ValueError:  # its words show what stands there, which may be a secret in the wrong place
            raise ValueError(f"the number of pair {place} is no telephone number with its country code") from None
        if admin in found:
            raise ValueError(f"{admin} is there twice")
        found[admin] = secret
    return found


def _authenticators(held: SecretStr, info: ValidationInfo) -> SecretStr:
    authenticators(held.get_secret_value(), info.data.get("default_region"))
    return held


def _duration(held: object) -> object:
    return durations.parse(held) if isinstance(held, str) else held


def _duration_or_none(held: object) -> object:
    return 0 if held == "0" else _duration(held)


def _language(text: str) -> str:
    if text.lower() not in languages.load().known:
        raise ValueError("there are no texts in it")
    return text.lower()


def _texts_kept(held: Millis) -> Millis:
    if held < durations.HOUR:
        raise ValueError("parts of long texts wait for each other, and failed texts for a person to send them again")
    return held


def _chats_kept(held: Millis, info: ValidationInfo) -> Millis:
    if held < 4 * durations.DAY:
        raise ValueError("a text can come four days late, and would reach somebody's new partner")
    if held < info.data.get("retain_texts", 0):
        raise ValueError("texts would be kept longer than whose they are")
    if held < info.data.get("quarantine", 0):
        raise ValueError("QUARANTINE is longer, and goes by what is kept of former chats")
    return held


def _region(held: str) -> str:
    if held.upper() not in SUPPORTED_REGIONS:
        raise ValueError("there is no such country")
    return held.upper()


def _countries(held: object) -> object:
    if not isinstance(held, str):
        return held
    written = [each.strip().upper() for each in held.split(",") if each.strip()]
    if not written:
        raise ValueError("there is no country in it")
    if unknown := [each for each in written if each not in SUPPORTED_REGIONS]:
        raise ValueError(f"{unknown[0]!r} is no country")
    return frozenset(written)


def _vonage_address(held: str) -> str:
    url = _address(held)
    if urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or ""):
        raise ValueError("plain http would show the account's secret to the network")
    return url


def _address(held: str) -> str:
    parts = urlsplit(held)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("it is no http address")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("it may hold a host, a port and a path only")
    return parts.geturl().rstrip("/")


def _service_name(held: str) -> str:
    if gsm.cut(held, NAME_SEPTETS) != held:
        raise ValueError("it is too long, or has a character that would make each text dearer")
    return held


def _bearer(held: SecretStr) -> SecretStr:
    if not BEARER.fullmatch(held.get_secret_value()):
        raise ValueError("it is too short to be unguessable, or holds characters a header cannot")
    return held


def _data_key(held: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if held is None:
        if info.data.get("database_url", "").startswith(POSTGRES):
            raise ValueError(
                "with PostgreSQL there is no file beside the database that could hold it. Keep a copy of this line, "
                f"apart from the backups, and put it into .env on every machine: DATA_KEY={keys.new()} "
                "(or, for a copy of a SQLite database, DATA_KEY_FILE= and the file of keys beside that)"
            )
        return None
    try:
        keys.parse(held.get_secret_value())
    except keys.BadKeys as error:
        raise ValueError(str(error)) from None
    return held


def _protects_the_webhooks(held: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if held is not None and not TOKEN.fullmatch(held.get_secret_value()):
        raise ValueError("it is too short to be unguessable, or holds characters a URL would change")
    unprotected = held is None and info.data["vonage_signature_secret"] is None
    if unprotected and not info.data.get("allow_unsigned_webhooks", True):
        raise ValueError(
            "without it or VONAGE_SIGNATURE_SECRET anybody could send texts in anybody's name. "
            "Put this line into .env, and its value at the end of both webhook URLs: "
            f"WEBHOOK_TOKEN={secrets.token_urlsafe(24)} (or, to try things out, ALLOW_UNSIGNED_WEBHOOKS=true)"
        )
    return held


def _cased(change: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda held: change(held) if isinstance(held, str) else held)


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
Numbers = Annotated[tuple[Number, ...], BeforeValidator(_numbers)]
AdminNumbers = Annotated[Numbers, AfterValidator(_none_of_our_lines)]  # after VONAGE_NUMBER
Countries = Annotated[frozenset[str], BeforeValidator(_countries)]
Amount = Annotated[Decimal, Field(ge=0, le=10**9, allow_inf_nan=False, decimal_places=8)]
Region = Annotated[str, AfterValidator(_region)]
TextsLanguage = Annotated[str, AfterValidator(_language)]
WebhookToken = Annotated[SecretStr | None, AfterValidator(_protects_the_webhooks)]  # after what may stand in for it
BearerToken = Annotated[SecretStr, AfterValidator(_bearer)]
DataKey = Annotated[SecretStr | None, AfterValidator(_data_key)]  # after DATABASE_URL
Authenticators = Annotated[SecretStr, AfterValidator(_authenticators)]
Address = Annotated[str, AfterValidator(_address)]
VonageAddress = Annotated[str, AfterValidator(_vonage_address)]
Database = Annotated[str, AfterValidator(a_database)]
ServiceName = Annotated[str, AfterValidator(_service_name)]
Duration = Annotated[Millis, BeforeValidator(_duration)]
DurationOrNone = Annotated[Millis, BeforeValidator(_duration_or_none)]  # "0": none at all
RetainTexts = Annotated[Duration, AfterValidator(_texts_kept)]
RetainChats = Annotated[Duration, AfterValidator(_chats_kept)]  # after RETAIN_TEXTS and QUARANTINE
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
UpperCase = _cased(str.upper)
LowerCase = _cased(str.lower)
