"""The phones by REST: sending, reading, waiting, adding; and the service at the other end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.emulator.profile import Phone, Profile, Retries
from tests.emulation import Emulated, Service, StartEmulator

ALICE, LINE = "+447700900101", "+447700900001"
TEXT = {"api_key": "k", "api_secret": "s", "from": LINE[1:], "to": ALICE[1:], "text": "hello"}


@pytest.fixture
async def phones(emulator: StartEmulator, service: Service) -> Emulated:
    return await emulator(
        Profile(
            lines=(LINE,),
            phones=(Phone(ALICE, "Alice"),),
            inbound_url=f"{service.url}/inbound",
            receipt_url=f"{service.url}/receipt",
            retries=Retries(first=0.01, longest=0.01, give_up_after=0.05),
        )
    )


async def settled(phones: Emulated, number: str) -> dict[str, Any]:
    """The last text on this phone, once it is known what became of it."""
    for _ in range(500):
        last = (await phones.messages(number))[-1]
        if last["state"] != "sending":
            return last
        await asyncio.sleep(0.01)
    raise AssertionError("nothing became of it")


async def ask(phones: Emulated, method: str, path: str, **how: Any) -> tuple[int, Any]:
    async with phones.http.request(method, phones.url + path, **how) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("spelling", ["447700900101", "+447700900101", "%2B447700900101"])
async def test_a_phone_is_found_by_its_number_in_any_spelling(phones: Emulated, spelling: str) -> None:
    await ask(phones, "POST", "/sms/json", data=TEXT)
    _, shown = await ask(phones, "GET", f"/phones/{spelling}/messages")
    assert [(each["from"], each["to"], each["text"]) for each in shown] == [(LINE, ALICE, "hello")]


@pytest.mark.parametrize("to", [LINE, LINE[1:]])
async def test_what_a_phone_sends_reaches_the_service(phones: Emulated, service: Service, to: str) -> None:
    sent = await phones.send(ALICE, to, "On my way.")
    assert (sent["from"], sent["to"], sent["text"]) == (ALICE, LINE, "On my way.")
    (got,) = await service.hears(1)
    assert got.path == "/inbound"
    assert (got.parameters["msisdn"], got.parameters["to"]) == (ALICE[1:], LINE[1:])
    assert (await settled(phones, ALICE))["state"] == "delivered"


async def test_texts_reach_the_service_in_the_order_they_were_sent(phones: Emulated, service: Service) -> None:
    for n in range(10):
        await phones.send(ALICE, LINE, str(n))
    assert [got.parameters["text"] for got in await service.hears(10)] == [str(n) for n in range(10)]


async def test_a_long_text_reaches_the_service_in_parts(phones: Emulated, service: Service) -> None:
    await phones.send(ALICE, LINE, "a" * 153 + "b" * 8)
    parts = sorted((got.parameters["concat-part"], got.parameters["text"]) for got in await service.hears(2))
    assert parts == [("1", "a" * 153), ("2", "b" * 8)]
    assert (await settled(phones, ALICE))["segments"] == 2


async def test_a_text_the_service_refuses_says_so(phones: Emulated, service: Service) -> None:
    service.answers.append(401)
    await phones.send(ALICE, LINE, "hi")
    last = await settled(phones, ALICE)
    assert (last["state"], last["note"]) == ("failed", "the service answered 401")


async def test_a_text_the_service_takes_the_second_time_is_delivered(phones: Emulated, service: Service) -> None:
    service.answers.append(503)
    await phones.send(ALICE, LINE, "hi")
    assert (await settled(phones, ALICE))["state"] == "delivered"
    assert len(service.got) == 2


async def test_without_a_service_a_text_goes_nowhere_and_says_so(emulator: StartEmulator) -> None:
    alone = await emulator()
    await alone.send(ALICE, LINE, "hi")
    assert "--inbound-url" in (await settled(alone, ALICE))["note"]


@pytest.mark.parametrize(
    "change", [{"status-report-req": "false"}, {"status-report-req": "true"}, {"callback": "{url}/elsewhere"}]
)
async def test_a_receipt_comes_for_each_part_unless_it_is_not_wanted(
    phones: Emulated, service: Service, change: dict[str, str]
) -> None:
    change = {key: value.format(url=service.url) for key, value in change.items()}
    _, answer = await ask(phones, "POST", "/sms/json", data=TEXT | {"text": "x" * 161} | change)
    if "false" in change.values():
        await phones.send(ALICE, LINE, "later")
        assert [got.path for got in await service.hears(1)] == ["/inbound"]
        return
    got = await service.hears(2)
    assert {each.parameters["messageId"] for each in got} == {part["message-id"] for part in answer["messages"]}
    assert {each.path for each in got} == {"/elsewhere" if "callback" in change else "/receipt"}


async def test_who_waits_is_answered_as_soon_as_there_is_enough(phones: Emulated) -> None:
    waiting = asyncio.create_task(phones.received(ALICE, count=2, wait=30))
    for text in ("one", "two"):
        await ask(phones, "POST", "/sms/json", data=TEXT | {"text": text})
    assert await asyncio.wait_for(waiting, 5) == ["one", "two"]


async def test_who_waits_in_vain_gets_what_there_is(phones: Emulated) -> None:
    await ask(phones, "POST", "/sms/json", data=TEXT)
    assert await phones.received(ALICE, count=2, wait=0.01) == ["hello"]


async def test_one_direction_can_be_asked_for(phones: Emulated) -> None:
    await phones.send(ALICE, LINE, "sent")
    await ask(phones, "POST", "/sms/json", data=TEXT)
    _, sent = await ask(phones, "GET", f"/phones/{ALICE}/messages?direction=sent")
    assert [each["text"] for each in sent] == ["sent"]


async def test_any_number_can_text_even_letters_and_short_codes(phones: Emulated, service: Service) -> None:
    for sender in ("PROMO", "12345", "+15555550100"):
        await phones.send(sender, LINE, "hi")
    assert {got.parameters["msisdn"] for got in await service.hears(3)} == {"PROMO", "12345", "15555550100"}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (f"/phones/{ALICE}/send", {"text": "hi"}),
        (f"/phones/{ALICE}/send", {"to": LINE}),
        (f"/phones/{ALICE}/send", {"to": LINE, "text": 5}),
        (f"/phones/{ALICE}/send", {"to": "+447700900009", "text": "no line of ours"}),
        (f"/phones/{ALICE}/send", {"to": LINE, "text": "x" * 10_001}),
        (f"/phones/{ALICE}/send", ["no object"]),
        (f"/phones/{LINE}/send", {"to": LINE, "text": "a line is no phone"}),
        ("/phones/1/send", {"to": LINE, "text": "hi"}),
        ("/phones", {"number": "no number at all"}),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(phones: Emulated, path: str, asked: object) -> None:
    status, told = await ask(phones, "POST", path, json=asked)
    assert (status, told["error"]["code"]) == (400, "bad_request")
    assert len(told["error"]["message"]) > 10


@pytest.mark.parametrize("query", ["wait=soon", "count=x", "direction=up"])
async def test_a_question_that_makes_no_sense_is_refused(phones: Emulated, query: str) -> None:
    assert (await ask(phones, "GET", f"/phones/{ALICE}/messages?{query}"))[0] == 400


async def test_half_an_emoji_is_no_reason_to_fail(phones: Emulated, service: Service) -> None:
    await ask(phones, "POST", f"/phones/{ALICE}/send", json={"to": LINE, "text": "a\ud83d"})
    assert (await service.hears(1))[0].parameters["text"] == "a?"


async def test_a_phone_more_gets_a_fictional_number_nobody_has(phones: Emulated) -> None:
    first = await ask(phones, "POST", "/phones", json={"name": " Carol  C "})
    second = await ask(phones, "POST", "/phones", json={})
    assert first == (201, {"number": "+447700900102", "name": "Carol C"})
    assert second == (201, {"number": "+447700900103", "name": "+447700900103"})


async def test_a_line_cannot_be_a_phone_too(phones: Emulated) -> None:
    assert (await ask(phones, "POST", "/phones", json={"number": LINE}))[0] == 409


async def test_the_fictional_numbers_come_to_an_end(emulator: StartEmulator) -> None:
    crowd = tuple(Phone(f"+447700900{end}", "x") for end in range(101, 1000))
    assert (await ask(await emulator(Profile(phones=crowd)), "POST", "/phones", json={}))[0] == 409


async def switch_on(phones: Emulated, kind: str) -> None:
    assert (await ask(phones, "POST", "/faults", json={"kind": kind, "times": 1}))[0] == 201


async def test_octets_reach_the_service_as_hex(phones: Emulated, service: Service) -> None:
    asked = {"to": LINE, "data": "6869", "udh": "0605"}
    status, sent = await ask(phones, "POST", f"/phones/{ALICE}/send", json=asked)
    assert (status, sent["text"], sent["encoding"]) == (201, "06056869", "binary")
    (got,) = await service.hears(1)
    assert {key: got.parameters[key] for key in ("type", "data", "udh")} == {
        "type": "binary",
        "data": "6869",
        "udh": "0605",
    }


@pytest.mark.parametrize("change", [{"data": "x"}, {"data": ""}, {"data": "00" * 141}, {"udh": "0"}, {"data": 5}])
async def test_octets_that_are_none_are_refused(phones: Emulated, change: dict[str, object]) -> None:
    asked = {"to": LINE, "data": "6869"} | change
    assert (await ask(phones, "POST", f"/phones/{ALICE}/send", json=asked))[0] == 400


async def test_a_duplicate_comes_twice_and_the_phone_is_content(phones: Emulated, service: Service) -> None:
    await switch_on(phones, "webhook-duplicate")
    await phones.send(ALICE, LINE, "hi")
    assert len({got.parameters["messageId"] for got in await service.hears(2)}) == 1
    assert (await settled(phones, ALICE))["state"] == "delivered"


async def test_parts_come_out_of_order_on_demand(phones: Emulated, service: Service) -> None:
    await switch_on(phones, "webhook-reordered")
    await phones.send(ALICE, LINE, "a" * 153 + "b" * 153 + "c")
    assert [got.parameters["concat-part"] for got in await service.hears(3)] == ["3", "2", "1"]


async def test_a_lost_part_is_told_on_the_phone(phones: Emulated, service: Service) -> None:
    await switch_on(phones, "webhook-missing-part")
    await phones.send(ALICE, LINE, "a" * 153 + "b" * 8)
    assert (await settled(phones, ALICE))["note"] == "a part was lost on the way, as is switched on"
    assert [got.parameters["concat-part"] for got in service.got] == ["1"]


async def test_no_phone_is_given_a_magic_number(emulator: StartEmulator) -> None:
    crowd = tuple(Phone(f"+447700900{end}", "x") for end in range(101, 949))
    phones = await emulator(Profile(phones=crowd))
    assert (await ask(phones, "POST", "/phones", json={}))[1]["number"] == "+447700900949"
    assert (await ask(phones, "POST", "/phones", json={}))[0] == 409
