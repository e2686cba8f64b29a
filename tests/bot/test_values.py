"""What a setting may hold: how people write it, and what is refused."""

import re

import pytest

from commands.durations import HOUR
from storage.number import Number
from tests.owner import ADMIN, LINE, fault, read


def test_a_number_with_a_fault_is_told_masked() -> None:
    told = fault(ADMIN_NUMBERS="07700 900002")
    assert "900002" not in re.sub(r"\D", "", told)
    assert "'077•• ••••••' is no telephone number" in told


@pytest.mark.parametrize(
    "written", ["447700900001", "+44 7700 900-001", " +44 (7700) 900001 ,", "447700900001,+447700900001"]
)
def test_a_number_may_be_written_as_people_and_dashboards_do(written: str) -> None:
    assert read(VONAGE_NUMBER=written).vonage_number == (LINE,)


def test_several_lines_keep_their_order() -> None:
    lines = read(VONAGE_NUMBER="+12015550102, 447700900001").vonage_number
    assert lines == (Number("+12015550102"), LINE)


def test_the_country_helps_with_a_number_without_its_code() -> None:
    assert read(ADMIN_NUMBERS="07700 900002", DEFAULT_REGION="gb").admin_numbers == (ADMIN,)


def test_a_number_that_reads_in_two_ways_is_refused() -> None:
    # Egypt with its code, or New Jersey without
    assert "two ways" in fault(ADMIN_NUMBERS="2015550101", DEFAULT_REGION="US")


def test_commas_alone_are_no_numbers() -> None:
    assert "no number in it" in fault(ADMIN_NUMBERS=" , ")


def test_a_line_of_ours_cannot_be_an_admin() -> None:
    assert "in VONAGE_NUMBER too" in fault(ADMIN_NUMBERS=f"{ADMIN.e164()},{LINE.digits()}")


BASE32 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_each_admin_may_have_an_authenticator() -> None:
    held = f"{ADMIN.digits()}={BASE32[:4]} {BASE32[4:]}, +447700900003={BASE32.lower()},"
    assert read(ADMIN_TOTP_SECRETS=held).authenticators == {ADMIN: BASE32, Number("+447700900003"): BASE32.lower()}
    assert read().authenticators == {}


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (" , ", "there is no pair in it"),
        (ADMIN.e164(), "the secret of pair 1 is no base32"),
        (f"{ADMIN.e164()}={BASE32[:20]}", "the secret of pair 1 is no base32 of at least 24 letters"),
        (f"{ADMIN.e164()}={BASE32},+447700900003={BASE32[:-1]}1", "the secret of pair 2 is no base32"),
        (f"{BASE32}={BASE32}", "the number of pair 1 is no telephone number"),
        (f"{ADMIN.e164()}={BASE32},{ADMIN.digits()}={BASE32}", "is there twice"),
    ],
)
def test_a_wrong_authenticator_is_told_without_its_secret(held: str, told: str) -> None:
    said = fault(ADMIN_TOTP_SECRETS=held)
    assert told in said
    assert "JBSW" not in said
    assert "900002" not in said


def test_unprotected_webhooks_are_refused_with_a_line_that_mends_it() -> None:
    told = fault(WEBHOOK_TOKEN="")
    suggested = re.search(r"WEBHOOK_TOKEN=(\S+)", told)
    assert suggested is not None
    assert read(WEBHOOK_TOKEN=suggested[1]).webhook_token is not None


@pytest.mark.parametrize("way", [{"VONAGE_SIGNATURE_SECRET": "made-up"}, {"ALLOW_UNSIGNED_WEBHOOKS": "true"}])
def test_a_signature_or_an_explicit_yes_does_instead_of_a_token(way: dict[str, str]) -> None:
    assert read(WEBHOOK_TOKEN="", **way).webhook_token is None


def test_proxies_are_addresses_and_networks() -> None:
    proxies = read(TRUSTED_PROXIES="127.0.0.1, 10.1.2.3/8 ,2001:db8::/32,").trusted_proxies
    assert [str(each) for each in proxies] == ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]
    assert read().trusted_proxies == ()


@pytest.mark.parametrize("written", ["caddy", "10.0.0.0/33", "127.0.0.1 10.0.0.1", "0.0.0.0/0", "::/0"])
def test_names_and_the_whole_world_are_no_proxies(written: str) -> None:
    assert fault(TRUSTED_PROXIES=written)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"])
def test_plain_http_to_vonage_is_for_this_machine(host: str) -> None:
    assert read(VONAGE_REST_URL=f"http://{host}:3001/").vonage_rest_url == f"http://{host}:3001"


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"])
def test_plain_http_to_anywhere_else_is_not(host: str) -> None:
    assert "plain http" in fault(VONAGE_REST_URL=f"http://{host}")


def test_lengths_of_time_are_written_as_people_do() -> None:
    assert read(CHAT_TTL="12h").chat_ttl == 12 * HOUR


def test_the_names_of_choices_may_be_written_in_any_case() -> None:
    settings = read(LOG_LEVEL="debug", LOG_FORMAT="JSON", VONAGE_SIGNATURE_METHOD="SHA256")
    assert (settings.log_level, settings.log_format, settings.vonage_signature_method) == ("DEBUG", "json", "sha256")


@pytest.mark.parametrize("written", [",", "GB IE", "001", "GBR"])
def test_what_is_no_list_of_countries_is_refused(written: str) -> None:
    assert fault(ALLOWED_COUNTRIES=written).startswith("ALLOWED_COUNTRIES holds")


@pytest.mark.parametrize("written", ["-1", "NaN", "Infinity", "1e12", "0.000000001", "1,50"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    assert fault(DAILY_SPEND=written).startswith("DAILY_SPEND holds")


def test_a_service_name_counts_in_septets() -> None:
    assert read(SERVICE_NAME="Taxi €€€").service_name == "Taxi €€€"
    assert fault(SERVICE_NAME="Taxi €€€€")
    assert fault(SERVICE_NAME="Taxi ’n")


@pytest.mark.parametrize(
    "written",
    [
        "https://",
        "https://:443",
        "https://a:99999",
        "https://a:0",
        "https://[::1",
        "https://u:p@a",
        "https://a/?b",
        "a",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    assert fault(PUBLIC_URL=written).startswith("PUBLIC_URL holds")


def test_an_address_may_have_a_path_and_loses_its_last_slash() -> None:
    assert read(PUBLIC_URL="https://example.org/sms/").public_url == "https://example.org/sms"


@pytest.mark.parametrize("written", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "private-sms.db", "mysql://h/d"])
def test_what_is_no_database_is_refused(written: str) -> None:
    assert fault(DATABASE_URL=written).startswith("DATABASE_URL holds")


def test_a_postgresql_needs_its_key_named_for_there_is_no_file_beside_it() -> None:
    told = fault(DATABASE_URL="postgresql://sms:secret@db.example.org/sms")
    assert told.startswith("DATA_KEY is not set")
    key = told.split("DATA_KEY=")[1].split(" ")[0]
    assert read(DATABASE_URL="postgresql://sms@db.example.org/sms", DATA_KEY=key).on_postgres


def test_a_database_may_lie_anywhere() -> None:
    assert str(read(DATABASE_URL="sqlite:////var/lib/sms.db").database_path) == "/var/lib/sms.db"
