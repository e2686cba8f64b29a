"""What deploy/ and the Dockerfile say agrees with the service, and with the tools that read it."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from starlette.routing import Route

from bot import server, service
from bot.app import create_app
from bot.settings import SECRETS, Settings, likely_typos, read_settings
from storage.keys import new
from tests.owner import read
from tests.people import ADMIN, ALICE, LINE
from tests.process import TOKEN, Service, free_port

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNIT, CADDYFILE, COMPOSE = DEPLOY / "private-sms.service", DEPLOY / "Caddyfile", DEPLOY / "compose.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
# What is in flight, then the sends under way, then what was taken; and some for the database to answer a goodbye.
LONGEST_STOP = server.GRACE + 2 * service.GRACE + 10
MOST_EXPOSURE = 15  # tenths, as systemd-analyze counts from 0 (shut in) to 100
OF_OTHERS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS", "DOMAIN"}  # of PostgreSQL's and Caddy's images
PATH = f"{os.environ['PATH']}:/usr/sbin"


def tool(name: str) -> str:
    """Its path. Where it is missing: a failure in CI, else a loud skip."""
    found = shutil.which(name, path=PATH)
    if found is None:
        told = f"NOT TESTED: what {name} says of deploy/. It is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return found


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    """Those of ours."""
    return {name: each for name, each in compose()["services"].items() if "build" in each}


def seconds(written: str) -> float:
    return float(re.fullmatch(r"(\d+)s?", written)[1])  # type: ignore[index]


def directive(name: str) -> str:
    """Its value in the Caddyfile."""
    found = re.search(rf"^\s*{name} (.+)$", CADDYFILE.read_text("utf-8"), re.MULTILINE)
    assert found is not None, name
    return found[1]


# --- systemd ------------------------------------------------------------------------------------------------------


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """With a program that is there: where the real one will be, nothing is on this machine."""
    written = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text("utf-8"))
    (tmp_path / UNIT.name).write_text(written)
    return tmp_path / UNIT.name


def analyzed(*words: str | Path) -> tuple[int, str]:
    done = subprocess.run([tool("systemd-analyze"), *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_systemd_understands_every_line_of_the_unit(unit: Path) -> None:
    status, said = analyzed("verify", unit)
    assert (status, said) == (0, "")


def test_a_line_that_systemd_does_not_understand_is_seen(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHoms="))
    assert "ProtectHoms" in analyzed("verify", unit)[1]


def test_the_unit_shuts_the_service_in(unit: Path) -> None:
    status, said = analyzed("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}", unit)
    assert status == 0, said


def test_a_unit_without_its_hardening_is_over_the_threshold(unit: Path) -> None:
    unit.write_text(re.sub(r"(?m)^(SystemCallFilter|CapabilityBoundingSet|Protect\w+)=.*\n", "", unit.read_text()))
    status, _ = analyzed("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}", unit)
    assert status == 1


def test_systemd_waits_longer_than_an_orderly_stop_takes() -> None:
    found = re.search(r"(?m)^TimeoutStopSec=(\d+)$", UNIT.read_text("utf-8"))
    assert found is not None
    assert int(found[1]) >= LONGEST_STOP


# --- Docker -------------------------------------------------------------------------------------------------------


def test_the_image_is_built_of_what_is_let_through_to_it_and_no_more() -> None:
    words = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    copied = {each for line in words for each in line}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert [each for each in copied if not (ROOT / each).exists()] == []


def test_the_image_is_pinned_runs_as_nobody_in_particular_and_keeps_no_installer() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", each) for each in bases)
    assert "--constraint constraints.txt" in DOCKERFILE
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"(?m)^USER (?!root)\w", last)
    assert "pip uninstall" in last
    assert "STOPSIGNAL SIGTERM" in last


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Service]:
    running = Service(tmp_path)
    await running.start()
    yield running
    await running.end()


async def test_the_images_check_of_its_health_tells_a_living_service_from_none(running: Service) -> None:
    found = re.search(r"HEALTHCHECK .*\\\n\s*CMD (\[.*\])", DOCKERFILE)
    assert found is not None
    program, *words = json.loads(found[1])
    assert program == "python"
    for port, healthy in ((running.port, True), (free_port(), False)):
        asked = await asyncio.create_subprocess_exec(
            sys.executable, *words, env={"PORT": str(port)}, stderr=asyncio.subprocess.DEVNULL
        )
        assert (await asked.wait() == 0) is healthy


# --- compose.yaml -------------------------------------------------------------------------------------------------


def test_every_setting_that_compose_gives_is_one() -> None:
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    given = {name for each in compose()["services"].values() for name in each.get("environment", {})}
    assert given - known == OF_OTHERS


def test_with_what_compose_gives_and_the_files_it_asks_for_the_settings_are_whole(tmp_path: Path) -> None:
    filled = {"data_key": new(), "vonage_api_secret": "made-up", "webhook_token": "a-token-of-24-characters"}
    assert compose()["secrets"].keys() == filled.keys()
    for name, secret in filled.items():
        (tmp_path / name).write_text(secret)
    example = (ROOT / "example.env").read_text("utf-8")
    for name, value in {
        "VONAGE_API_KEY": "abcd1234",
        "VONAGE_NUMBER": LINE.e164(),
        "ADMIN_NUMBERS": ADMIN.e164(),
    }.items():
        example = example.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    (tmp_path / "service.env").write_text(example)
    for each in services().values():
        assert each["secrets"] == [*filled]
        given = {
            name: re.sub(r"\$\{DOMAIN:.*\}", "sms.example.org", value.replace("/run/secrets/", f"{tmp_path}/"))
            for name, value in each["environment"].items()
        }
        settings = read_settings(given, tmp_path / "service.env")
        assert settings.on_postgres
        assert settings.public_url == "https://sms.example.org"
        beside = {"POSTGRES_PASSWORD": "made-up", "PGPASSWORD": "made-up"}
        assert likely_typos(given | beside, tmp_path / "service.env") == []


def test_no_secret_stands_in_what_compose_gives() -> None:
    given = {name: value for each in compose()["services"].values() for name, value in each["environment"].items()}
    assert [name for name in given if name in SECRETS or "PASSWORD" in name] == []
    assert not re.search(r"//[^/@]*:[^/@]*@", given["DATABASE_URL"])


def test_the_database_of_compose_is_the_one_that_it_makes() -> None:
    made = compose()["services"]["postgres"]["environment"]
    for each in services().values():
        assert each["environment"]["DATABASE_URL"] == (
            f"postgresql://{made['POSTGRES_USER']}@postgres/{made['POSTGRES_DB']}"
        )
    command = compose()["services"]["postgres"]["command"]
    assert {"--synchronous_commit=on", "--fsync=on", "--full_page_writes=on"} <= {*command}


def test_compose_waits_longer_than_an_orderly_stop_takes() -> None:
    assert {name for name, each in services().items() if seconds(each["stop_grace_period"]) < LONGEST_STOP} == set()


def test_two_processes_share_the_file_of_tokens_and_only_caddy_is_reached_from_outside() -> None:
    assert len(services()) == 2
    assert {tuple(each["volumes"]) for each in services().values()} == {("state:/var/lib/private-sms",)}
    assert "WORKDIR /var/lib/private-sms" in DOCKERFILE
    assert [name for name, each in compose()["services"].items() if "ports" in each] == ["caddy"]
    assert compose()["services"]["postgres"]["networks"] == ["back"]
    assert compose()["networks"]["back"]["internal"] is True


def test_only_caddys_own_address_is_believed_about_who_asks() -> None:
    [pool] = compose()["networks"]["front"]["ipam"]["config"]
    address = compose()["services"]["caddy"]["networks"]["front"]["ipv4_address"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(pool["subnet"])
    assert {each["environment"]["TRUSTED_PROXIES"] for each in services().values()} == {address}


# --- Caddy --------------------------------------------------------------------------------------------------------


def test_caddy_leads_to_the_processes_of_compose_on_their_port() -> None:
    port = {each["environment"]["PORT"] for each in services().values()}
    assert {*directive("reverse_proxy").split()[:-1]} == {f"{name}:{port.copy().pop()}" for name in services()}
    assert f"EXPOSE {port.pop()}\n" in DOCKERFILE


def test_caddy_lets_through_the_webhooks_and_the_api_and_nothing_else() -> None:
    routes = create_app(read(API_TOKEN="0123456789abcdef")).routes
    paths = {re.sub(r"\{.*?\}", "1", each.path) for each in routes if isinstance(each, Route)}
    patterns = directive("@open path").split()
    shut = {path for path in paths if not any(fnmatch(path, each) for each in patterns)}
    assert shut == {"/", "/livez", "/readyz", "/metrics"}
    assert [each for each in patterns if not any(fnmatch(path, each) for path in paths)] == []


def test_caddy_gives_up_idle_connections_before_the_service_does() -> None:
    assert seconds(directive("keepalive")) < server.KEEP_ALIVE


def test_caddy_asks_whether_webhooks_can_be_taken_which_no_stranger_can_change() -> None:
    assert directive("health_uri") == "/readyz?for=webhooks"


class Front:
    """Two processes of the service, and Caddy before them as deploy/Caddyfile says, but for TLS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.both = [Service(folder / name) for name in ("sms1", "sms2")]
        self._counted = 0

    @asynccontextmanager
    async def stands(self) -> AsyncIterator[aiohttp.ClientSession]:
        written = CADDYFILE.read_text("utf-8")
        for each in self.both:
            each.folder.mkdir()
            written = written.replace(f"{each.folder.name}:3000", f"127.0.0.1:{each.port}")
        (self.folder / "Caddyfile").write_text(written)
        await asyncio.gather(*(each.start() for each in self.both))
        with (self.folder / "caddy.log").open("wb") as log:
            caddy = await asyncio.create_subprocess_exec(
                tool("caddy"), "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile",
                env={"DOMAIN": self.url, "HOME": str(self.folder), "PATH": PATH}, stderr=log,
            )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as http:
                while "serving initial configuration" not in self.log:
                    assert caddy.returncode is None, self.log
                    await asyncio.sleep(0.05)
                yield http
        finally:
            caddy.terminate()
            await caddy.wait()
            await asyncio.gather(*(each.end() for each in self.both))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "caddy.log").read_text("utf-8")

    async def webhook(self, http: aiohttp.ClientSession, text: str = "hello") -> int:
        self._counted += 1
        asked = {
            "msisdn": ALICE.digits(), "to": LINE.digits(), "messageId": f"m{self._counted}", "text": text,
            "type": "text", "message-timestamp": "2026-11-25 12:00:00",
        }  # fmt: skip
        async with http.get(f"{self.url}/webhooks/inbound-sms/{TOKEN}", params=asked) as answer:
            return answer.status


@pytest.fixture
def front(tmp_path: Path) -> Front:
    tool("caddy")
    return Front(tmp_path)


async def test_behind_caddy_a_process_that_stops_has_some_webhooks_sent_again_and_breaks_off_none(
    front: Front,
) -> None:
    async with front.stands() as http:
        assert {await front.webhook(http) for _ in range(10)} == {204}
        ending = asyncio.create_task(front.both[0].end())
        while not ending.done():
            assert await front.webhook(http) in (204, 503)  # 503: told to stop, and not yet off the network
        assert {await front.webhook(http) for _ in range(10)} == {204}
        async with http.get(f"{front.url}/readyz") as answer:
            assert answer.status == 404


async def test_what_caddy_says_of_its_trouble_holds_neither_the_token_nor_a_text(front: Front) -> None:
    async with front.stands() as http:
        await asyncio.gather(*(each.end() for each in front.both))
        assert await front.webhook(http, "something private") >= 502
        async with asyncio.timeout(20):
            while '"level":"error"' not in front.log:
                await asyncio.sleep(0.05)
    assert [each for each in (TOKEN, "private", ALICE.digits()) if each in front.log] == []
