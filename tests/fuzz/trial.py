"""A trial: the real process beside an emulator, odd requests for as long as wanted, and how it stands afterwards."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.emulator.app import create_emulator
from bot.emulator.profile import Profile
from tests.emulation import Emulated, serving
from tests.fuzz.odd import KNOWN, SECRET
from tests.fuzz.throw import throw
from tests.people import ALICE, BOB, LINE, OTHER_LINE
from tests.process import API_TOKEN, Service

WARM_UP = 1000  # requests after which what is made once has been made
MOST_GROWTH = 30 * 1024  # KiB
OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
# What it would call faults: a telephone number of its invention is refused, though the schema says "string"; and a chat
# that was ended by DELETE can still be looked at.
NOT_CHECKED = "positive_data_acceptance,use_after_free"
RIGHT = {"Authorization": f"Bearer {API_TOKEN}", "X-Forwarded-For": KNOWN}
REFUSED_BY_FAULT = 'private_sms_webhooks_refused_total{why="fault"}'


@dataclass(frozen=True, slots=True)
class Outcome:
    answers: Counter[str]
    worst: list[tuple[str, bytes]]  # answered with a 5xx that is not 503, or not at all
    memory: tuple[int, int]  # KiB resident, after the warm-up and at the end
    relayed: list[str]  # what reached the other person at the end
    faults: list[str]  # of ours, as the metrics count them: a webhook that met one was answered 503

    @property
    def growth(self) -> int:
        return self.memory[1] - self.memory[0]

    def __str__(self) -> str:
        told = ", ".join(f"{status}: {count}" for status, count in sorted(self.answers.items()))
        before, after = self.memory
        return (
            f"{self.answers.total()} odd requests; {told}. Resident {before // 1024} MB after the first {WARM_UP}, "
            f"{after // 1024} MB at the end."
        )


async def fuzz(folder: Path, times: int, seed: int) -> Outcome:
    async with running(folder) as (service, vonage):
        first, worst = await throw(service.port, WARM_UP, seed)
        before = resident(service)
        rest, more = await throw(service.port, times - WARM_UP, seed + 1)
        after = resident(service)
        reached = await relayed(service, vonage)
        return Outcome(first + rest, worst + more, (before, after), reached, await faults(service, vonage))


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Service, Emulated]]:
    """Signed and with a token, and callers told apart, so that failures of one do not end the game for all."""
    service = Service(folder)
    profile = Profile(
        key="abcd1234", secret="a-secret-for-tests", lines=(LINE.e164(), OTHER_LINE.e164()), signature_secret=SECRET,
        inbound_url=service.webhook("inbound-sms"), receipt_url=service.webhook("delivery-receipt"),
    )  # fmt: skip
    async with serving(create_emulator(profile)) as url, aiohttp.ClientSession() as http:
        service.settings = {
            "VONAGE_REST_URL": url, "VONAGE_SIGNATURE_SECRET": SECRET, "LOG_LEVEL": "ERROR",
            "TRUSTED_PROXIES": "127.0.0.0/8", "ACCOUNT_RATE": "0", "LINE_RATE": "0",
        }  # fmt: skip
        await service.start()
        try:
            yield service, Emulated(url, http)
        finally:
            await service.end()


async def relayed(service: Service, vonage: Emulated) -> list[str]:
    """Two people are paired, one texts: what the other reads."""
    pair = {"userANumber": ALICE.e164(), "userBNumber": BOB.e164()}
    async with vonage.http.post(f"{service.url}/chat", json=pair, headers=RIGHT) as answer:
        assert answer.status in (201, 409), await answer.text()
    before = len(await vonage.received(BOB.e164(), 1))
    await vonage.send(ALICE.e164(), LINE.e164(), "still there?")
    return (await vonage.received(BOB.e164(), before + 1, wait=20))[-1:]


async def faults(service: Service, vonage: Emulated) -> list[str]:
    async with vonage.http.get(f"{service.url}/metrics", headers=RIGHT) as answer:
        lines = (await answer.text()).splitlines()
    counts = [line for line in lines if line.startswith(("private_sms_faults_total", REFUSED_BY_FAULT))]
    return [line for line in counts if not line.endswith(" 0.0")]


def resident(service: Service) -> int:
    """KiB."""
    assert service.running is not None
    lines = Path(f"/proc/{service.running.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def explore_the_api(folder: Path, examples: int, seed: int) -> tuple[int, str]:
    """schemathesis against the document of the API: its exit status and what it says."""
    document = json.loads(OPENAPI.read_text("utf-8"))
    del document["security"]  # the token is always sent: without it, it would soon be told to wait
    (folder / "openapi.json").write_text(json.dumps(document))
    async with running(folder) as (service, _):
        words = [
            "run", "openapi.json", f"--url={service.url}", f"--header=Authorization: Bearer {API_TOKEN}",
            "--checks=all", f"--exclude-checks={NOT_CHECKED}", "--no-color",
            f"--max-examples={examples}", f"--seed={seed}",
        ]  # fmt: skip
        exploring = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", *words, cwd=folder, stdout=PIPE, stderr=STDOUT
        )
        said, _ = await exploring.communicate()
        assert exploring.returncode is not None
        return exploring.returncode, said.decode()
