"""What the account says of itself, read as Vonage's own library reads it."""

from __future__ import annotations

import pytest
from vonage_account.responses import Balance
from vonage_numbers.responses import OwnedNumber

from bot.emulator.profile import Profile
from bot.vonage.account import WrongCredentials, look
from tests.emulation import StartEmulator

LINES = ("+447700900001", "+15555550100")
PROFILE = Profile(key="abcd1234", secret="secret", lines=LINES, inbound_url="http://127.0.0.1:1/in")


async def test_check_reads_balance_and_numbers(emulator: StartEmulator) -> None:
    here = await emulator(PROFILE)
    facts = await look(here.url, "abcd1234", "secret")
    assert facts.balance == 1000
    assert [(each.number.e164(), each.inbound_url) for each in facts.numbers] == [
        (line, "http://127.0.0.1:1/in") for line in LINES
    ]


async def test_wrong_credentials_are_told_apart(emulator: StartEmulator) -> None:
    here = await emulator(PROFILE)
    with pytest.raises(WrongCredentials):
        await look(here.url, "abcd1234", "wrong")


@pytest.mark.parametrize("path", ["/account/get-balance", "/account/numbers"])
async def test_without_credentials_nothing_is_told(emulator: StartEmulator, path: str) -> None:
    here = await emulator(PROFILE)
    async with here.http.get(here.url + path) as response:
        assert (response.status, (await response.json())["error-code"]) == (401, "401")


async def test_numbers_come_in_pages(emulator: StartEmulator) -> None:
    here = await emulator(PROFILE)
    asked = {"api_key": "abcd1234", "api_secret": "secret", "size": "1", "index": "2"}
    async with here.http.get(f"{here.url}/account/numbers", params=asked) as response:
        told = await response.json()
    assert (told["count"], [each["msisdn"] for each in told["numbers"]]) == (2, ["15555550100"])
    assert OwnedNumber(**told["numbers"][0]).country == "US"


async def test_an_account_without_numbers_answers_with_an_empty_object(emulator: StartEmulator) -> None:
    here = await emulator()
    async with here.http.get(f"{here.url}/account/numbers?api_key=a&api_secret=b") as response:
        assert await response.json() == {}


async def test_the_balance_is_what_the_sdk_expects(emulator: StartEmulator) -> None:
    here = await emulator()
    async with here.http.get(f"{here.url}/account/get-balance?api_key=a&api_secret=b") as response:
        assert Balance(**await response.json()) == Balance(value=1000, autoReload=False)
