"""Webhooks on their way: their three shapes, what is tried again and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from bot.emulator.account import Account
from bot.emulator.courier import Courier, Webhook
from bot.emulator.profile import Profile, Retries, Shape
from tests.emulation import Service

TOLD = {"msisdn": "447700900101", "text": "a & b = ç 😀"}
AT_ONCE = Retries(first=0.001, longest=0.004, give_up_after=0.02)


def account(shape: Shape = Shape.POST) -> Account:
    ids = count()
    return Account(Profile(webhooks=shape, retries=AT_ONCE), lambda: 0, lambda size: f"{next(ids)}")


@pytest.fixture
async def courier() -> AsyncIterator[Courier]:
    courier = Courier(account())
    async with courier.working():
        yield courier


@pytest.mark.parametrize(
    ("shape", "method", "content_type"),
    [
        (Shape.GET, "GET", ""),
        (Shape.POST, "POST", "application/x-www-form-urlencoded"),
        (Shape.POST_JSON, "POST", "application/json"),
    ],
)
async def test_the_three_shapes_say_the_same(service: Service, shape: Shape, method: str, content_type: str) -> None:
    courier = Courier(account(shape))
    async with courier.working():
        answer = await courier.carry(Webhook("inbound", f"{service.url}/in", TOLD))
    (got,) = service.got
    assert answer.taken
    assert (got.method, got.content_type, got.path, got.parameters) == (method, content_type, "/in", TOLD)


async def test_what_was_not_taken_comes_again_word_for_word(courier: Courier, service: Service) -> None:
    service.answers.extend([503, 500, 429])
    notes: list[str] = []
    answer = await courier.carry(Webhook("inbound", service.url, TOLD), notes.append)
    assert answer.taken
    assert [got.parameters for got in service.got] == [TOLD] * 4
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
    assert len(notes) == len(list(AT_ONCE.waits()))


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
        ("receipt", 503, TOLD),
        ("receipt", 204, TOLD),
    ]


async def test_unfinished_errands_do_not_outlive_the_emulator() -> None:
    courier = Courier(account())
    async with courier.working():
        courier.start(asyncio.sleep(60))
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1
