"""The SMS API: what is taken, what is refused and why, and what is answered for each part."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import pytest

from bot.emulator.profile import Profile
from bot.vonage.signatures import Method, sign
from tests.emulation import Emulated, StartEmulator

LINE, ALICE = "447700900001", "447700900101"
ACCOUNT = {"api_key": "abcd1234", "api_secret": "secret"}
TEXT = {"from": LINE, "to": ALICE, "text": "hello"}
SIGNATURE_SECRET = "a made-up signature secret"
STRICT = Profile(key="abcd1234", secret="secret", lines=(f"+{LINE}",), signature_secret=SIGNATURE_SECRET)


@pytest.fixture
async def vonage(emulator: StartEmulator) -> Emulated:
    return await emulator(STRICT)


async def submit(vonage: Emulated, told: dict[str, str], **how: Any) -> list[dict[str, str]]:
    async with vonage.http.post(f"{vonage.url}/sms/json", data=told, **how) as response:
        assert response.status == 200
        answer = await response.json()
    assert answer["message-count"] == str(len(answer["messages"]))
    return list(answer["messages"])


async def test_a_text_is_taken_and_shown_on_the_phone(vonage: Emulated) -> None:
    (part,) = await submit(vonage, ACCOUNT | TEXT | {"client-ref": "r1"})
    assert part.pop("message-id")
    assert part == {
        "to": ALICE,
        "status": "0",
        "remaining-balance": "999.95880000",
        "message-price": "0.04120000",
        "network": "23420",
        "client-ref": "r1",
    }
    assert await vonage.received(ALICE) == ["hello"]


async def test_each_part_has_its_own_id_and_price(vonage: Emulated) -> None:
    parts = await submit(vonage, ACCOUNT | TEXT | {"text": "x" * 307})
    assert len({part["message-id"] for part in parts}) == 3
    assert [part["remaining-balance"] for part in parts] == ["999.95880000", "999.91760000", "999.87640000"]


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("x" * 160, "text", 1),
        ("x" * 161, "text", 2),
        ("€" * 80, "text", 1),
        ("€" * 81, "text", 2),
        ("x" * 70, "unicode", 1),
        ("x" * 71, "unicode", 2),
        ("😀" * 35, "unicode", 1),
        ("😀" * 36, "unicode", 2),
    ],
)
async def test_parts_are_counted_in_the_encoding_asked_for(vonage: Emulated, text: str, kind: str, parts: int) -> None:
    assert len(await submit(vonage, ACCOUNT | TEXT | {"text": text, "type": kind})) == parts


async def test_what_the_alphabet_cannot_spell_is_lost_without_the_type_unicode(vonage: Emulated) -> None:
    await submit(vonage, ACCOUNT | TEXT | {"text": "it’s 😀"})
    await submit(vonage, ACCOUNT | TEXT | {"text": "it’s 😀", "type": "unicode"})
    assert await vonage.received(ALICE) == ["it?s ?", "it’s 😀"]


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}


def signed(told: dict[str, str]) -> dict[str, str]:
    told = told | {"timestamp": "1770000515"}
    return told | {"sig": sign(told, SIGNATURE_SECRET, Method.MD5HASH)}


async def test_basic_authentication_will_do(vonage: Emulated) -> None:
    assert (await submit(vonage, TEXT, headers=basic("abcd1234", "secret")))[0]["status"] == "0"


async def test_a_signature_will_do(vonage: Emulated) -> None:
    assert (await submit(vonage, signed({"api_key": "abcd1234"} | TEXT)))[0]["status"] == "0"


@pytest.mark.parametrize(
    ("told", "headers", "status"),
    [
        (TEXT, {}, "2"),
        (TEXT | {"api_key": "abcd1234"}, {}, "2"),
        (TEXT | ACCOUNT | {"api_secret": "wrong"}, {}, "4"),
        (TEXT | ACCOUNT | {"api_key": "wrong"}, {}, "4"),
        (TEXT | ACCOUNT, basic("abcd1234", "wrong"), "4"),
        (TEXT | ACCOUNT, {"Authorization": "Basic ä"}, "2"),
        (signed({"api_key": "abcd1234"} | TEXT) | {"text": "changed"}, {}, "14"),
        (signed({"api_key": "another"} | TEXT), {}, "14"),
        (signed(ACCOUNT | TEXT), {}, "32"),
    ],
)
async def test_other_credentials_will_not(
    vonage: Emulated, told: dict[str, str], headers: dict[str, str], status: str
) -> None:
    (refused,) = await submit(vonage, told, headers=headers)
    assert refused["status"] == status
    assert await vonage.received(ALICE) == []


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"to": ""}, "2", "Missing to param"),
        ({"from": ""}, "2", "Missing from param"),
        ({"text": ""}, "2", "Missing text param"),
        ({"to": "+447700900101"}, "3", "Invalid value for parameter: to"),
        ({"to": "123456"}, "3", "Invalid value for parameter: to"),
        ({"type": "morse"}, "3", "Invalid value for parameter: type"),
        ({"ttl": "19999"}, "3", "Invalid value for parameter: ttl"),
        ({"ttl": "a while"}, "3", "Invalid value for parameter: ttl"),
        ({"to": LINE}, "6", "Unroutable message - rejected"),
        ({"text": "x" * 3201}, "12", "Message Too Long"),
        ({"from": "447700900009"}, "15", "Illegal Sender Address - rejected"),
        ({"from": "Private", "to": "15555550100"}, "15", "Illegal Sender Address - rejected"),
        ({"callback": "example.org/receipt"}, "23", "Invalid callback url"),
        ({"callback": "https://" + "x" * 93}, "23", "Invalid callback url"),
    ],
)
async def test_a_bad_field_is_refused_and_costs_nothing(
    vonage: Emulated, change: dict[str, str], status: str, text: str
) -> None:
    assert await submit(vonage, ACCOUNT | TEXT | change) == [{"status": status, "error-text": text}]
    (taken,) = await submit(vonage, ACCOUNT | TEXT | {"ttl": "20000", "from": "Private"})
    assert taken["remaining-balance"] == "999.95880000"


async def test_without_credit_nothing_is_sent(emulator: StartEmulator) -> None:
    poor = await emulator(Profile(balance=STRICT.balance * 0))
    assert (await submit(poor, ACCOUNT | TEXT))[0]["status"] == "9"
    assert await poor.received(ALICE) == []


async def test_without_a_key_of_its_own_it_takes_any(emulator: StartEmulator) -> None:
    anybody = await emulator()
    assert (await submit(anybody, TEXT | {"api_key": "x", "api_secret": "y"}))[0]["status"] == "0"
    assert (await submit(anybody, TEXT))[0]["status"] == "2"


async def test_an_unreadable_body_is_an_invalid_one(vonage: Emulated) -> None:
    async with vonage.http.post(f"{vonage.url}/sms/json", data=b"[" * 70_000) as response:
        assert (await response.json())["messages"] == [{"status": "3", "error-text": "more than 64 KiB"}]


async def test_the_wire_log_holds_the_text_and_no_secret(vonage: Emulated) -> None:
    await submit(vonage, ACCOUNT | TEXT)
    (exchange,) = await vonage.wire()
    assert exchange["parameters"] == TEXT | {"api_key": "abcd1234", "api_secret": "…"}
    assert '"status": "0"' in exchange["answer"]


async def test_many_at_once_each_get_their_answer(vonage: Emulated) -> None:
    answers = await asyncio.gather(*(submit(vonage, ACCOUNT | TEXT) for _ in range(50)))
    assert len({part["message-id"] for (part,) in answers}) == 50
    assert len(await vonage.received(ALICE)) == 50
