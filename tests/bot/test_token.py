"""Tokens from the command line, beside a service that runs and one that does not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.bot.test_main import environ
from tests.process import API_TOKEN, Service, run


def token(folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    settings = environ({"DATABASE_URL": f"sqlite:///{folder / 'service.db'}", **changes})
    return run(["bot", "token", *words], folder, settings)


def given_out(folder: Path, name: str) -> str:
    done = token(folder, "add", name)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_new_token_is_all_that_is_printed_so_that_it_can_be_piped(tmp_path: Path) -> None:
    done = token(tmp_path, "add", "dispatch")
    assert re.fullmatch(r"psms_[\w-]{43}\n", done.stdout)
    assert "shown this once" in done.stderr
    assert done.stdout.strip() not in (tmp_path / "service.db.tokens").read_text()


def test_tokens_are_listed_by_name_and_without_a_secret(tmp_path: Path) -> None:
    assert "There are none" in token(tmp_path, "list").stdout
    new = given_out(tmp_path, "dispatch")
    listed = token(tmp_path, "list").stdout
    assert re.fullmatch(r"dispatch +since \d{4}-\d\d-\d\d  last used never\n", listed)
    assert new not in listed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "two words"], "1 to 40 characters"),
        (["remove", "nobody"], "no token called nobody"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_1(tmp_path: Path, words: list[str], told: str) -> None:
    done = token(tmp_path, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Nothing was changed: ")
    assert told in done.stderr


def test_wrong_settings_are_status_2(tmp_path: Path) -> None:
    assert token(tmp_path, "list", PORT="x").returncode == 2


def test_without_a_word_what_there_is_is_told(tmp_path: Path) -> None:
    done = token(tmp_path)
    assert done.returncode == 2
    assert "add | list | remove" in done.stderr


async def status(service: Service, given: str) -> int:
    headers = {"Authorization": f"Bearer {given}"}
    async with aiohttp.ClientSession() as http, http.get(f"{service.url}/chats", headers=headers) as answer:
        return answer.status


async def test_a_running_service_takes_a_new_token_and_refuses_a_removed_one(tmp_path: Path) -> None:
    service = Service(tmp_path, settings={"API_TOKEN": ""})
    await service.start()
    try:
        assert await status(service, API_TOKEN) == 403
        one, other = given_out(tmp_path, "one"), given_out(tmp_path, "other")
        assert (await status(service, one), await status(service, other)) == (200, 200)
        assert await status(service, API_TOKEN) == 401
        assert len(re.findall(r"last used \d{4}-\d\d-\d\d \d\d:00$", token(tmp_path, "list").stdout, re.MULTILINE)) == 2
        assert token(tmp_path, "remove", "one").returncode == 0
        assert (await status(service, one), await status(service, other)) == (401, 200)
        token(tmp_path, "remove", "other")
        assert await status(service, other) == 403
    finally:
        await service.end()
    assert one not in service.log
    assert one.encode() not in (tmp_path / "service.db").read_bytes()


async def test_with_postgresql_the_tokens_are_in_a_file_and_when_they_were_used_is_in_the_database(
    sharing: Service,
) -> None:
    sharing.settings["API_TOKEN"] = ""
    _, given, _ = await sharing.command("token", "add", "one")
    assert (sharing.folder / "private-sms.db.tokens").exists()
    await sharing.start()
    assert await status(sharing, given.strip()) == 200
    assert re.search(r"last used \d{4}-\d\d-\d\d \d\d:00$", (await sharing.command("token", "list"))[1].strip())
    sharing.settings["DATABASE_URL"] = "postgresql://me:canary@localhost:1/sms"
    code, listed, told = await sharing.command("token", "list")
    assert (code, listed.strip()[-17:]) == (0, "last used unknown")
    assert told.startswith("When they were used cannot be told")
    assert "canary" not in told
