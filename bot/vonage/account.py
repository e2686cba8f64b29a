"""What an account at Vonage holds: its balance, its numbers, and where each sends its texts. Asked by `check` only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError
from vonage_account.account import Account
from vonage_http_client import Auth, HttpClient, HttpClientOptions
from vonage_http_client.errors import AuthenticationError, ForbiddenError, HttpRequestError
from vonage_numbers import ListOwnedNumbersFilter, Numbers

from storage.number import NotANumber, Number

WITHIN = 10.0  # seconds
MOST_PAGES = 50  # of a hundred numbers each


class AccountError(Exception):
    """The account could not be looked at. The text holds nothing secret."""


class WrongCredentials(AccountError):
    """Vonage does not accept key and secret."""


class Unreachable(AccountError):
    """No answer came, or not in time."""


class OddAnswer(AccountError):
    """An answer came that is not Vonage's."""


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    number: Number
    inbound_url: str | None = field(repr=False)  # may end in the webhook token; None: the account's own URL is used
    application: str | None = None  # if linked to one, its URL comes first


@dataclass(frozen=True, slots=True)
class AccountFacts:
    balance: float  # EUR
    numbers: tuple[OwnedNumber, ...]


async def look(rest_url: str, api_key: str, api_secret: str, within: float = WITHIN) -> AccountFacts:
    """Raises an AccountError."""
    url = urlsplit(rest_url)
    client = _client(
        url.scheme, url.netloc + url.path.rstrip("/"), Auth(api_key=api_key, api_secret=api_secret), within
    )
    try:
        async with asyncio.timeout(within):
            return await asyncio.to_thread(_ask, client)
    except TimeoutError as error:
        raise Unreachable("no answer in time") from error


def _client(scheme: str, host: str, auth: Auth, within: float) -> HttpClient:
    # pool_maxsize is also how often the SDK repeats a request that failed.
    options = HttpClientOptions(rest_host=host, timeout=max(1, int(within)), pool_maxsize=1, max_retries=0)
    return HttpClient(auth, options) if scheme == "https" else PlainClient(auth, options)


class PlainClient(HttpClient):  # type: ignore[misc]  # the SDK is not typed
    """For an emulator on loopback: the SDK itself writes https:// into every URL."""

    def get(
        self, host: str, request_path: str = "", params: dict[str, Any] | None = None, *_: object, **__: object
    ) -> Any:
        answer = requests.get(
            f"http://{host}{request_path}",
            params=params,
            headers={"Authorization": self.auth.create_basic_auth_string()},
            timeout=self.http_client_options.timeout,
        )
        return self._parse_response(answer)


def _ask(client: HttpClient) -> AccountFacts:
    # At DEBUG these two print the secret, at WARNING whatever the other side said.
    for name in ("vonage", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        return AccountFacts(Account(client).get_balance().value, tuple(_owned(Numbers(client))))
    except (AuthenticationError, ForbiddenError) as error:
        raise WrongCredentials("Vonage does not accept this key and secret") from error
    except HttpRequestError as error:
        raise OddAnswer(f"HTTP {error.response.status_code}") from error
    except OSError as error:  # every exception of requests is one
        raise Unreachable(type(error).__name__) from error
    except (ValidationError, TypeError, KeyError) as error:  # what the SDK makes of an answer that is not Vonage's
        raise OddAnswer("not the JSON expected") from error


def _owned(numbers: Numbers) -> Iterator[OwnedNumber]:
    page: int | None = 1
    while page is not None and page <= MOST_PAGES:
        found, _, page = numbers.list_owned_numbers(ListOwnedNumbersFilter(index=page))
        for owned in found:
            try:
                number = Number.parse(f"+{owned.msisdn}")
            except NotANumber:
                continue  # a short code, which can be no line of ours
            yield OwnedNumber(number, owned.mo_http_url or None, owned.app_id or owned.messages_callback_value)
