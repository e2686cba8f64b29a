"""Settings: where they come from, and what is told when they are wrong."""

import json
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import SECRETS, BadSettings, Settings, likely_typos, read_settings
from commands.durations import MINUTE
from storage import keys
from storage.number import Number
from tests.owner import ADMIN, GOOD, LINE, NOWHERE, fault, faults, read


def test_what_is_needed_is_enough() -> None:
    settings = read()
    assert settings.vonage_number == (LINE,)
    assert settings.admin_numbers == (ADMIN,)
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.doubt_after == 2 * MINUTE
    assert settings.database_path == Path("private-sms.db")


def test_all_that_is_needed_is_asked_for_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({}, NOWHERE)
    assert [each.split()[0] for each in caught.value.faults] == list(GOOD)
    assert all("is not set" in each for each in caught.value.faults)


WRONG = {
    "VONAGE_API_KEY": "two words",
    "VONAGE_NUMBER": "+44 7700",
    "ADMIN_NUMBERS": "+447700900002,PRIVATE",
    "ADMIN_CODES": "some",
    "ADMIN_TOTP_SECRETS": "+447700900002=short",
    "ADMIN_NEWS": "loud",
    "DEFAULT_REGION": "Britain",
    "VONAGE_SIGNATURE_METHOD": "sha3",
    "ALLOW_UNSIGNED_WEBHOOKS": "perhaps",
    "WEBHOOK_TOKEN": "short",
    "VONAGE_REST_URL": "http://example.org",
    "VONAGE_API_URL": "ftp://127.0.0.1",
    "PUBLIC_URL": "sms.example.org",
    "API_TOKEN": "sixteen chars ok?",
    "DATABASE_URL": "mysql://localhost/sms",
    "HOST": "http://127.0.0.1",
    "PORT": "65536",
    "TRUSTED_PROXIES": "127.0.0.1,caddy",
    "CONNECTIONS_PER_ADDRESS": "-1",
    "SERVICE_NAME": "thirteen char",
    "TEXTS_LANGUAGE": "Klingon",
    "CHAT_TTL": "soon",
    "QUARANTINE": "0",
    "QUARANTINE_STRICT": "rather",
    "CHANGEOVER": "a moment",
    "ACCOUNT_RATE": "-1",
    "LINE_RATE": "inf",
    "SENDER_LIMIT": "1.5",
    "SENDER_DAILY": "-1",
    "STRANGER_LIMIT": "many",
    "ALLOWED_COUNTRIES": "GB,Britain",
    "LEAK_GUARD": "hide",
    "LEAK_GUARD_LINKS": "yes",
    "DAILY_TEXTS": "0.5",
    "DAILY_SPEND": "12 EUR",
    "RETAIN_TEXTS": "59m",
    "RETAIN_CHATS": "3d",
    "DOUBT_AFTER": "0s",
    "LOG_LEVEL": "LOUD",
    "LOG_FORMAT": "xml",
}


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_value_is_told_by_its_name_and_what_is_expected(name: str) -> None:
    told = fault(**{name: WRONG[name]})
    assert told.startswith(f"{name} ")
    assert str(Settings.model_fields[name.lower()].description) in told
    assert "\n" not in told


def test_all_faults_are_told_in_one_go() -> None:
    assert {each.split()[0] for each in faults(**WRONG)} == set(WRONG)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_no_secret_is_told_even_when_everything_else_is_wrong(name: str) -> None:
    told = "\n".join(faults(**WRONG | {name: "canary é"}))
    assert "canary" not in told
    assert GOOD["VONAGE_API_SECRET"] not in told


def test_the_secrets_are_these() -> None:
    assert {
        "VONAGE_API_SECRET",
        "VONAGE_SIGNATURE_SECRET",
        "WEBHOOK_TOKEN",
        "API_TOKEN",
        "ADMIN_TOTP_SECRETS",
        "DATA_KEY",
    } == SECRETS


def test_settings_made_by_hand_tell_no_secret_either() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(vonage_api_secret="canary", port="x")  # type: ignore[arg-type, call-arg]
    assert "canary" not in str(caught.value)


def test_the_original_error_does_not_trail_behind_the_faults() -> None:
    with pytest.raises(BadSettings) as caught:
        read(PORT="x")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "written", ["me:canary@localhost/sms", "me:x/canary@h/sms", "me:x@canary@h/sms", "h/sms?password=canary"]
)
def test_a_password_in_a_url_is_not_told(written: str) -> None:
    told = fault(DATABASE_URL=f"mysql://{written}")
    assert "canary" not in told
    assert "neither a SQLite file" in told


WAYS: dict[str, Callable[[Settings], object]] = {
    "repr": repr,
    "str": str,
    "a dump": lambda settings: settings.model_dump(),
    "a dump with other words for what JSON lacks": lambda settings: json.dumps(settings.model_dump(), default=str),
    "a copy": lambda settings: settings.model_copy(update={"port": 1}),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_whole_settings_show_neither_secret_nor_number(way: str) -> None:
    shown = str(WAYS[way](read(**OF_A_FORM)))
    assert "made-up" not in shown
    for hidden in (*OF_A_FORM.values(), GOOD["WEBHOOK_TOKEN"], AUTHENTICATOR[-32:], LINE.digits(), ADMIN.digits()):
        assert hidden not in shown


CLOSED: dict[str, Callable[[Settings], object]] = {
    "JSON": lambda settings: settings.model_dump_json(),
    "a dump for JSON": lambda settings: settings.model_dump(mode="json"),
    "a pickle": pickle.dumps,
}


@pytest.mark.parametrize("way", CLOSED)
def test_settings_leave_the_process_in_no_form(way: str) -> None:
    with pytest.raises((TypeError, ValueError), match="Number") as caught:
        CLOSED[way](read(**OF_A_FORM))
    assert ADMIN.digits() not in str(caught.value)


def test_an_empty_value_counts_as_unset() -> None:
    settings = read(CHAT_TTL="", LINE_RATE=" ", PORT="", API_TOKEN="")
    assert (settings.chat_ttl, settings.line_rate, settings.port, settings.api_token) == (None, None, 3000, None)


def test_the_usual_pace_depends_on_the_line() -> None:
    assert read().rate_of(LINE) == 30
    assert read().rate_of(Number("+12015550101")) == 1
    assert read(LINE_RATE="0").rate_of(Number("+12015550101")) == 0


def test_without_a_list_the_countries_are_those_of_lines_admins_and_region() -> None:
    assert read().countries == {"GB"}
    assert read(ADMIN_NUMBERS="+12015550123", DEFAULT_REGION="ie").countries == {"GB", "US", "IE"}
    assert read(ALLOWED_COUNTRIES="fr, de,", ADMIN_NUMBERS="+12015550123").countries == {"FR", "DE"}


def test_there_is_no_cap_unless_one_is_set() -> None:
    assert (read().daily_texts, read().daily_spend) == (0, Decimal(0))
    assert str(read(DAILY_SPEND="12.50").daily_spend) == "12.50"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        read().port = 1


def test_nothing_is_read_behind_our_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    assert read().port == 3000


@pytest.fixture
def env_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / ".env"
        path.write_text(text, "utf-8")
        return path

    return write


def test_the_environment_counts_before_the_file(env_file: Callable[[str], Path]) -> None:
    settings = read_settings(GOOD, env_file("PORT=4000\nHOST=::1\nVONAGE_API_KEY=other\n"))
    assert (settings.port, settings.host, settings.vonage_api_key) == (4000, "::1", "abcd1234")


def test_the_file_may_begin_as_windows_editors_write_it(env_file: Callable[[str], Path]) -> None:
    assert read_settings(GOOD, env_file("\ufeffPORT=4000\r\n")).port == 4000


def test_a_dollar_in_a_secret_stays_what_it_is(env_file: Callable[[str], Path]) -> None:
    rest = {name: held for name, held in GOOD.items() if name != "VONAGE_API_SECRET"}
    settings = read_settings(rest, env_file("VONAGE_API_SECRET=a${HOME}b\n"))
    assert settings.vonage_api_secret.get_secret_value() == "a${HOME}b"


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(BadSettings, match="not UTF-8"):
        read_settings(GOOD, tmp_path / ".env")


AUTHENTICATOR = f"{ADMIN.e164()}=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


OF_A_FORM = {"ADMIN_TOTP_SECRETS": AUTHENTICATOR, "DATA_KEY": keys.new()}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_each_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    held = OF_A_FORM.get(name, "from-a-file-0123456789")
    (tmp_path / "secret").write_text(f"{held}\n")
    rest = {key: held for key, held in GOOD.items() if key != name}
    settings = read_settings(rest | {f"{name}_FILE": str(tmp_path / "secret")}, NOWHERE)
    assert getattr(settings, name.lower()).get_secret_value() == held


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file-0123456789")
    assert "WEBHOOK_TOKEN is set too" in fault(WEBHOOK_TOKEN_FILE=str(tmp_path / "secret"))


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"\n", "empty"), (b"\xff", "not UTF-8")])
def test_a_secret_file_that_gives_none_is_told_once(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    told = fault(WEBHOOK_TOKEN="", WEBHOOK_TOKEN_FILE=str(path))
    assert told.startswith("WEBHOOK_TOKEN_FILE holds")
    assert reason in told


def test_an_unreadable_signature_secret_is_not_told_as_unprotected_webhooks() -> None:
    assert fault(WEBHOOK_TOKEN="", VONAGE_SIGNATURE_SECRET_FILE="/no/such").startswith("VONAGE_SIGNATURE_SECRET_FILE")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("VONAGE_NUMBERS", "VONAGE_NUMBER"),
        ("VONAGE_VIRTUAL_NUMBER", "VONAGE_NUMBER"),
        ("ADMIN_NUMBER", "ADMIN_NUMBERS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("API_TOKEN_FILES", "API_TOKEN_FILE"),
    ],
)
def test_a_name_that_looks_like_a_typing_error_is_told(written: str, meant: str) -> None:
    assert likely_typos({written: "x"}, NOWHERE) == [f"{written} is no setting; did you mean {meant}?"]


@pytest.mark.parametrize("name", ["PATH", "HOSTNAME", "LOGNAME", "VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY", *GOOD])
def test_other_names_are_left_alone(name: str) -> None:
    assert likely_typos({name: "x"}, NOWHERE) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"RETAIN_TEXTS": "100d"}, "longer than whose they are"),
        ({"QUARANTINE": "100d"}, "QUARANTINE is longer"),
        ({"RETAIN_TEXTS": "1h", "RETAIN_CHATS": "95h"}, "four days late"),
    ],
)
def test_who_was_with_whom_is_kept_as_long_as_it_is_needed(changes: dict[str, str], why: str) -> None:
    told = fault(**changes | {"RETAIN_CHATS": changes.get("RETAIN_CHATS", "90d")})
    assert told.startswith("RETAIN_CHATS holds ")
    assert why in told


EXAMPLE = Path(__file__).parents[2] / "example.env"


def test_the_example_names_every_setting_once_with_its_default() -> None:
    written = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))
    assert set(written) == {name.upper() for name in Settings.model_fields}
    needed = {name: held for name, held in GOOD.items() if not written[name]}
    assert needed == GOOD
    assert read_settings(written | needed, NOWHERE) == read()


def test_each_setting_of_the_example_has_a_comment_above() -> None:
    blocks = EXAMPLE.read_text("utf-8").split("\n\n")
    assert all(block.startswith("#") for block in blocks)


def test_the_example_filled_in_works(env_file: Callable[[str], Path]) -> None:
    filled = EXAMPLE.read_text("utf-8")
    for name, held in GOOD.items():
        filled = filled.replace(f"\n{name}=\n", f"\n{name}={held}\n")
    assert read_settings({}, env_file(filled)) == read()
