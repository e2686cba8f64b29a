"""Webhooks on their way: their three shapes, what is tried again and what is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from bot.emulator.account import Account
from bot.emulator.courier import Courier, Webhook
from bot.emulator.profile import RETRIES, Profile, Retries, Shape, Stamps
from bot.emulator.wirelog import Direction
from bot.vonage.signatures import Method, verify
from tests.emulation import Service

STAMP = {"message-timestamp": "1970-01-01 00:00:00"}
TOLD = {"msisdn": "447700900101", "text": "a & b = ç 😀"}
AT_ONCE = Retries(first=0.001, longest=0.004, give_up_after=0.02)


def account(shape: Shape = Shape.POST, **profile: Any) -> Account:
    ids, ticks = count(), count(0, 1000)
    clock = (lambda: 0) if profile.get("stamps") is None else (lambda: next(ticks))
    settings: dict[str, Any] = {"webhooks": shape, "retries": AT_ONCE} | profile
    return Account(Profile(**settings), clock, lambda size: f"{next(ids):032d}")


@pytest.fixture
async def courier() -> AsyncIterator[Courier]:
    courier = Courier(account())
    async with courier.working():
        yield courier


@pytest.mark.parametrize(
    ("shape", "method", "content_type"),
    [
        (Shape.GET, "GET", ""),
        (Shape.POST, "POST", "application/x-www-form-urlencoded; charset=UTF-8"),
        (Shape.POST_JSON, "POST", "application/json"),
    ],
)
async def test_the_three_shapes_say_the_same(service: Service, shape: Shape, method: str, content_type: str) -> None:
    courier = Courier(account(shape))
    async with courier.working():
        answer = await courier.carry(Webhook("inbound", f"{service.url}/in", TOLD))
    (got,) = service.got
    assert answer.taken
    assert (got.method, got.content_type, got.path, got.parameters) == (method, content_type, "/in", TOLD | STAMP)


@pytest.mark.parametrize("shape", Shape)
async def test_without_a_content_type_it_says_the_same(service: Service, shape: Shape) -> None:
    here = account(shape)
    async with (courier := Courier(here)).working():
        await courier.carry(Webhook("inbound", service.url, TOLD, fault="webhook-no-content-type"))
    (got,), (exchange,) = service.got, here.wire
    assert (got.content_type, got.parameters, exchange.parameters) == ("", TOLD | STAMP, TOLD | STAMP)
    assert "content-type" not in exchange.headers


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/", "no answer (nobody listens there)"),
        ("http://", "no answer (that is no address)"),
        ("https{}", "no answer (no TLS came about)"),
    ],
)
async def test_it_says_why_there_is_no_answer(service: Service, url: str, why: str) -> None:
    async with (courier := Courier(account())).working():
        assert str(await courier.carry(Webhook("inbound", url.format(service.url[4:]), TOLD))) == why


async def test_what_was_not_taken_comes_again_word_for_word(courier: Courier, service: Service) -> None:
    service.answers.extend([503, 500, 429])
    notes: list[str] = []
    answer = await courier.carry(Webhook("inbound", service.url, TOLD), notes.append)
    assert answer.taken
    assert [got.parameters for got in service.got] == [TOLD | STAMP] * 4
    assert notes[0] == "the service answered 503; trying again in 0.001 s"


@pytest.mark.parametrize("status", [400, 401, 404, 302])
async def test_what_is_refused_for_good_does_not_come_again(courier: Courier, service: Service, status: int) -> None:
    service.answers.append(status)
    answer = await courier.carry(Webhook("inbound", service.url, TOLD))
    assert str(answer) == f"the service answered {status}"
    assert len(service.got) == 1


async def test_where_nobody_listens_it_is_given_up_in_the_end(courier: Courier) -> None:
    notes: list[str] = []
    answer = await courier.carry(Webhook("inbound", "http://127.0.0.1:1/", TOLD), notes.append)
    assert answer.status is None
    assert len(notes) == len(list(AT_ONCE.waits("inbound")))


async def test_an_address_that_is_none_is_no_answer(courier: Courier) -> None:
    assert str(await courier.carry(Webhook("inbound", "nowhere", TOLD))).startswith("no answer")


async def test_those_of_one_turn_keep_their_order(courier: Courier, service: Service) -> None:
    service.pause = 0.01
    webhooks = [Webhook("inbound", service.url, {"n": str(n)}, turn="Alice") for n in range(9)]
    await asyncio.gather(*map(courier.carry, webhooks))
    assert [got.parameters["n"] for got in service.got] == [str(n) for n in range(9)]
    assert service.busiest == 1


async def test_a_slow_answer_to_one_does_not_hold_up_another(courier: Courier, service: Service) -> None:
    service.pause = 0.05
    await asyncio.gather(*(courier.carry(Webhook("inbound", service.url, TOLD, turn=str(n))) for n in range(9)))
    assert service.busiest > 1


async def test_each_attempt_is_in_the_wire_log(service: Service) -> None:
    here = account()
    courier = Courier(here)
    service.answers.append(503)
    async with courier.working():
        await courier.carry(Webhook("receipt", service.url, TOLD))
    assert [(each.about, each.status, each.parameters) for each in here.wire] == [
        ("receipt", 503, TOLD | STAMP),
        ("receipt", 204, TOLD | STAMP),
    ]


async def test_unfinished_errands_do_not_outlive_the_emulator() -> None:
    courier = Courier(account())
    async with courier.working():
        courier.start(asyncio.sleep(60))
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_what_is_refused_for_good_comes_again_all_the_same_under_the_older_rule(service: Service) -> None:
    service.answers.extend([401, 404])
    courier = Courier(account(retries=RETRIES["A"], time_factor=10_000))
    async with courier.working():
        assert (await courier.carry(Webhook("inbound", service.url, TOLD))).taken
    assert len(service.got) == 3


async def test_time_passes_faster_by_the_factor(service: Service) -> None:
    service.answers.extend([503, 503])
    courier, started = Courier(account(retries=RETRIES["B"], time_factor=100)), time.monotonic()
    notes: list[str] = []
    async with courier.working():
        await courier.carry(Webhook("inbound", service.url, TOLD, after=5.0), notes.append)
    assert notes == [f"the service answered 503; trying again in {wait} s" for wait in ("0.05", "0.1")]
    assert 0.2 <= time.monotonic() - started < 3


@pytest.mark.parametrize(("stamps", "different"), [(Stamps.FROZEN, 1), (Stamps.RENEWED, 2)])
async def test_what_comes_again_is_stamped_and_signed_anew_or_not(
    service: Service, stamps: Stamps, different: int
) -> None:
    service.answers.append(503)
    courier = Courier(account(stamps=stamps, signature_secret="shh"))
    async with courier.working():
        await courier.carry(Webhook("inbound", service.url, TOLD))
    for name in ("message-timestamp", "timestamp", "nonce", "sig"):
        assert len({got.parameters[name] for got in service.got}) == different
    assert all(verify(got.parameters, "shh", Method.MD5HASH) for got in service.got)


async def test_without_order_those_of_one_turn_go_side_by_side(service: Service) -> None:
    service.pause = 0.05
    courier = Courier(account(in_order=False))
    async with courier.working():
        await asyncio.gather(*(courier.carry(Webhook("inbound", service.url, TOLD, turn="Alice")) for _ in range(9)))
    assert service.busiest > 1


async def test_what_was_dropped_does_not_arrive(service: Service) -> None:
    courier = Courier(account())
    async with courier.working():
        late = courier.start(courier.carry(Webhook("inbound", service.url, TOLD, after=0.05)))
        courier.drop()
        await asyncio.wait([late])
        await courier.carry(Webhook("inbound", service.url, TOLD, after=0.1))
    assert len(service.got) == 1


async def test_the_wire_log_says_what_was_sent_and_which_fault_it_was(service: Service) -> None:
    here = account(Shape.POST_JSON)
    courier = Courier(here)
    async with courier.working():
        await courier.carry(Webhook("inbound", service.url, TOLD, fault="webhook-duplicate"))
    (exchange,) = here.wire
    assert (exchange.direction, exchange.fault) == (Direction.OUT, "webhook-duplicate")
    assert exchange.headers["content-type"] == service.got[0].content_type == "application/json"
