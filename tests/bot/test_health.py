from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from bot.health import STUCK_AFTER, Health
from bot.vonage.sending import AccountTrouble
from storage.engine import Unavailable
from tests.entrance import entrance
from tests.people import ADMIN, ALICE, BOB, CAROL, inbound
from tests.world import World

TOKEN = "a-token-for-tests"


@pytest.fixture
def fallen() -> list[str]:
    return []


@pytest.fixture
def deaf() -> list[str | None]:
    return [None]


@pytest.fixture
async def web(here: World, fallen: list[str], deaf: list[str | None]) -> AsyncIterator[httpx2.AsyncClient]:
    api = entrance(here, TOKEN)
    health = Health(here.engine, here.writer, here.delivery, here.metrics, here.clock, lambda: fallen, lambda: deaf[-1])
    transport = httpx2.ASGITransport(app=Starlette(routes=health.routes(api)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as web:
        yield web


async def test_the_front_page_says_what_this_is_and_nothing_of_anybody(here: World, web: httpx2.AsyncClient) -> None:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    page = await web.get("/")
    assert "Private SMS" in page.text
    assert "7700" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_service_in_order_is_alive_and_ready(web: httpx2.AsyncClient) -> None:
    for path, word in (("/livez", "alive"), ("/readyz", "ready")):
        answer = await web.get(path)
        assert (answer.status_code, answer.json()) == (200, {word: True, "reasons": []})


async def test_a_fallen_task_is_a_reason_to_restart(web: httpx2.AsyncClient, fallen: list[str]) -> None:
    fallen.append("writer")
    assert (await web.get("/livez")).json()["reasons"] == ["the writer task has ended: restart the service"]
    assert (await web.get("/readyz")).status_code == 503


async def test_the_accounts_trouble_makes_it_unready_but_alive(here: World, web: httpx2.AsyncClient) -> None:
    here.phones.next.append(AccountTrouble("status 9"))
    await here.text(CAROL, "hello")
    ready = await web.get("/readyz")
    assert (ready.status_code, ready.json()["reasons"]) == (
        503,
        ["no text leaves, all wait: status 9"],
    )
    assert (await web.get("/livez")).status_code == 200


async def test_refused_webhooks_make_it_unready_but_alive(web: httpx2.AsyncClient, deaf: list[str | None]) -> None:
    deaf.append("webhooks are refused")
    assert (await web.get("/readyz")).json()["reasons"] == ["webhooks are refused"]
    assert (await web.get("/livez")).status_code == 200


async def test_a_store_that_refuses_makes_it_unready(here: World, web: httpx2.AsyncClient) -> None:
    async with here.engine.transaction() as tx:
        [pages] = await tx.row("PRAGMA page_count") or ()
        await tx.run(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable):
        await here.handover.take(inbound(CAROL, "x" * 60_000))
    reasons = (await web.get("/readyz")).json()["reasons"]
    assert reasons == ["texts cannot be stored: database or disk is full"]


async def test_a_balancer_is_told_only_what_keeps_texts_from_being_taken(
    here: World, web: httpx2.AsyncClient, deaf: list[str | None], fallen: list[str]
) -> None:
    deaf.append("webhooks are refused")
    here.phones.next.append(AccountTrouble("status 9"))
    await here.text(CAROL, "hello")
    assert (await web.get("/readyz")).status_code == 503
    assert (await web.get("/readyz?for=webhooks")).json() == {"ready": True, "reasons": []}
    here.writer.failing = "disk is full"
    fallen.append("delivery")
    answer = await web.get("/readyz?for=webhooks")
    assert (answer.status_code, answer.json()["reasons"]) == (
        503,
        ["the delivery task has ended: restart the service", "texts cannot be stored: disk is full"],
    )


async def test_texts_that_wait_for_long_make_it_unready(here: World, web: httpx2.AsyncClient) -> None:
    here.phones.next.append(AccountTrouble("status 9"))
    await here.text(CAROL, "hello")
    here.now += STUCK_AFTER + 1
    assert "texts have been waiting for over 10 minutes" in (await web.get("/readyz")).json()["reasons"]


async def test_metrics_need_the_token_and_name_nobody(here: World, web: httpx2.AsyncClient) -> None:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    assert (await web.get("/metrics")).status_code == 401
    exposed = await web.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert exposed.headers["content-type"].startswith("text/plain")
    assert "private_sms_open_chats 1.0" in exposed.text
    assert 'private_sms_outbox{state="queued"} 0.0' in exposed.text
    assert "7700900" not in exposed.text  # fewer digits stand in a time now and then
