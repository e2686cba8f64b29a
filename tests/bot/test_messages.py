from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from bot.messages import Messages
from bot.vonage.sending import Doubt, Refused
from tests.entrance import entrance
from tests.people import ADMIN, ALICE, BOB, LINE
from tests.world import World

TOKEN = "a-token-for-tests"


@pytest.fixture
async def api(here: World) -> AsyncIterator[httpx2.AsyncClient]:
    await here.text(ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    app = Starlette(routes=Messages(entrance(here, TOKEN)).routes())
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://t", headers=headers) as api:
        yield api


async def fail(here: World, text: str = "hello") -> int:
    here.phones.next.append(Refused("status 6"))
    await here.text(ALICE, text)
    [*_, (message,)] = await here.engine.reader.rows("SELECT id FROM outbound WHERE state = 'dead' ORDER BY id")
    return int(message)


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_a_failed_text_is_told_without_its_words_or_anybodys_number(here: World, api: httpx2.AsyncClient) -> None:
    message = await fail(here)
    answer = await api.get("/messages?state=dead")
    assert answer.json() == {
        "messages": [
            {
                "id": message, "chat": 1, "kind": "relay", "state": "dead", "to": "+44•••••••002", "line": LINE.e164(),
                "reason": "status 6", "tries": 0, "may_repeat": False,
                "created_at": "2026-09-21T14:13:20.000Z", "changed_at": "2026-09-21T14:13:20.000Z",
            }
        ],
        "next": None,
    }  # fmt: skip
    assert (await api.get(f"/messages/{message}")).json() == answer.json()["messages"][0]


async def test_they_come_in_pages(here: World, api: httpx2.AsyncClient) -> None:
    first, second = await fail(here, "one"), await fail(here, "two")
    page = (await api.get("/messages", params={"limit": "1"})).json()
    assert ([each["id"] for each in page["messages"]], page["next"]) == ([first], first)
    page = (await api.get("/messages", params={"after": str(first), "limit": "1"})).json()
    assert [each["id"] for each in page["messages"]] == [second]


async def test_sent_again_it_arrives(here: World, api: httpx2.AsyncClient) -> None:
    message, before = await fail(here), len(here.phones.sent)
    answer = await api.post(f"/messages/{message}/resend")
    assert answer.status_code == 200
    await here.quiet()
    assert here.arrived(before) == ["*0002 hello"]
    assert (await api.get(f"/messages/{message}")).json()["state"] == "accepted"


async def test_sent_again_after_a_doubt_it_is_marked(here: World, api: httpx2.AsyncClient) -> None:
    here.phones.next.extend([Doubt("time-out"), Doubt("time-out")])
    await here.text(ALICE, "hello")
    await here.wait(120_000)
    await here.wait(120_000)
    [failed] = (await api.get("/messages")).json()["messages"]
    assert (await api.post(f"/messages/{failed['id']}/resend")).json()["may_repeat"]


async def test_dismissed_it_counts_no_longer_and_nobody_is_told(here: World, api: httpx2.AsyncClient) -> None:
    message, before = await fail(here), len(here.phones.sent)
    assert (await api.post(f"/messages/{message}/dismiss")).json()["state"] == "cancelled"
    await here.quiet()
    assert here.arrived(before) == []
    assert (await api.get("/messages")).json()["messages"] == []


async def test_what_cannot_be_done_is_refused_and_changes_nothing(here: World, api: httpx2.AsyncClient) -> None:
    message = await fail(here)
    await here.text(ADMIN, "END 1")
    assert code(await api.post(f"/messages/{message}/resend")) == (409, "resend_closed")
    await here.text(BOB, "STOP")
    assert code(await api.post("/messages/1/resend")) == (409, "not_failed")
    assert code(await api.post("/messages/4711/dismiss")) == (404, "no_such_message")
    assert code(await api.get("/messages/4711")) == (404, "no_such_message")
    assert BOB.digits() not in (await api.post(f"/messages/{BOB.digits()}/resend")).text, "nobody's number is repeated"
    assert code(await api.get("/messages/abc")) == (404, "not_found")
    assert (await api.get(f"/messages/{message}")).json()["state"] == "dead"


@pytest.mark.parametrize("state", ["delivered", "DEAD", "x"])
async def test_only_what_is_unsettled_can_be_listed(api: httpx2.AsyncClient, state: str) -> None:
    assert code(await api.get("/messages", params={"state": state})) == (400, "bad_state")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/messages"), ("GET", "/messages/1"), ("POST", "/messages/1/resend")]
)
async def test_without_the_token_nothing_is_told_or_done(api: httpx2.AsyncClient, method: str, path: str) -> None:
    assert code(await api.request(method, path, headers={"Authorization": "Bearer another"})) == (401, "unauthorized")
