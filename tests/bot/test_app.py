from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from bot.app import create_app
from storage.engine import Unusable
from storage.sqlite import SQLite
from tests.owner import GOOD, read
from tests.unsealed import kept

TOKEN = GOOD["WEBHOOK_TOKEN"]


def app_in(folder: Path) -> Starlette:
    # Nothing listens on port 9 of this machine: whatever is to be sent stays in the outbox.
    return create_app(read(DATABASE_URL=f"sqlite:///{folder / 'a.db'}", VONAGE_REST_URL="http://127.0.0.1:9"))


async def test_every_door_leads_somewhere_and_each_is_guarded_as_it_should_be(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as web,
    ):
        answers = {
            path: (await web.get(path)).status_code
            for path in (
                "/", "/livez", "/readyz", "/metrics", "/chats", "/chats/1", "/nowhere",
                "/webhooks/inbound-sms", f"/webhooks/inbound-sms/{TOKEN}", "/webhooks/inbound-sms/wrong",
                "/webhooks/delivery-receipt", f"/webhooks/delivery-receipt/{TOKEN}",
            )
        }  # fmt: skip
    assert list(answers.values()) == [200, 200, 200, 403, 403, 403, 404, 404, 400, 404, 404, 400]


async def test_what_nobody_foresaw_is_500_and_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fall(*_: object, **__: object) -> None:
        raise KeyError("canary")

    monkeypatch.setattr("storage.chats.find", fall)
    app = create_app(read(DATABASE_URL=f"sqlite:///{tmp_path / 'a.db'}", API_TOKEN=TOKEN))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as web,
    ):
        answer = await web.get("/chats/1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "fault")
    assert "canary" not in answer.text


async def test_a_text_taken_is_still_there_after_the_app_has_gone(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    query = {"msisdn": "447700900003", "to": GOOD["VONAGE_NUMBER"], "messageId": "M1", "text": "hello", "type": "text"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as web,
    ):
        assert (await web.get(f"/webhooks/inbound-sms/{TOKEN}", params=query)).status_code == 204
    engine = await SQLite.open(tmp_path / "a.db")
    assert await kept(engine.reader) == [("447700900003", "hello", "stranger")]
    assert [kind for (kind,) in await engine.reader.rows("SELECT kind FROM outbound")] == ["reply"]
    await engine.close()


async def test_a_database_in_use_stops_the_start(tmp_path: Path) -> None:
    holder = await SQLite.open(tmp_path / "a.db")
    app = app_in(tmp_path)
    with pytest.raises(Unusable, match="another process"):
        async with app.router.lifespan_context(app):
            raise AssertionError("it must not run")
    await holder.close()
