"""`python -m bot check`: what is wrong or risky, line by line, and what to do about it. Changes nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import phonenumbers

from bot import check_postgres
from bot.addresses import is_loopback
from bot.check_sqlite import database
from bot.findings import Finding, Verdict, ok, problem, warning
from bot.server import CannotListen, listen
from bot.settings import BadSettings, Settings, likely_typos, read_settings
from bot.vonage.account import AccountError, AccountFacts, OwnedNumber, WrongCredentials, look
from commands import durations
from storage import tokens
from storage.number import Number
from storage.survey import survey
from storage.tokens import BadTokens

LOW_BALANCE = 2.0  # euros: about forty texts
EVENTS = {"inbound-sms": "inbound texts", "delivery-receipt": "delivery receipts"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="ask Vonage nothing")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(tell(findings(os.environ, Path(".env"), offline=arguments.offline)))


async def tell(found: AsyncIterator[Finding]) -> int:
    """Prints each as it is found, for Vonage may take its time."""
    status = 0
    async for finding in found:
        print(finding, flush=True)
        status |= finding.verdict is Verdict.PROBLEM
    return status


async def findings(environ: Mapping[str, str], env_file: Path, *, offline: bool) -> AsyncIterator[Finding]:
    try:
        settings = read_settings(environ, env_file)
    except BadSettings as error:
        for fault in error.faults:
            yield problem("settings", fault)
        return
    yield ok("settings", f"complete, from the environment and {env_file}")
    running, of_database = await _database(settings)
    for finding in (
        *(warning("settings", hint) for hint in likely_typos(environ, env_file)),
        *numbers(settings),
        *protection(settings),
        *address(settings, running=running),
        *of_database,
        kept(settings),
    ):
        yield finding
    if not offline:
        for finding in await account(settings):
            yield finding


async def _database(settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether a service is running, and what is found of its database."""
    if settings.on_postgres:
        return await check_postgres.look(settings)
    found = survey(settings.database_path)
    return found.in_use, list(database(settings.database_path, found, settings.data_key))


def numbers(settings: Settings) -> Iterator[Finding]:
    for line in settings.vonage_number:
        pace = settings.rate_of(line)
        yield _number("line", line, f", {pace:g} texts a second" if pace else ", at any pace")
    for admin in settings.admin_numbers:
        yield _number("admin", admin, ", with an authenticator" if admin in settings.authenticators else "")


def kept(settings: Settings) -> Finding:
    words, who = map(durations.spell, (settings.retain_texts, settings.retain_chats))
    return ok("retention", f"words are kept {words}, who was in touch with whom {who}; delete backups after as long")


def _number(about: str, number: Number, more: str) -> Finding:
    parsed = phonenumbers.parse(number.e164())
    country = phonenumbers.region_code_for_country_code(number.country_code)
    if phonenumbers.is_valid_number(parsed):
        return ok(about, f"{number} ({phonenumbers.region_code_for_number(parsed) or country}){more}")
    return warning(about, f"{number} ({country}){more}: not in that country's plan; is the country code right?")


def protection(settings: Settings) -> Iterator[Finding]:
    if settings.vonage_signature_secret:
        yield ok("webhooks", f"signed by {settings.vonage_signature_method}: ask Vonage's support to switch signing on")
    if settings.webhook_token:
        yield ok("webhooks", "kept by a token in their address")
    if not settings.vonage_signature_secret and not settings.webhook_token:
        yield warning("webhooks", "not protected: anybody can send texts in anybody's name. Set WEBHOOK_TOKEN")
    yield _api(settings)
    if settings.public_url and not settings.trusted_proxies:
        told = "TRUSTED_PROXIES is not set: whoever comes through your proxy counts as one caller, and is slowed as one"
        yield warning("api", told)


def _api(settings: Settings) -> Finding:
    try:
        names = len(tokens.read(tokens.beside(settings.database_path)))
    except BadTokens as error:
        return problem("api", str(error))
    if not names and not settings.api_token:
        return ok("api", "closed: API_TOKEN is not set, and no token was added")
    where = ", whose file every machine needs" if names and settings.on_postgres else ""
    return ok("api", f"open to {names} tokens with names{where}" + (" and to API_TOKEN" if settings.api_token else ""))


def address(settings: Settings, *, running: bool) -> Iterator[Finding]:
    if not running:
        yield _port(settings)
    if not is_loopback(settings.host):
        yield warning("address", f"{settings.host} is open to the network without TLS: put a proxy with TLS before it")
    public = settings.public_url
    if public is None:
        yield warning("address", "PUBLIC_URL is not set, so whether Vonage's webhooks point here cannot be told")
    elif urlsplit(public).scheme != "https":
        yield warning("address", "PUBLIC_URL is not https: texts and numbers would cross the network readable")
    secret = " (with the token in it: show it to nobody)" if settings.webhook_token else ""
    for event, what in EVENTS.items():
        yield ok("address", f"for {what}, set at Vonage{secret}: {_webhook(settings, event)}")


def _port(settings: Settings) -> Finding:
    try:
        listen(settings.host, settings.port).close()
    except CannotListen as error:
        return problem("address", f"{error}. Stop what uses it, or set another HOST or PORT")
    return ok("address", f"{settings.host} port {settings.port} is free")


def _webhook(settings: Settings, event: str) -> str:
    return f"{settings.public_url or 'https://YOUR-ADDRESS'}{settings.webhook_path(event)}"


async def account(settings: Settings) -> list[Finding]:
    try:
        secret = settings.vonage_api_secret.get_secret_value()
        facts = await look(settings.vonage_rest_url, settings.vonage_api_key, secret)
    except WrongCredentials as error:
        return [problem("account", f"{error}: compare VONAGE_API_KEY and VONAGE_API_SECRET with the dashboard")]
    except AccountError as error:
        return [problem("account", f"{settings.vonage_rest_url} cannot be asked: {error}")]
    return [_balance(facts), *(_line(settings, line, facts) for line in settings.vonage_number)]


def _balance(facts: AccountFacts) -> Finding:
    if facts.balance < LOW_BALANCE:
        return warning("account", f"{facts.balance:.2f} EUR left: Vonage sends nothing once it is used up")
    return ok("account", f"{facts.balance:.2f} EUR left")


def _line(settings: Settings, line: Number, facts: AccountFacts) -> Finding:
    owned = next((each for each in facts.numbers if each.number == line), None)
    if owned is None:
        return problem("account", f"{line} is no number of this account: rent it, or mend VONAGE_NUMBER")
    if owned.application:
        return warning("account", f"{line} is linked to an application, whose webhooks come first: unlink it there")
    return _inbound(settings, line, owned)


def _inbound(settings: Settings, line: Number, owned: OwnedNumber) -> Finding:
    wanted = _webhook(settings, "inbound-sms")
    if owned.inbound_url is None:
        return warning("account", f"{line} has no webhook of its own: the account's is used, see that it is {wanted}")
    points_here = (
        owned.inbound_url == wanted
        if settings.public_url
        else owned.inbound_url.endswith(settings.webhook_path("inbound-sms"))
    )
    if points_here:
        return ok("account", f"{line} sends its texts here")
    # The host only: what follows may be the secret of another service.
    elsewhere = urlsplit(owned.inbound_url).netloc
    return warning("account", f"{line} sends its texts to another address at {elsewhere}: set {wanted} at Vonage")
