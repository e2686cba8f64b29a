"""The controls by REST: faults, seed, magic numbers, settings, the wire log, reset."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.emulator.faults import KINDS, MAGIC, Rule
from bot.emulator.profile import Phone, Profile
from tests.emulation import Emulated, Service, StartEmulator

ALICE, LINE = "+447700900101", "+447700900001"
TEXT = {"api_key": "k", "api_secret": "s", "from": LINE[1:], "to": ALICE[1:], "text": "hello"}
STARTED_WITH = Rule(KINDS["status-9"], "+447700900103")


@pytest.fixture
async def vonage(emulator: StartEmulator) -> Emulated:
    return await emulator(Profile(lines=(LINE,), phones=(Phone(ALICE, "Alice"),), faults=(STARTED_WITH,)))


async def ask(vonage: Emulated, method: str, path: str, json: object = None) -> tuple[int, Any]:
    async with vonage.http.request(method, vonage.url + path, json=json) as response:
        return response.status, await response.json() if response.content_length else None


async def submit(vonage: Emulated, **change: str) -> str:
    async with vonage.http.post(f"{vonage.url}/sms/json", data=TEXT | change) as response:
        return str((await response.json())["messages"][0]["status"])


async def test_the_faults_are_listed_with_what_they_do_and_what_is_on(vonage: Emulated) -> None:
    status, told = await ask(vonage, "GET", "/faults")
    assert (status, told["seed"]) == (200, 1)
    assert [each["kind"] for each in told["kinds"]] == list(KINDS)
    assert {each["about"] for each in told["kinds"]} == {"send", "receipt", "webhook"}
    assert [each["kind"] for each in told["active"]] == ["status-9"]


async def test_a_fault_is_switched_on_and_off(vonage: Emulated) -> None:
    status, rule = await ask(vonage, "POST", "/faults", {"kind": "status-5", "number": ALICE[1:]})
    assert status == 201
    assert rule == {"id": 2, "kind": "status-5", "number": ALICE, "probability": 1.0, "times": None}
    assert (await submit(vonage), await submit(vonage, to="447700900102")) == ("5", "0")
    assert await ask(vonage, "DELETE", "/faults/2") == (204, None)
    assert (await ask(vonage, "DELETE", "/faults/2"))[0] == 404
    assert await submit(vonage) == "0"


async def test_all_are_switched_off_at_once(vonage: Emulated) -> None:
    for kind in ("status-5", "receipt-lost"):
        await ask(vonage, "POST", "/faults", {"kind": kind})
    assert await ask(vonage, "DELETE", "/faults") == (204, None)
    assert (await ask(vonage, "GET", "/faults"))[1]["active"] == []


async def test_the_seed_sown_again_repeats_what_happened(vonage: Emulated) -> None:
    await ask(vonage, "PATCH", "/settings", {"rate": None})
    await ask(vonage, "POST", "/faults", {"kind": "status-5", "probability": 0.5})
    seen = []
    for seed in (7, 7, 8):
        assert await ask(vonage, "PUT", "/seed", {"seed": seed}) == (204, None)
        seen.append([await submit(vonage) for _ in range(20)])
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("POST", "/faults", {}),
        ("POST", "/faults", {"kind": "earthquake"}),
        ("POST", "/faults", {"kind": ["close"]}),
        ("POST", "/faults", {"kind": "close", "number": "nobody in sight"}),
        ("POST", "/faults", {"kind": "close", "probability": 1.1}),
        ("POST", "/faults", {"kind": "close", "probability": float("nan")}),
        ("POST", "/faults", {"kind": "close", "probability": True}),
        ("POST", "/faults", {"kind": "close", "times": 0}),
        ("POST", "/faults", {"kind": "close", "times": 1.5}),
        ("POST", "/faults", {"kind": "close", "colour": "red"}),
        ("POST", "/faults", [1]),
        ("PUT", "/seed", {"seed": -1}),
        ("PUT", "/seed", {"seed": "7"}),
        ("PUT", "/seed", {"seed": True}),
        ("PATCH", "/settings", {"colour": "red"}),
        ("GET", "/wire?after=x", None),
        ("GET", "/wire?limit=-1", None),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(
    vonage: Emulated, method: str, path: str, asked: object
) -> None:
    before = await ask(vonage, "GET", "/faults")
    status, told = await ask(vonage, method, path, asked)
    assert (status, told["error"]["code"]) == (400, "bad_request")
    assert len(told["error"]["message"]) > 10
    assert await ask(vonage, "GET", "/faults") == before


async def test_the_magic_numbers_are_told_and_work(vonage: Emulated) -> None:
    _, told = await ask(vonage, "GET", "/magic")
    assert {each["number"]: each["kind"] for each in told} == MAGIC
    assert await submit(vonage, to="447700900960") == "6"


async def test_settings_change_while_it_runs(vonage: Emulated) -> None:
    status, told = await ask(vonage, "PATCH", "/settings", {"trial": True, "time_factor": 60})
    assert (status, told["trial"], told["time_factor"]) == (200, True, 60)
    assert await ask(vonage, "GET", "/settings") == (200, told)
    assert (await submit(vonage), await submit(vonage, to="447700900102")) == ("0", "29")


async def test_the_wire_log_can_be_followed(vonage: Emulated) -> None:
    for _ in range(4):
        await submit(vonage)
    ids = [[each["id"] for each in (await ask(vonage, "GET", f"/wire{query}"))[1]]
           for query in ("", "?after=2", "?limit=1", "?after=1&limit=2", "?limit=0", "?after=4")]  # fmt: skip
    assert ids == [[1, 2, 3, 4], [3, 4], [4], [2, 3], [], []]


async def test_an_exchange_is_told_in_full_and_without_a_secret(vonage: Emulated) -> None:
    auth = {"Authorization": aiohttp.encode_basic_auth("k", "top-secret")}
    asked = {key: value for key, value in TEXT.items() if not key.startswith("api")}
    async with vonage.http.post(f"{vonage.url}/sms/json", data=asked, headers=auth) as response:
        answer = await response.text()
    (told,) = await vonage.wire()
    assert "top-secret" not in str(told)
    assert told["headers"]["authorization"] == "Basic k:…"
    assert (told["about"], told["direction"], told["method"], told["fault"]) == ("sms", "in", "POST", None)
    assert (told["url"], told["status"], told["answer"]) == (f"{vonage.url}/sms/json", 200, answer)


async def test_the_fault_that_struck_is_in_the_wire_log(vonage: Emulated) -> None:
    await ask(vonage, "POST", "/faults", {"kind": "status-5", "times": 1})
    await ask(vonage, "POST", "/faults", {"kind": "receipt-lost", "times": 1})
    for _ in range(3):
        await submit(vonage)
    assert [each["fault"] for each in await vonage.wire()] == ["status-5", "receipt-lost", None]


async def test_reset_leaves_it_as_it_was_started(vonage: Emulated) -> None:
    started = [await ask(vonage, "GET", path) for path in ("/faults", "/settings", "/wire")]
    await ask(vonage, "POST", "/phones", {"name": "Carol"})
    await ask(vonage, "PATCH", "/settings", {"opt_out_assist": True})
    await ask(vonage, "POST", "/faults", {"kind": "close"})
    await submit(vonage, to="447700900103")
    assert await ask(vonage, "POST", "/reset") == (204, None)
    after = [await ask(vonage, "GET", path) for path in ("/faults", "/settings", "/wire")]
    assert after[1:] == started[1:]
    assert [rule["kind"] for rule in after[0][1]["active"]] == ["status-9"]
    assert await vonage.received(ALICE) == []
    assert (await ask(vonage, "POST", "/phones", {}))[1]["number"] == "+447700900102"


async def test_nothing_of_before_arrives_after_a_reset(emulator: StartEmulator, service: Service) -> None:
    vonage = await emulator(Profile(inbound_url=service.url, time_factor=50))
    await ask(vonage, "POST", "/faults", {"kind": "webhook-slow", "times": 1})
    await vonage.send(ALICE, LINE, "before")
    await asyncio.sleep(0)
    await ask(vonage, "POST", "/reset")
    await asyncio.sleep(0.15)
    await vonage.send(ALICE, LINE, "after")
    assert [got.parameters["text"] for got in await service.hears(1)] == ["after"]


async def test_a_website_may_not_touch_the_controls(vonage: Emulated) -> None:
    foreign = {"Origin": "https://example.org"}
    for method, path in (("POST", "/faults"), ("DELETE", "/faults"), ("PUT", "/seed"), ("POST", "/reset")):
        async with vonage.http.request(method, vonage.url + path, json={}, headers=foreign) as response:
            assert response.status == 403
