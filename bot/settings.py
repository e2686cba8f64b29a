"""The settings: read once from the environment and `.env`, checked together, frozen from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.addresses import POSTGRES, SQLITE
from bot.values import (
    Address,
    AdminNumbers,
    Amount,
    Authenticators,
    BearerToken,
    Countries,
    Database,
    DataKey,
    Duration,
    DurationOrNone,
    LowerCase,
    Networks,
    Numbers,
    Rate,
    Region,
    RetainChats,
    RetainTexts,
    ServiceName,
    TextsLanguage,
    UpperCase,
    VonageAddress,
    WebhookToken,
    authenticators,
    masked,
)
from bot.vonage.signatures import Method
from commands import languages
from commands.desk import Codes, News
from commands.destinations import country
from commands.durations import DAY, HOUR, MINUTE
from storage.model import Guard
from storage.number import Number


class BadSettings(Exception):
    """The settings cannot be used. One line for each fault; no line holds a secret."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class Settings(BaseSettings):
    """One field for each variable; a description says what is expected, and ends the line about a fault.

    A field is checked against those above it, so that all faults are found in one go.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    vonage_api_key: str = Field(pattern=r"^\S+$", description="the API key, on the first page of Vonage's dashboard")
    vonage_api_secret: SecretStr = Field(description="the API secret, beside the API key")
    default_region: Region | None = Field(
        default=None, description="a country of two letters such as GB or US, or nothing"
    )
    vonage_number: Numbers = Field(
        description="the virtual number with its country code, several with commas: +447700900001,+447700900002"
    )
    admin_numbers: AdminNumbers = Field(
        description="who may text commands: numbers with their country codes, with commas"
    )
    admin_codes: Annotated[Codes, LowerCase] = Field(
        default=Codes.GRAVE, description="grave or all: the commands that ask for a code"
    )
    admin_totp_secrets: Authenticators | None = Field(
        default=None, description="number=BASE32 for each admin with an authenticator, with commas"
    )
    admin_news: Annotated[News, LowerCase] = Field(
        default=News.GRAVE, description="off, grave or all: the acts of which the other admins are told"
    )
    vonage_signature_secret: SecretStr | None = Field(
        default=None, description="the signature secret, in the settings of Vonage's dashboard"
    )
    vonage_signature_method: Annotated[Method, LowerCase] = Field(
        default=Method.MD5HASH, description="the method of the account: md5hash, md5, sha1, sha256 or sha512"
    )
    allow_unsigned_webhooks: bool = Field(default=False, description="true or false")
    webhook_token: WebhookToken = Field(default=None, description="at least 16 characters out of A-Z a-z 0-9 _ - . ~")
    vonage_rest_url: VonageAddress = Field(
        default="https://rest.nexmo.com", description="an https address, or http on this machine"
    )
    vonage_api_url: VonageAddress = Field(
        default="https://api.nexmo.com", description="an https address, or http on this machine"
    )
    public_url: Address | None = Field(default=None, description="an address such as https://sms.example.org")
    api_token: BearerToken | None = Field(
        default=None, description="at least 16 characters out of A-Z a-z 0-9 _ - . ~ + /"
    )
    database_url: Database = Field(
        default="sqlite:///private-sms.db",
        description="sqlite:///file, sqlite:////folder/file from the root, or postgresql://user:password@host/database",
    )
    database_pooled: bool = Field(default=False, description="true or false")
    data_key: DataKey = Field(default=None, description="keys of 32 bytes in base64, with commas, the newest last")
    host: str = Field(
        default="127.0.0.1", pattern=r"^[\w.:-]+$", description="an address of this machine, such as 127.0.0.1"
    )
    port: int = Field(default=3000, ge=0, le=65535, description="a port between 1 and 65535; 0 takes any that is free")
    trusted_proxies: Networks = Field(
        default=(), description="addresses or networks of your proxies, with commas: 127.0.0.1,10.0.0.0/8"
    )
    connections_per_address: int = Field(default=100, ge=0, description="a whole number, 0 for no limit")
    service_name: ServiceName = Field(
        default="Private SMS",
        description="at most 12 characters of the GSM alphabet; ^ { } [ ] ~ | \\ and the euro count twice",
    )
    texts_language: TextsLanguage | None = Field(
        default=None, description=f"{', '.join(sorted(languages.load().known))}, or nothing for that of each country"
    )
    chat_ttl: Duration | None = Field(default=None, description="a length of time, or nothing for chats without an end")
    quarantine: Duration = Field(default=96 * HOUR, description="a length of time such as 96h or 4d")
    quarantine_strict: bool = Field(default=False, description="true or false")
    changeover: DurationOrNone = Field(default=10 * MINUTE, description="a length of time such as 10m, 0 for none")
    account_rate: Rate = Field(default=30.0, description="texts a second, 0 for no limit")
    line_rate: Rate | None = Field(
        default=None, description="texts a second, 0 for no limit, nothing for the usual pace"
    )
    sender_limit: int = Field(default=20, ge=0, description="texts a minute, a whole number, 0 for no limit")
    sender_daily: int = Field(default=200, ge=0, description="texts a day, a whole number, 0 for no limit")
    stranger_limit: int = Field(default=60, ge=0, description="answers an hour, a whole number, 0 for none at all")
    allowed_countries: Countries | None = Field(
        default=None, description="countries of two letters with commas, such as GB,IE, or nothing for your own"
    )
    leak_guard: Annotated[Guard, LowerCase] = Field(
        default=Guard.MASK, description="off, warn or mask: other people's numbers in texts"
    )
    leak_guard_links: Annotated[Guard, LowerCase] = Field(
        default=Guard.OFF, description="off, warn or mask: links and e-mail addresses in texts"
    )
    daily_texts: int = Field(default=0, ge=0, description="texts a day, a whole number, 0 for no cap")
    daily_spend: Amount = Field(
        default=Decimal(0), description="an amount a day in the account's currency, such as 25.00, 0 for no cap"
    )
    retain_texts: RetainTexts = Field(default=30 * DAY, description="a length of time of at least 1h")
    retain_chats: RetainChats = Field(
        default=90 * DAY,
        description="a length of time of at least 4d, and not shorter than RETAIN_TEXTS and QUARANTINE",
    )
    doubt_after: Duration = Field(default=2 * MINUTE, description="a length of time")
    log_level: Annotated[LogLevel, UpperCase] = Field(
        default=LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[LogFormat, LowerCase] = Field(default=LogFormat.TEXT, description="text or json")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: object, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `read_settings` says what the environment is: nothing is taken from the process behind its back.
        return (init_settings,)

    @property
    def countries(self) -> frozenset[str]:
        """Where people may be texted: as set, or where our lines and admins are, and DEFAULT_REGION."""
        if self.allowed_countries is not None:
            return self.allowed_countries
        home = {country(number) for number in (*self.vonage_number, *self.admin_numbers)}
        return frozenset(home | ({self.default_region} if self.default_region else set()))

    @property
    def on_postgres(self) -> bool:
        return self.database_url.startswith(POSTGRES)

    @property
    def database_path(self) -> Path:
        """The SQLite file; with PostgreSQL, where it would be by default: the file of API tokens lies beside it."""
        return Path("private-sms.db" if self.on_postgres else self.database_url.removeprefix(SQLITE))

    @property
    def authenticators(self) -> dict[Number, str]:
        """Each admin's secret in base32, of those who have one."""
        held = self.admin_totp_secrets
        return {} if held is None else authenticators(held.get_secret_value(), self.default_region)

    def rate_of(self, line: Number) -> float:
        """Texts a second on this line; 0 is no limit."""
        if self.line_rate is not None:
            return self.line_rate
        return 1.0 if line.country_code == 1 else 30.0  # carriers in the US and Canada hold long numbers to 1

    def webhook_path(self, event: str) -> str:
        """Where Vonage is to send `inbound-sms` or `delivery-receipt`. Holds the token: a secret."""
        token = self.webhook_token
        return f"/webhooks/{event}/{token.get_secret_value()}" if token else f"/webhooks/{event}"


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))


SECRETS = frozenset(name.upper() for name, field in Settings.model_fields.items() if _is_secret(field.annotation))


def read_settings(environ: Mapping[str, str], env_file: Path) -> Settings:
    """The environment over `.env`; an empty value counts as unset. Raises BadSettings with all faults."""
    held = _held(environ, env_file)
    faults = list(_open_secret_files(held))
    told = {fault.split()[0].removesuffix("_FILE") for fault in faults}
    values: dict[str, Any] = {name: held[name.upper()] for name in Settings.model_fields if name.upper() in held}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        faults += [_line(each, held) for each in details if _name(each) not in told]
    if faults:
        raise BadSettings(faults)  # outside the except: the original error must not trail behind it
    return settings


def likely_typos(environ: Mapping[str, str], env_file: Path) -> list[str]:
    """Names that are no settings but look as if they were meant to be one."""
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    held = _held(environ, env_file)
    return [
        f"{name} is no setting; did you mean {near[0]}?"
        for name in sorted(held.keys() - known)
        if (near := get_close_matches(name, known - held.keys(), 1, 0.76 if name.startswith("VONAGE_") else 0.85))
    ]


def _held(environ: Mapping[str, str], env_file: Path) -> dict[str, str]:
    try:
        # Not interpolated: a secret may hold `${`.
        written = dotenv_values(env_file, interpolate=False, encoding="utf-8") if env_file.exists() else {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise BadSettings([f"{env_file} cannot be read: {reason}"]) from None
    merged = {name: (text or "").strip() for name, text in {**written, **environ}.items()}
    return {name: text for name, text in merged.items() if text}


def _open_secret_files(held: dict[str, str]) -> Iterator[str]:
    """Put what NAME_FILE points to in place of NAME; yields what is wrong with that."""
    for name in sorted(name for name in SECRETS if f"{name}_FILE" in held):
        path = held[f"{name}_FILE"]
        reason = f"{name} is set too" if name in held else None
        try:
            held[name] = Path(path).read_text("utf-8").strip()
        except OSError as error:
            reason = error.strerror
        except UnicodeDecodeError:
            reason = "it is not UTF-8"
        if reason or not held[name]:
            held[name] = "?"  # its absence would be told as a second fault
            yield f"{name}_FILE holds {path!r}: {reason or 'it is empty'}; expected a file with the secret in it"


def _name(detail: ErrorDetails) -> str:
    return str(detail["loc"][0]).upper()


def _line(detail: ErrorDetails, held: Mapping[str, str]) -> str:
    name = _name(detail)
    reason = detail.get("ctx", {}).get("error")
    expected = Settings.model_fields[name.lower()].description
    return f"{name} {_shown(name, held)}{f': {reason}' if reason else ''}; expected {expected}"


def _shown(name: str, held: Mapping[str, str]) -> str:
    if name not in held:
        return "is not set"
    if name in SECRETS:
        return "is set (not shown)"
    text = re.sub(r"//.*@", "//…@", held[name])  # a URL may hold a password
    text = re.sub(r"(password=)[^&\s]*", r"\1…", text)
    return f"holds {masked(text) if name.endswith(('_NUMBER', '_NUMBERS')) else text!r}"
