"""The stage: the real service and the emulator around a play, and what was found on all its surfaces."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from bot.emulator.app import create_emulator
from bot.emulator.profile import Profile, Retries
from tests.canary.cast import COUNTRIES, Cast, cast
from tests.canary.play import Play
from tests.canary.surfaces import Search, Surface
from tests.canary.visitor import Visitor
from tests.canary.witness import Witness
from tests.emulation import Emulated, serving
from tests.people import LINE, OTHER_LINE
from tests.process import API_TOKEN, TOKEN, Service

HERE = Path(__file__).parent
SECRET, SIGNATURE = "a-secret-for-tests", "a-signature-secret-for-tests"
SECRETS = (SECRET, SIGNATURE, TOKEN, API_TOKEN)
RETRIES = Retries(first=0.1, longest=0.5, give_up_after=30.0)


@dataclass(frozen=True, slots=True)
class Seen:
    cast: Cast
    surfaces: list[Surface]
    leaks: list[str]


async def perform(seed: int, folder: Path, leak: str = "") -> Seen:
    """One play in an empty folder; `leak` names the one that is planted in the service."""
    (folder / "kept").mkdir()
    chance = Random(seed)
    players, service = cast(chance), Service(folder)
    profile = Profile(
        key="abcd1234", secret=SECRET, lines=(LINE.e164(), OTHER_LINE.e164()), retries=RETRIES, rate=None, seed=seed,
        inbound_url=service.webhook("inbound-sms"), receipt_url=service.webhook("delivery-receipt"),
        signature_secret=SIGNATURE,
    )  # fmt: skip
    async with serving(create_emulator(profile)) as url, aiohttp.ClientSession() as http:
        service.settings = settings(players, url, leak)
        try:
            await service.start()
            visitor = Visitor(players, chance, service, http)
            vonage = Emulated(url, http)
            witness = Witness(players, service, vonage, visitor)
            surfaces = await Play(players, chance, service, vonage, visitor, witness).perform()
        finally:
            await service.end(signal.SIGKILL)
    search = Search(players, SECRETS)
    return Seen(players, surfaces, [leak for each in surfaces for leak in search.leaks(each)])


def settings(players: Cast, vonage: str, leak: str) -> dict[str, str]:
    return {
        "VONAGE_REST_URL": vonage,
        "VONAGE_API_URL": vonage,
        "VONAGE_SIGNATURE_SECRET": SIGNATURE,
        "ADMIN_NUMBERS": ",".join(each.phone for each in players.admins),
        "ADMIN_NEWS": "all",
        "ALLOWED_COUNTRIES": COUNTRIES,
        "ACCOUNT_RATE": "0",
        "LINE_RATE": "0",
        "SENDER_LIMIT": "0",
        "DOUBT_AFTER": "1s",
        "LOG_FORMAT": "text",
        "PYTHONPATH": f"{HERE / 'inside'}:{HERE.parents[1]}",
        "CANARY": leak,
    }
