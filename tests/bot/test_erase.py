"""`erase` as an operator uses it: it shows, asks, and says what it has done."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import aiohttp
import pytest

from bot.app import engine_of, reading_of
from bot.erase import erase, run
from bot.settings import Settings
from storage import chats, people
from storage.engine import InDoubt
from storage.errands import Outcome
from storage.holdings import Holdings
from storage.keys import KeyFile
from storage.model import Seat
from storage.number import Number
from storage.vault import Vault
from tests.crowd import found
from tests.owner import GOOD
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, NOON
from tests.process import Service


@pytest.fixture
async def settings(either: Settings) -> Settings:
    """Alice and Bob are in a chat, and the admin and Dave; Bob and Carol have opted out."""
    engine = engine_of(either)
    await engine.start()
    async with engine.transaction() as tx:
        for a, b in ((ALICE, BOB), (ADMIN, DAVE)):
            seats = {"a": Seat(a, LINE), "b": Seat(b, LINE)}
            await chats.open_chat(tx, **seats, label=None, opened_by="api", now=NOON, expires_at=None)
        await people.opt_out(tx, BOB, source="text", now=NOON)
        await people.opt_out(tx, CAROL, source="text", now=NOON)
    await engine.close()
    return either


async def audited(settings: Settings) -> list[str]:
    async with reading_of(settings) as here:
        return [what for (what,) in await here.rows("SELECT what FROM audit")]


def types(monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    def typed(_: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", typed)


async def test_it_shows_what_there_is_and_who_types_the_digits_erases_it(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, " 0002 ")
    assert await erase(settings, BOB, sure=False) == 0
    said = capsys.readouterr().out
    assert said.startswith("About +44•••••••002 there is:\n  chats: 1, of them open: 1\n  an opt-out, which stays")
    assert "Open chats end, and the other person is told." in said
    assert "Removed of +44•••••••002:\n  chats: 1" in said
    assert "Backups made before still hold them" in said
    assert "7700900" not in said
    assert await audited(settings) == ["a person was erased"]


@pytest.mark.parametrize("answer", ["", "0001", "yes", None])
async def test_without_the_right_digits_nothing_is_changed(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    types(monkeypatch, answer)
    assert await erase(settings, BOB, sure=False) == 1
    assert capsys.readouterr().err == "Nothing was changed.\n"
    assert await audited(settings) == []
    async with reading_of(settings) as here:
        assert len(await chats.open_of(here, BOB)) == 1


@pytest.mark.parametrize(
    ("number", "told"),
    [(Number("+447700900005"), "Nothing is held about"), (CAROL, "but that they opted out, which stays.")],
)
async def test_where_there_is_nothing_to_erase_that_is_said(
    settings: Settings, capsys: pytest.CaptureFixture[str], number: Number, told: str
) -> None:
    assert await erase(settings, number, sure=True) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert said.err.endswith("Nothing was changed.\n")


async def test_an_admin_of_the_settings_stays_one_and_that_is_said(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await erase(settings, ALICE, sure=True) == 0
    assert "They stay an admin" not in capsys.readouterr().out
    assert await erase(settings, ADMIN, sure=True) == 0
    assert "They stay an admin: ADMIN_NUMBERS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome("1", failed="other keys"), "Nothing was erased: other keys"),
        (Outcome("1", rest="no room"), "Nothing was erased"),
        (Outcome("1", held=Holdings(1, 1, 0, 0, 0, 0, False), rest="no room"), "(no room): the service goes on trying"),
    ],
)
async def test_what_went_wrong_is_status_1(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
    told: str,
) -> None:
    async def ask(*_: object) -> Outcome:
        return outcome

    monkeypatch.setattr("bot.erase.ask", ask)
    assert await erase(settings, BOB, sure=True) == 1
    assert told in capsys.readouterr().err


async def text(running: Service, sender: Number, words: str) -> None:
    told = {
        "msisdn": sender.digits(),
        "to": LINE.digits(),
        "messageId": f"id-{len(words)}",
        "text": words,
        "type": "text",
    }
    async with aiohttp.ClientSession() as http, http.post(running.webhook("inbound-sms"), json=told) as answer:
        assert answer.status == 204


async def test_a_running_service_erases_somebody_and_exports_the_other(running: Service) -> None:
    await text(running, ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    await text(running, ALICE, "a canary sings")
    path = running.folder / "service.db"
    vault = Vault(KeyFile.beside(path).load(may_make=False))
    status, said, complaint = await running.command("erase", ALICE.e164(), "--yes")
    assert (status, complaint) == (0, "")
    assert "texts they wrote: 1" in said
    assert found(path, [vault.index(ALICE).encode(), ALICE.digits().encode(), b"canary"]) == set()
    status, shown, _ = await running.command("export", BOB.e164())
    assert status == 0
    assert "this chat has ended" in shown
    assert ALICE.digits() not in running.log
    assert "canary" not in running.log


async def test_beside_a_service_on_postgresql_the_command_does_it_and_the_service_goes_on(sharing: Service) -> None:
    await sharing.start()
    await text(sharing, ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()}")
    await text(sharing, ALICE, "a canary sings")
    status, said, complaint = await sharing.command("erase", ALICE.e164(), "--yes")
    assert (status, complaint) == (0, "")
    assert "texts they wrote: 1" in said
    status, shown, _ = await sharing.command("export", BOB.e164())
    assert (status, "this chat has ended" in shown, "canary" in shown) == (0, True, False)
    assert (await sharing.command("erase", ALICE.e164(), "--yes"))[0] == 1
    await text(sharing, ADMIN, f"PAIR {ALICE.e164()} {BOB.e164()} AS again")
    assert "started" in sharing.log


def test_an_erasure_of_which_nobody_knows_is_not_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object, **__: object) -> int:
        raise InDoubt("the connection is gone")

    monkeypatch.chdir(tmp_path)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bot.erase.erase", lost)
    assert run(Namespace(number=CAROL.e164(), yes=True)) == 1
    assert capsys.readouterr().err.startswith("Whether they were erased is not known")


def test_no_number_and_wrong_settings_are_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Namespace(number=ALICE.e164(), yes=True)) == 2
    for name, value in (GOOD | {"DATABASE_URL": f"sqlite:///{tmp_path / 'sms.db'}"}).items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert run(Namespace(number="0123", yes=True)) == 2
    assert capsys.readouterr().err == "'012•' is no telephone number\n"
    assert run(Namespace(number=CAROL.e164(), yes=True)) == 1
    assert capsys.readouterr().err.startswith("Nothing was erased: there is no database")
