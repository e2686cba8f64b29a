"""`check`: a line for each thing that is right, risky or wrong, and what to do about it."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from bot.check import findings, tell
from bot.emulator.profile import Profile
from bot.findings import Finding, Verdict
from bot.server import listen
from storage import tokens
from storage.keys import new
from storage.sqlite import SQLite
from tests.emulation import StartEmulator
from tests.owner import ADMIN, GOOD, LINE, NOWHERE


class Checked:
    def __init__(self, found: list[Finding]) -> None:
        self.found = found

    def of(self, about: str) -> list[str]:
        return [f"{each.verdict} {each.says}" for each in self.found if each.about == about]

    @property
    def problems(self) -> list[str]:
        return [str(each) for each in self.found if each.verdict is Verdict.PROBLEM]

    def says(self, words: str) -> str:
        """The verdict of the one finding with these words."""
        (verdict,) = [each.verdict for each in self.found if words in each.says]
        return verdict


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return GOOD | {"DATABASE_URL": f"sqlite:///{tmp_path / 'sms.db'}", "PORT": "0"}


async def check(environ: dict[str, str], *, offline: bool = True) -> Checked:
    return Checked([each async for each in findings(environ, NOWHERE, offline=offline)])


async def test_good_settings_have_no_problem(environ: dict[str, str]) -> None:
    assert (await check(environ)).problems == []


async def test_how_long_what_is_kept_is_told(environ: dict[str, str]) -> None:
    [told] = (await check(environ | {"RETAIN_TEXTS": "7d"})).of("retention")
    assert told == "ok words are kept 7d, who was in touch with whom 90d; delete backups after as long"


async def test_an_admin_with_an_authenticator_is_told_as_one(environ: dict[str, str]) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    found = await check(environ | {"ADMIN_TOTP_SECRETS": f"{environ['ADMIN_NUMBERS']}={secret}"})
    assert "with an authenticator" in found.of("admin")[0]
    assert secret not in str(found.found)


async def test_each_wrong_setting_is_a_problem_and_ends_the_check(environ: dict[str, str]) -> None:
    checked = await check(environ | {"PORT": "x", "CHAT_TTL": "y"})
    assert [each.verdict for each in checked.found] == ["problem", "problem"]


async def test_a_likely_typing_error_is_a_warning(environ: dict[str, str]) -> None:
    assert (await check(environ | {"CHAT_TTLS": "7d"})).says("did you mean CHAT_TTL?") == "warning"


async def test_who_may_use_the_api_is_told_and_a_damaged_file_of_tokens_is_a_problem(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert (await check(environ)).says("closed: API_TOKEN is not set, and no token was added") == "ok"
    file = tokens.beside(tmp_path / "sms.db")
    tokens.add(file, "dispatch", 1)
    assert (await check(environ | {"API_TOKEN": "0123456789abcdef"})).says(
        "1 tokens with names and to API_TOKEN"
    ) == "ok"
    file.write_text("[")
    assert (await check(environ)).says("mend it or move it away") == "problem"


async def test_a_proxy_that_nobody_named_is_warned_of(environ: dict[str, str]) -> None:
    public = environ | {"PUBLIC_URL": "https://sms.example.org"}
    assert (await check(public)).says("TRUSTED_PROXIES is not set") == "warning"
    named = await check(public | {"TRUSTED_PROXIES": "127.0.0.1"})
    assert not [each for each in named.found if "TRUSTED_PROXIES" in each.says]


async def test_numbers_are_shown_masked_with_their_country(environ: dict[str, str]) -> None:
    checked = await check(environ)
    assert checked.of("line") == [
        "warning +44•••••••001 (GB), 30 texts a second: not in that country's plan; is the country code right?"
    ]
    assert not any(LINE.digits() in str(each) or ADMIN.digits() in str(each) for each in checked.found)


async def test_unprotected_webhooks_are_a_warning(environ: dict[str, str]) -> None:
    checked = await check(environ | {"WEBHOOK_TOKEN": "", "ALLOW_UNSIGNED_WEBHOOKS": "true"})
    assert checked.says("anybody's name") == "warning"


async def test_the_webhook_addresses_are_shown_whole_to_be_copied(environ: dict[str, str]) -> None:
    checked = await check(environ | {"PUBLIC_URL": "https://sms.example.org/"})
    for event in ("inbound-sms", "delivery-receipt"):
        assert checked.says(f"https://sms.example.org/webhooks/{event}/{GOOD['WEBHOOK_TOKEN']}") == "ok"


async def test_the_account_and_api_secrets_are_not_shown(environ: dict[str, str]) -> None:
    checked = await check(environ | {"API_TOKEN": "canary-canary-canary", "VONAGE_SIGNATURE_SECRET": "canary"})
    told = "\n".join(map(str, checked.found))
    assert "canary" not in told
    assert GOOD["VONAGE_API_SECRET"] not in told


async def test_a_public_address_without_tls_is_a_warning(environ: dict[str, str]) -> None:
    assert (await check(environ | {"PUBLIC_URL": "http://sms.example.org"})).says("is not https") == "warning"


async def test_listening_to_the_network_is_a_warning(environ: dict[str, str]) -> None:
    assert (await check(environ | {"HOST": "0.0.0.0"})).says("without TLS") == "warning"  # noqa: S104


async def test_a_port_of_somebody_else_is_a_problem(environ: dict[str, str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        checked = await check(environ | {"PORT": str(taken.getsockname()[1])})
    assert checked.says("address already in use") == "problem"


async def test_a_running_service_is_fine_with_its_port_and_database(environ: dict[str, str], tmp_path: Path) -> None:
    engine = await SQLite.open(tmp_path / "sms.db")
    try:
        with listen("127.0.0.1", 0) as taken:
            checked = await check(environ | {"PORT": str(taken.getsockname()[1])})
    finally:
        await engine.close()
    assert checked.problems == []
    assert checked.says("the service is running") == "ok"


async def test_looking_makes_no_database(environ: dict[str, str], tmp_path: Path) -> None:
    assert (await check(environ)).says("will be made at the first start") == "ok"
    assert os.listdir(tmp_path) == []


async def test_a_database_of_a_newer_version_is_a_problem(environ: dict[str, str], tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sms.db")) as newer:
        newer.execute("PRAGMA user_version = 999")
    assert (await check(environ)).says("newer version (schema 999)") == "problem"


async def test_the_keys_are_to_be_copied_apart(environ: dict[str, str], tmp_path: Path) -> None:
    assert (await check(environ)).says("copy it then, apart from the backups") == "ok"
    await (await SQLite.open(tmp_path / "sms.db")).close()
    assert (await check(environ)).says("1 in ") == "ok"
    assert (await check(environ | {"DATA_KEY": new()})).says("from DATA_KEY") == "ok"


async def test_keys_that_others_can_read_are_a_warning(environ: dict[str, str], tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "sms.db")).close()
    (tmp_path / "sms.db.key").chmod(0o644)
    assert (await check(environ)).says("can be read by others") == "warning"


async def test_missing_and_broken_keys_are_a_problem(environ: dict[str, str], tmp_path: Path) -> None:
    await (await SQLite.open(tmp_path / "sms.db")).close()
    (tmp_path / "sms.db.key").write_text("oh no")
    assert (await check(environ)).says("cannot be understood") == "problem"
    (tmp_path / "sms.db.key").unlink()
    assert (await check(environ)).says("nobody can read the database: put it back") == "problem"


async def test_only_a_problem_makes_it_fail(capsys: pytest.CaptureFixture[str]) -> None:
    async def one(verdict: Verdict) -> int:
        async def found() -> AsyncIterator[Finding]:
            yield Finding(verdict, "about", "says")

        return await tell(found())

    assert [await one(verdict) for verdict in Verdict] == [0, 0, 1]
    assert capsys.readouterr().out.splitlines()[-1] == "problem  about     says"


HERE = "https://sms.example.org"
INBOUND = f"{HERE}/webhooks/inbound-sms/{GOOD['WEBHOOK_TOKEN']}"


async def checked_account(
    emulator: StartEmulator, environ: dict[str, str], public: str = HERE, **profile: object
) -> Checked:
    options = {"key": GOOD["VONAGE_API_KEY"], "secret": GOOD["VONAGE_API_SECRET"], "lines": (LINE.e164(),), **profile}
    url = (await emulator(Profile(**options))).url  # type: ignore[arg-type]
    return await check(environ | {"VONAGE_REST_URL": url, "PUBLIC_URL": public}, offline=False)


async def test_an_account_that_points_here_is_fine(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, inbound_url=INBOUND)
    assert checked.of("account") == ["ok 1000.00 EUR left", "ok +44•••••••001 sends its texts here"]


async def test_without_a_public_address_the_path_is_compared(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, public="", inbound_url=INBOUND)
    assert checked.says("sends its texts here") == "ok"


async def test_a_number_that_points_elsewhere_is_a_warning(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, inbound_url="https://other.example.org/hook/canary")
    assert checked.says("to another address at other.example.org") == "warning"
    assert not any("canary" in str(each) for each in checked.found)


async def test_a_number_without_a_webhook_is_a_warning(emulator: StartEmulator, environ: dict[str, str]) -> None:
    assert (await checked_account(emulator, environ)).says("has no webhook of its own") == "warning"


async def test_a_number_of_somebody_else_is_a_problem(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, lines=("+447700900009",))
    assert checked.says("no number of this account") == "problem"


async def test_an_empty_purse_is_a_warning(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, balance=Decimal("0.5"))
    assert checked.says("0.50 EUR left") == "warning"


async def test_wrong_credentials_are_a_problem(emulator: StartEmulator, environ: dict[str, str]) -> None:
    checked = await checked_account(emulator, environ, secret="another")
    assert checked.says("compare VONAGE_API_KEY") == "problem"


async def test_a_vonage_that_does_not_answer_is_a_problem(environ: dict[str, str]) -> None:
    with listen("127.0.0.1", 0) as closed:
        port = closed.getsockname()[1]
    checked = await check(environ | {"VONAGE_REST_URL": f"http://127.0.0.1:{port}"}, offline=False)
    assert checked.says("cannot be asked") == "problem"
