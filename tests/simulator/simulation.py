"""One seed: a world is made, lives through its faults, comes to rest, and is judged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from bot.proxy import Proxy
from bot.service import Service
from storage.engine import StorageError
from storage.model import Millis
from tests.people import NOON
from tests.simulator.assembly import assembled
from tests.simulator.carrier import Carrier
from tests.simulator.database import Disk
from tests.simulator.evidence import Evidence, gathered
from tests.simulator.journal import Change
from tests.simulator.oracle import judge
from tests.simulator.provider import Provider, Wire
from tests.simulator.run import Place, Run, Strike
from tests.simulator.script import Script
from tests.simulator.timeline import Timeline, VirtualLoop
from tests.simulator.weather import MINUTE, SECOND, forecast

LOOK = 5 * SECOND  # how often the world is asked whether it is at rest
A_MOMENT: Millis = 37  # later, when it cannot be asked just now
AT_REST = 2  # looks in a row
LONGEST = 60 * MINUTE  # after the last fault: by then everything must be settled
LEAST_DOWN, MOST_DOWN = 200, 20 * SECOND  # between two runs
UNSETTLED = "SELECT 1 FROM outbound WHERE state IN ('queued', 'sending', 'uncertain') LIMIT 1"
GATHERING = "SELECT 1 FROM gathering WHERE due_at IS NOT NULL LIMIT 1"
LEFT_SENDING = "SELECT 1 FROM outbound WHERE state = 'sending' LIMIT 1"


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    wrong: list[str]
    trace: list[str]
    met: Counter[str]  # how often each fault was


def simulate(seed: int, *, schema: str = "") -> Outcome:
    """`schema`: SQL for this world's database alone."""
    with _silence():
        return Simulation(seed, schema=schema).live()


class Simulation:
    def __init__(self, seed: int, *, schema: str = "") -> None:
        rng = Random(seed)
        self._seed = seed
        self._rng = rng
        self._weather = forecast(rng)
        self._timeline = Timeline(NOON)
        self._disk = Disk(self._timeline, extra=(schema,) if schema else ())
        self._carrier = Carrier(self._timeline, rng, self._weather.mail, self._note)
        self._provider = Provider(self._timeline, rng, self._weather, self._carrier, self._note)
        self._script = Script(self._timeline, rng, self._weather, self._carrier, self._provider.line_known_to)
        self._strikes = list(self._weather.strikes)
        self._runs: list[Run] = []
        self._looks_at_rest = 0
        self._finished = False
        self._trace: list[tuple[Millis, str]] = []
        self._wrong: list[str] = []
        self._met: Counter[str] = Counter()

    def live(self) -> Outcome:
        self._foresee()
        while not self._finished:
            self._live_a_run()
            self._be_down()
        for run in self._runs:
            run.bury()
        evidence = gathered(self._disk, sends=self._provider.sends, parcels=self._carrier.parcels)
        wrong = self._wrong + judge(evidence)
        return Outcome(self._seed, wrong, self._told(evidence), self._counted(evidence))

    def _foresee(self) -> None:
        """All that is known beforehand to happen at its time."""
        self._script.begin()
        for window in self._weather.full_disk:
            self._timeline.after(window.begin, self._fill_disk)
            self._timeline.after(window.end, self._free_disk)
        for at in self._weather.glitches:
            self._timeline.after(at, self._glitch)
        for at in self._weather.stops:
            self._timeline.after(at, self._stop)
        self._timeline.after(self._weather.calm_at, self._calm)

    def _live_a_run(self) -> None:
        run = self._next_run()
        proxy, service = assembled(run, self._disk, Wire(self._provider, run), self._weather, self._rng.random)
        self._disk.commits_take = self._rng.randint(*self._weather.commits_take)
        main = run.loop.create_task(run.live(service, lambda: self._begun(run, proxy)))
        self._note(f"{run} starts")
        run.loop.live()
        self._carrier.lost()
        self._disk.cut()
        why_not = main.exception() if main.done() else None
        if why_not is not None and not isinstance(why_not, StorageError):
            raise why_not  # nothing that a simulated world has in it makes this happen
        self._ended(run, service, "struck down" if run.struck else f"cannot start: {why_not}" if why_not else "stopped")

    def _next_run(self) -> Run:
        strike = self._strikes.pop(0) if self._strikes else None
        run = Run(VirtualLoop(self._timeline), len(self._runs) + 1, strike if isinstance(strike, Strike) else None)
        if isinstance(strike, int):
            self._timeline.after(strike, lambda: run.fall(Place.ANYWHERE))
        self._runs.append(run)
        return run

    def _begun(self, run: Run, proxy: Proxy) -> None:
        self._carrier.serve(run, proxy)
        self._note(f"{run} has started")
        if self._disk.rows(LEFT_SENDING):
            self._wrong.append("the_start_leaves_doubts: a text of an earlier run is still `sending`")

    def _ended(self, run: Run, service: Service, how: str) -> None:
        how = f"{how} {run.struck}" if run.struck else how
        self._met[how.split(":")[0]] += 1
        self._note(f"{run} {how}")
        self._wrong += [f"nothing_is_unheard: {fault}" for fault in run.loop.faults]
        if run.struck:
            self._wrong += [f"no_task_falls: {name}" for name in service.fallen()]

    def _be_down(self) -> None:
        up_at = self._timeline.now + self._rng.randint(LEAST_DOWN, MOST_DOWN)
        while not self._finished and (at := self._timeline.next_at) is not None and at <= up_at:
            self._timeline.go_on()
        self._timeline.now = up_at

    def _stop(self) -> None:
        if self._runs:
            self._runs[-1].stop()

    def _fill_disk(self) -> None:
        self._note("the disk is full")
        self._disk.full, self._disk.full_at_commit = True, self._rng.random() < 0.5

    def _free_disk(self) -> None:
        self._note("the disk has room")
        self._disk.full = False

    def _glitch(self) -> None:
        self._disk.glitch_in = self._rng.randint(1, 30)

    def _calm(self) -> None:
        self._note("calm")
        self._strikes.clear()
        self._timeline.after(LOOK, self._look)

    def _look(self) -> None:
        if self._disk.database.in_transaction:
            self._timeline.after(A_MOMENT, self._look)
            return
        self._looks_at_rest = self._looks_at_rest + 1 if self._is_at_rest() else 0
        if self._timeline.now - NOON > self._weather.calm_at + LONGEST:
            self._wrong.append("it_comes_to_rest: no")
        elif self._looks_at_rest < AT_REST:
            self._timeline.after(LOOK, self._look)
            return
        self._finished = True
        self._stop()

    def _is_at_rest(self) -> bool:
        return not self._carrier.on_the_way and not self._disk.rows(UNSETTLED) and not self._disk.rows(GATHERING)

    def _note(self, what: str) -> None:
        self._trace.append((self._timeline.now, what))

    def _told(self, evidence: Evidence) -> list[str]:
        refs = {row.id: row.client_ref for row in evidence.rows}
        # By text, as several that change in one transaction may do so in the order of a set.
        changed = sorted((each for each in evidence.journal if isinstance(each, Change)), key=lambda each: each.text)
        changes = [(each.at, f"{refs[each.text]} {each.before or 'new'} -> {each.after}") for each in changed]
        return [f"{(at - NOON) / 1000:>9.3f} {what}" for at, what in sorted(self._trace + changes, key=_when)]

    def _counted(self, evidence: Evidence) -> Counter[str]:
        texts = Counter({"texts in": len(evidence.texts), "texts out": len(evidence.rows)})
        return self._met + self._provider.met + self._carrier.met + self._disk.met + texts


def _when(line: tuple[Millis, str]) -> Millis:
    return line[0]


@contextmanager
def _silence() -> Iterator[None]:
    """The service's own log would say in each seed what is in the trace anyway."""
    logger = logging.getLogger("private_sms")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
