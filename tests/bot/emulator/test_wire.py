"""The SMS API: what is taken, what is refused and why, and what is answered for each part."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientTimeout, ServerDisconnectedError

from bot.emulator.profile import Profile
from bot.emulator.statuses import STATUSES, WORDS
from bot.emulator.wirelog import HIDDEN
from bot.vonage.signatures import Method, sign
from tests.emulation import Emulated, Service, StartEmulator

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
    assert exchange["parameters"] == TEXT | {"api_key": "abcd1234", "api_secret": HIDDEN}
    assert '"status":"0"' in exchange["answer"]


async def test_many_at_once_each_get_their_answer(emulator: StartEmulator) -> None:
    vonage = await emulator(replace(STRICT, rate=None))
    answers = await asyncio.gather(*(submit(vonage, ACCOUNT | TEXT) for _ in range(50)))
    assert len({part["message-id"] for (part,) in answers}) == 50
    assert len(await vonage.received(ALICE)) == 50


async def switch_on(vonage: Emulated, kind: str, **asked: object) -> None:
    async with vonage.http.post(f"{vonage.url}/faults", json={"kind": kind} | asked) as response:
        assert response.status == 201


async def test_over_the_rate_a_text_is_refused_with_the_time_to_wait(emulator: StartEmulator) -> None:
    vonage = await emulator(replace(STRICT, rate=2), clock=lambda: 1_770_000_515_000)
    answers = [await submit(vonage, ACCOUNT | TEXT) for _ in range(3)]
    assert [part["status"] for (part,) in answers] == ["0", "0", "1"]
    assert answers[2][0]["error-text"] == "Throughput Rate Exceeded - please wait [ 1000 ] and retry"
    assert await vonage.received(ALICE) == ["hello", "hello"]


async def test_wrong_credentials_do_not_use_up_the_rate(emulator: StartEmulator) -> None:
    vonage = await emulator(replace(STRICT, rate=1), clock=lambda: 1_770_000_515_000)
    for _ in range(3):
        assert (await submit(vonage, ACCOUNT | TEXT | {"api_secret": "wrong"}))[0]["status"] == "4"
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["status"] == "0"


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_is_answered_on_demand_and_nothing_is_taken(vonage: Emulated, status: str) -> None:
    await switch_on(vonage, f"status-{status}", times=1)
    assert await submit(vonage, ACCOUNT | TEXT) == [{"status": status, "error-text": WORDS[status]}]
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["remaining-balance"] == "999.95880000"
    assert await vonage.received(ALICE) == ["hello"]


async def post(vonage: Emulated, within: float = 5) -> int | None:
    """The HTTP status; None if there is no answer."""
    patience = ClientTimeout(total=within)
    try:
        async with vonage.http.post(f"{vonage.url}/sms/json", data=ACCOUNT | TEXT, timeout=patience) as response:
            return response.status
    except (ServerDisconnectedError, TimeoutError):
        return None


@pytest.mark.parametrize(
    ("kind", "answered", "taken"),
    [
        ("http-401", 401, False),
        ("http-429", 429, False),
        ("http-500", 500, False),
        ("http-500-taken", 500, True),
        ("http-502", 502, False),
        ("html", 200, False),
        ("html-taken", 200, True),
        ("close", None, False),
        ("close-taken", None, True),
        ("hang", None, False),
        ("hang-taken", None, True),
    ],
)
async def test_an_answer_that_goes_wrong_says_nothing_of_whether_the_text_was_taken(
    vonage: Emulated, kind: str, answered: int | None, taken: bool
) -> None:
    await switch_on(vonage, kind, times=1)
    assert await post(vonage, within=0.3 if "hang" in kind else 5) == answered
    assert await vonage.received(ALICE) == (["hello"] if taken else [])
    (exchange,) = await vonage.wire()
    assert (exchange["fault"], exchange["status"]) == (kind, answered)


async def test_a_slow_answer_comes_in_the_end_and_the_sooner_the_faster_time_passes(emulator: StartEmulator) -> None:
    vonage = await emulator(replace(STRICT, time_factor=20))
    await switch_on(vonage, "slow", times=1)
    started = time.monotonic()
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["status"] == "0"
    assert 0.14 < time.monotonic() - started < 2


async def test_of_a_long_text_the_first_part_may_be_taken_alone(vonage: Emulated) -> None:
    await switch_on(vonage, "partial", times=1)
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["status"] == "0"
    first, *others = await submit(vonage, ACCOUNT | TEXT | {"text": "x" * 153 + "y" * 154})
    assert (first["status"], first["remaining-balance"]) == ("0", "999.91760000")
    assert [part["status"] for part in others] == ["1", "1"]
    assert await vonage.received(ALICE) == ["hello", "x" * 153]


async def test_octets_are_taken_as_one_part(vonage: Emulated) -> None:
    binary = {"from": LINE, "to": ALICE, "type": "binary", "body": "6869", "udh": "0605"}
    (part,) = await submit(vonage, ACCOUNT | binary)
    assert (part["status"], await vonage.received(ALICE)) == ("0", ["06056869"])


async def test_an_early_receipt_is_there_before_the_answer(emulator: StartEmulator, service: Service) -> None:
    vonage = await emulator(replace(STRICT, receipt_url=service.url))
    await switch_on(vonage, "receipt-early")
    for _ in range(5):
        before = len(service.got)
        (part,) = await submit(vonage, ACCOUNT | TEXT | {"client-ref": "r1"})
        assert [got.parameters["messageId"] for got in service.got[before:]] == [part["message-id"]]


@pytest.mark.parametrize("kind", ["receipt-failed", "receipt-opted-out", "receipt-expired", "receipt-rejected"])
async def test_what_the_receipt_calls_undelivered_is_not_on_the_phone(
    emulator: StartEmulator, service: Service, kind: str
) -> None:
    vonage = await emulator(replace(STRICT, receipt_url=service.url))
    await switch_on(vonage, kind, number=ALICE)
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["status"] == "0"
    (got,) = await service.hears(1)
    assert (got.parameters["status"], await vonage.received(ALICE)) == (
        kind.split("-")[1].replace("opted", "failed"),
        [],
    )


async def test_who_opted_out_at_vonage_gets_nothing_and_it_costs_nothing(
    emulator: StartEmulator, service: Service
) -> None:
    vonage = await emulator(replace(STRICT, receipt_url=service.url, opt_out_assist=True))
    await vonage.send(f"+{ALICE}", f"+{LINE}", "stop")
    (part,) = await submit(vonage, ACCOUNT | TEXT)
    got = (await service.hears(1))[0].parameters
    assert (part["status"], got["status"], got["err-code"], got["price"]) == ("0", "failed", "9", "0.00000000")
    assert [text[:20] for text in await vonage.received(ALICE)] == ["You are unsubscribed"]
    await vonage.send(f"+{ALICE}", f"+{LINE}", "START")
    assert (await submit(vonage, ACCOUNT | TEXT))[0]["remaining-balance"] == "999.95880000"
    assert (await vonage.received(ALICE))[-1] == "hello"
