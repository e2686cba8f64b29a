"""The API of a world, as a test asks it."""

from __future__ import annotations

from pathlib import Path

from bot.admission import Admission
from bot.api import Api
from bot.brake import Brake
from bot.callers import Callers
from tests.world import World

NOWHERE = Path("no-such.tokens")


def entrance(here: World, token: str | None) -> Api:
    brake = Brake(Callers(), here.clock, lambda: None)
    admission = Admission(api_token=token, file=NOWHERE, brake=brake, writer=here.writer, clock=here.clock)
    return Api(here.house, here.writer, here.engine, here.outgoing, admission, here.clock)
