"""`export`: all that is held about one person and nothing of the other, in a shape that stays, and noted in the log."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from bot.app import engine_of, reading_of
from bot.asking import NotDone
from bot.export import export, run
from bot.settings import Settings
from storage import admins, blocks, chats, errands, inbox, outbox, people
from storage.errands import Outcome
from storage.inbox import Kept
from storage.model import Part, Seat
from storage.number import Number
from tests.owner import GOOD
from tests.people import ADMIN, ALICE, BOB, CAROL, DAVE, LINE, NOON, inbound, relay

AT = "2026-09-21T14:13:20.000Z"
SENT = {"at": AT, "line": LINE.e164(), "kind": "relay", "chat": 1, "state": "queued"}


@pytest.fixture
async def settings(either: Settings) -> Settings:
    """Alice and Bob have texted each other in a chat that has a label."""
    engine = engine_of(either)
    await engine.start()
    async with engine.transaction() as tx:
        a, b = Seat(ALICE, LINE), Seat(BOB, LINE)
        await chats.open_chat(tx, a=a, b=b, label="job7", opened_by="api", now=NOON, expires_at=None)
        texts = [relay(ALICE, BOB, "hello \ud83d", chat=1), relay(BOB, ALICE, "and hello", chat=1)]
        await outbox.enqueue(tx, [(text, f"r{place}") for place, text in enumerate(texts)], NOON)
        await inbox.keep(tx, [Kept(inbound(ALICE, "too much"), "over the day's limit", 1)])
        await inbox.gather(tx, inbound(ALICE, "a part", part=Part("7", 2, 1)))
        await tx.run("UPDATE outbound SET text = NULL WHERE client_ref = 'r1'")
        await people.opt_out(tx, CAROL, source="text", now=NOON)
        await admins.add(tx, CAROL, by=ADMIN, now=NOON)
        await blocks.block(tx, CAROL, by=ADMIN, until=blocks.FOR_EVER, now=NOON)
        await tx.run("INSERT INTO language (number, language, at) VALUES ($1, 'es', $2)", tx.vault.index(CAROL), NOON)
    await engine.close()
    return either


async def exported(settings: Settings, number: Number, capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    assert await export(settings, number, None) == 0
    held: dict[str, Any] = json.loads(capsysbinary.readouterr().out)
    return held


async def test_this_is_the_shape_and_it_stays(settings: Settings, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    held = await exported(settings, ALICE, capsysbinary)
    assert held.pop("exported_at").endswith("Z")
    assert held == {
        "format": 1,
        "number": ALICE.e164(),
        "opted_out": None,
        "blocked": None,
        "admin": None,
        "language": None,
        "chats": [
            {
                "id": 1, "label": "job7", "side": "A", "line": LINE.e164(), "texts": 0, "opened_at": AT,
                "closed_at": None, "last_text_at": None,
            }
        ],
        "texts_written": [SENT | {"words": "hello \ud83d", "words_removed": False}],
        "texts_received": [SENT | {"words": None, "words_removed": True}],
        "texts_kept": [
            {"at": AT, "line": LINE.e164(), "words": "too much", "why": "over the day's limit", "chat": 1}
        ],
        "parts_waiting": [{"at": AT, "line": LINE.e164(), "words": "a part"}],
    }  # fmt: skip


async def test_what_is_noted_of_a_person_is_in_it(
    settings: Settings, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    held = await exported(settings, CAROL, capsysbinary)
    assert held["opted_out"] == {"since": AT, "by": "text"}
    assert held["blocked"] == {"since": AT, "until": None}
    assert held["admin"] == {"by": "text", "since": AT}
    assert held["language"] == {"is": "es", "since": AT}
    assert (await exported(settings, ADMIN, capsysbinary))["admin"] == {"by": "settings", "since": None}


async def test_the_others_number_is_not_in_it(settings: Settings, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    held = json.dumps(await exported(settings, ALICE, capsysbinary))
    assert ALICE.digits() in held
    assert BOB.digits() not in held
    assert BOB.tail[1:] not in held


async def test_a_file_is_for_nobody_else_to_read_and_never_in_anothers_place(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "alice.json"
    assert await export(settings, ALICE, file) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_bytes())["number"] == ALICE.e164()
    with pytest.raises(FileExistsError):  # made between the look and the writing
        await export(settings, ALICE, file)


async def test_it_is_in_the_audit_log_without_saying_about_whom(settings: Settings, tmp_path: Path) -> None:
    await export(settings, ALICE, tmp_path / "alice.json")
    async with reading_of(settings) as here:
        assert await here.rows("SELECT who, what, whom FROM audit") == [("command line", "a person was exported", None)]


async def test_what_cannot_be_noted_is_not_handed_out(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object) -> Outcome:
        return Outcome("1", failed="other keys")

    monkeypatch.setattr("bot.export.ask", ask)
    with pytest.raises(NotDone, match="other keys"):
        await export(settings, ALICE, tmp_path / "alice.json")
    assert not (tmp_path / "alice.json").exists()


async def test_about_whom_nothing_is_held_there_is_no_file_and_no_entry(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await export(settings, DAVE, tmp_path / "dave.json") == 1
    assert capsys.readouterr().err == "Nothing is held about +44•••••••004.\n"
    assert not (tmp_path / "dave.json").exists()
    assert errands.find(errands.beside(settings.database_path)) is None


def test_no_number_and_wrong_settings_are_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Namespace(number=ALICE.e164(), file=None)) == 2
    for name, value in (GOOD | {"DATABASE_URL": f"sqlite:///{tmp_path / 'sms.db'}"}).items():
        monkeypatch.setenv(name, value)
    assert run(Namespace(number="0123", file=None)) == 2
    capsys.readouterr()
    assert run(Namespace(number=CAROL.e164(), file=None)) == 1
    assert "there is no database" in capsys.readouterr().err
    assert run(Namespace(number=CAROL.e164(), file=tmp_path)) == 1
    assert "exists already" in capsys.readouterr().err
