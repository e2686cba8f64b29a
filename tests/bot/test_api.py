import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot.api import http_exception, read_number
from storage import people
from storage.engine import InDoubt
from storage.number import NotANumber, Number
from tests.entrance import entrance
from tests.people import ADMIN, ALICE, BOB, CAROL, LINE, NOON
from tests.world import World, world

TOKEN = "a-token-for-tests"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
PAIR = {"userANumber": ALICE.e164(), "userBNumber": BOB.e164()}


def client(here: World, token: str | None = TOKEN, headers: Mapping[str, str] = AUTHORIZED) -> httpx2.AsyncClient:
    api = entrance(here, token)
    app = Starlette(routes=api.routes(), exception_handlers={HTTPException: http_exception})
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test", headers=headers)


@pytest.fixture
async def api(here: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(here) as api:
        yield api


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("shape", ["params", "data", "json"])
async def test_a_chat_is_opened_by_query_form_or_json(here: World, api: httpx2.AsyncClient, shape: str) -> None:
    shaped: dict[str, Any] = {shape: PAIR | {"label": "job7", "ttl": "2h"}}
    response = await api.post("/chat", **shaped)
    assert (response.status_code, response.headers["location"]) == (201, "/chats/1")
    assert response.json() == {
        "id": 1,
        "label": "job7",
        "state": "open",
        "paused": False,
        "participants": [
            {"side": "A", "number": "+44•••••••001", "line": LINE.e164(), "texts": 0, "changeover": False},
            {"side": "B", "number": "+44•••••••002", "line": LINE.e164(), "texts": 0, "changeover": False},
        ],
        "opened_at": "2026-09-21T14:13:20.000Z",
        "expires_at": "2026-09-21T16:13:20.000Z",
        "last_text_at": None,
        "closed_at": None,
        "closed_reason": None,
    }
    await here.quiet()
    assert [text.split(" ")[0] for text in here.arrived()] == ["*0001", "*0002"]


async def test_numbers_may_be_written_as_vonage_writes_them(api: httpx2.AsyncClient) -> None:
    response = await api.post("/chat", params={"userANumber": ALICE.digits(), "userBNumber": BOB.digits()})
    assert response.status_code == 201


async def test_a_plus_that_the_query_made_a_space_is_understood(api: httpx2.AsyncClient) -> None:
    assert (await api.post(f"/chat?userANumber=+{ALICE.digits()}&userBNumber=+{BOB.digits()}")).status_code == 201


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, (400, "missing_field")),
        ({"userANumber": ALICE.e164()}, (400, "missing_field")),
        (PAIR | {"userBNumber": "12"}, (400, "bad_number")),
        (PAIR | {"userBNumber": "+1900" + "5550100"}, (400, "number_not_allowed")),
        (PAIR | {"userBNumber": "VONAGE"}, (400, "bad_number")),
        (PAIR | {"userBNumber": ALICE.e164()}, (400, "same_number")),
        (PAIR | {"userBNumber": LINE.e164()}, (400, "own_number")),
        (PAIR | {"ttl": "soon"}, (400, "bad_ttl")),
        (PAIR | {"label": "two words"}, (400, "bad_label")),
        (PAIR | {"label": "x0001x"}, (400, "bad_label")),
        (PAIR | {"label": "a\0b"}, (400, "bad_label")),
    ],
)
async def test_bad_input_is_named_and_creates_nothing(
    here: World, api: httpx2.AsyncClient, fields: dict[str, str], answer: tuple[int, str]
) -> None:
    response = await api.post("/chat", json=fields)
    assert code(response) == answer
    assert "Nothing was created" in response.json()["error"]["message"]
    assert (await api.get("/chats", params={"state": "all"})).json()["chats"] == []
    assert here.phones.sent == []


@pytest.mark.parametrize(
    ("body", "kind", "answer"),
    [
        (b'{"userANumber": 447700900001}', "application/json", (400, "bad_json")),
        (b'{"userANumber": ["x"]}', "application/json", (400, "bad_json")),
        (b"[]", "application/json", (400, "bad_json")),
        (json.dumps(PAIR | {"label": "a\ud800"}).encode(), "application/json", (400, "bad_label")),
        (b"{", "application/json", (400, "bad_json")),
        (b"\xff\xfe\x00", "application/json", (400, "bad_json")),
        (b"[" * 60_000, "application/json", (400, "bad_json")),
        (b"userANumber=%ff%fe", "application/x-www-form-urlencoded", (400, "bad_number")),
        (b"<chat/>", "text/xml", (415, "unsupported_media_type")),
        (b"x" * (64 * 1024 + 1), "application/json", (413, "too_large")),
    ],
)
async def test_an_odd_body_gets_a_clear_answer(
    api: httpx2.AsyncClient, body: bytes, kind: str, answer: tuple[int, str]
) -> None:
    assert code(await api.post("/chat", content=body, headers={"Content-Type": kind})) == answer


async def test_an_error_does_not_repeat_what_the_caller_wrote(api: httpx2.AsyncClient) -> None:
    told = await api.post("/chat", json={ALICE.e164(): 5})
    assert told.json()["error"]["message"] == "Each field must be a string. Nothing was created."
    told = await api.post("/chat", json={"label": 5})
    assert told.json()["error"]["message"] == "label must be a string. Nothing was created."


async def test_who_texted_with_somebody_else_on_that_line_of_late_is_marked(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,)) as here, client(here) as api:
        await api.post("/chat", json=PAIR)
        await api.delete("/chats/1")
        opened = await api.post("/chat", json=PAIR | {"userBNumber": CAROL.e164()})
        assert [each["changeover"] for each in opened.json()["participants"]] == [True, False]
        await here.wait(600_001)
        shown = await api.get("/chats/2")
        assert [each["changeover"] for each in shown.json()["participants"]] == [False, False]


async def test_it_is_marked_until_they_were_told_though_the_guard_is_off(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,), changeover=0) as here, client(here) as api:
        await api.post("/chat", json=PAIR)
        await api.delete("/chats/1")
        await here.quiet()
        here.phones.outage, here.now = True, here.now + 1
        opened = await api.post("/chat", json=PAIR | {"userBNumber": CAROL.e164()})
        assert [each["changeover"] for each in opened.json()["participants"]] == [True, False]
        assert (await api.delete("/chats/2")).json()["participants"][0]["changeover"] is False, "it is over"


async def test_strictly_no_chat_is_opened_on_a_line_that_has_not_rested(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", lines=(LINE,), strict=True) as here, client(here) as api:
        await api.post("/chat", json=PAIR)
        await api.delete("/chats/1")
        response = await api.post("/chat", json=PAIR | {"userBNumber": CAROL.e164()})
        assert code(response) == (409, "not_rested")
        assert "try again in 4d" in response.json()["error"]["message"]


async def test_a_third_chat_finds_no_free_line(api: httpx2.AsyncClient) -> None:
    for other in (BOB, CAROL):
        assert (await api.post("/chat", json=PAIR | {"userBNumber": other.e164()})).status_code == 201
    response = await api.post("/chat", json=PAIR | {"userBNumber": ADMIN.e164()})
    assert code(response) == (409, "no_free_line")


async def test_nobody_is_paired_who_has_opted_out(here: World, api: httpx2.AsyncClient) -> None:
    async with here.engine.transaction() as tx:
        await people.opt_out(tx, BOB, source="text", now=NOON)
    assert code(await api.post("/chat", json=PAIR)) == (409, "opted_out")


async def test_a_chat_is_shown_and_ended_once(here: World, api: httpx2.AsyncClient) -> None:
    await api.post("/chat", json=PAIR)
    assert (await api.get("/chats/1")).json()["state"] == "open"
    ended = await api.delete("/chats/1")
    assert (ended.json()["state"], ended.json()["closed_reason"]) == ("closed", "ended over the API")
    await here.quiet()
    told = len(here.phones.sent)
    assert (await api.delete("/chats/1")).json() == ended.json()
    await here.quiet()
    assert (told, len(here.phones.sent)) == (4, 4)


@pytest.mark.parametrize("path", ["/chats/99", "/chats/x", "/chats/-1", "/chats/99999999999999999999", "/chats/٣"])
async def test_a_chat_that_is_not_there_is_not_found(api: httpx2.AsyncClient, path: str) -> None:
    assert code(await api.get(path)) == (404, "not_found")
    assert code(await api.delete(path)) == (404, "not_found")


async def test_chats_are_listed_in_pages_the_open_ones_unless_all_are_wanted(api: httpx2.AsyncClient) -> None:
    for other in (BOB, CAROL):
        await api.post("/chat", json=PAIR | {"userBNumber": other.e164()})
    await api.delete("/chats/1")
    assert [chat["id"] for chat in (await api.get("/chats")).json()["chats"]] == [2]
    first = (await api.get("/chats?state=all&limit=1")).json()
    assert ([chat["id"] for chat in first["chats"]], first["next"]) == ([1], 1)
    rest = (await api.get("/chats?state=all&limit=5&after=1")).json()
    assert ([chat["id"] for chat in rest["chats"]], rest["next"]) == ([2], None)


@pytest.mark.parametrize("query", ["state=some", "limit=x", "limit=-1", "after=1e9"])
async def test_an_odd_listing_is_refused(api: httpx2.AsyncClient, query: str) -> None:
    assert (await api.get(f"/chats?{query}")).status_code == 400


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer t\u00f6ken"]
)
async def test_without_the_token_nothing_is_told(here: World, header: str) -> None:
    async with client(here, headers={"Authorization": header.encode("latin-1")} if header else {}) as api:  # type: ignore[dict-item]
        response = await api.post("/chat", json=PAIR)
        assert code(response) == (401, "unauthorized")
        assert response.headers["www-authenticate"] == "Bearer"
        assert (await api.get("/chats")).status_code == 401
    assert here.phones.sent == []


async def test_without_a_token_set_the_api_is_off_and_says_why(here: World) -> None:
    async with client(here, token=None) as api:
        response = await api.get("/chats")
        assert code(response) == (403, "api_off")
        assert "API_TOKEN" in response.json()["error"]["message"]


async def test_what_cannot_be_stored_is_refused_for_now(here: World, api: httpx2.AsyncClient) -> None:
    here.writer.stop()
    response = await api.post("/chat", json=PAIR)
    assert code(response) == (503, "unavailable")
    assert response.headers["retry-after"] == "5"


async def test_a_wrong_method_is_refused_in_the_same_form(api: httpx2.AsyncClient) -> None:
    assert code(await api.get("/chat")) == (405, "method_not_allowed")
    assert set((await api.put("/chats/1")).headers["allow"].split(", ")) == {"GET", "HEAD", "DELETE"}


@pytest.mark.parametrize(
    ("given", "region", "number"),
    [
        ("+447700900001", None, ALICE),
        ("447700900001", None, ALICE),
        ("07700 900001", "GB", ALICE),
        ("447700900001", "GB", ALICE),
    ],
)
def test_a_number_is_read_with_its_plus_its_region_or_as_bare_digits(
    given: str, region: str | None, number: Number
) -> None:
    assert read_number(given, region) == number


def test_a_national_number_without_a_region_is_no_number() -> None:
    with pytest.raises(NotANumber):
        read_number("07700900001", None)


async def test_a_number_in_a_country_that_is_not_allowed_opens_nothing(tmp_path: Path) -> None:
    async with world(tmp_path / "a.db", countries=frozenset({"GB"})) as here, client(here) as api:
        response = await api.post("/chat", json=PAIR | {"userBNumber": "+12015550123"})
        assert code(response) == (400, "country_not_allowed")
        assert "Nothing was created" in response.json()["error"]["message"]
        assert (await api.get("/chats")).json()["chats"] == []


async def test_where_nobody_knows_whether_it_was_stored_that_is_said(
    here: World, api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def goes_away(*_: object, **__: object) -> None:
        raise InDoubt("the connection was lost")

    monkeypatch.setattr(here.writer, "_submit", goes_away)
    response = await api.post("/chat", json=PAIR)
    assert code(response) == (503, "in_doubt")
    assert "not known: look before you try again" in response.json()["error"]["message"]
