"""Faults on demand: which kinds there are, which are switched on, and whether one strikes.

That depends on the seed, the kind, the number and how often that number's turn came, and on nothing else: the same
requests meet the same faults, whatever happens to others at the same time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.emulator.feed import Change, Feed
from bot.emulator.statuses import STATUSES

FIRST_SEED = 1


class About(StrEnum):
    """What a fault befalls: the answer to a text sent, its receipts, or the webhooks of a text from a phone."""

    SEND = "send"
    RECEIPT = "receipt"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    about: About
    says: str
    long_only: bool = False  # there is nothing to get wrong about a text of one part


ACCEPT = "accept"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(ACCEPT, About.SEND, "takes the text, whatever else is switched on"),
        *(Kind(f"status-{code}", About.SEND, f"answers status {code}: {what}") for code, what in STATUSES.items()),
        Kind("http-401", About.SEND, "answers HTTP 401; not taken"),
        Kind("http-429", About.SEND, "answers HTTP 429 with Retry-After; not taken"),
        Kind("http-500", About.SEND, "answers HTTP 500; not taken"),
        Kind("http-500-taken", About.SEND, "takes the text, then answers HTTP 500"),
        Kind("http-502", About.SEND, "answers HTTP 502 with a page; not taken"),
        Kind("slow", About.SEND, "takes the text, and answers 3 s later"),
        Kind("hang", About.SEND, "never answers; not taken"),
        Kind("hang-taken", About.SEND, "takes the text, and never answers"),
        Kind("close", About.SEND, "reads the request, then closes; not taken"),
        Kind("close-taken", About.SEND, "takes the text, then closes without an answer"),
        Kind("html", About.SEND, "answers 200 with a page instead of JSON; not taken"),
        Kind("html-taken", About.SEND, "takes the text, and answers 200 with a page"),
        Kind("partial", About.SEND, "takes the first part of a long text, and refuses the others", long_only=True),
        Kind("receipt-lost", About.RECEIPT, "no receipt ever comes"),
        Kind("receipt-repeated", About.RECEIPT, "each receipt comes three times"),
        Kind("receipt-reordered", About.RECEIPT, "the last part's comes first, and delivered before buffered"),
        Kind("receipt-early", About.RECEIPT, "comes before the answer to the send"),
        Kind("receipt-late", About.RECEIPT, "comes a minute later"),
        Kind("receipt-buffered-first", About.RECEIPT, "says buffered, and delivered 5 s later"),
        Kind("receipt-false", About.RECEIPT, "a second one comes, for an id nobody has heard of"),
        Kind("receipt-no-ref", About.RECEIPT, "comes without the client-ref"),
        Kind("receipt-bad-signature", About.RECEIPT, "comes with a signature that is wrong"),
        Kind("receipt-failed", About.RECEIPT, "says failed (err-code 6); the text never arrives"),
        Kind("receipt-expired", About.RECEIPT, "says expired (err-code 2); the text never arrives"),
        Kind("receipt-rejected", About.RECEIPT, "says rejected (err-code 14); the text never arrives"),
        Kind("receipt-opted-out", About.RECEIPT, "says failed, err-code 9, price 0: the recipient opted out"),
        Kind("webhook-duplicate", About.WEBHOOK, "each webhook comes twice, at once"),
        Kind("webhook-reordered", About.WEBHOOK, "the parts of a long text come last one first", long_only=True),
        Kind("webhook-no-concat", About.WEBHOOK, "parts come as texts of their own, as Verizon's do", long_only=True),
        Kind("webhook-missing-part", About.WEBHOOK, "the second part of a long text never comes", long_only=True),
        Kind("webhook-bad-signature", About.WEBHOOK, "comes with a signature that is wrong"),
        Kind("webhook-no-content-type", About.WEBHOOK, "comes without a Content-Type"),
        Kind("webhook-stale-stamp", About.WEBHOOK, "comes with the stamps of 26 hours ago"),
        Kind("webhook-slow", About.WEBHOOK, "comes 5 s later"),
    )
}

MAGIC = {
    "+447700900950": "http-429",
    "+447700900951": "http-500",
    "+447700900952": "slow",
    "+447700900953": "hang",
    "+447700900954": "close",
    "+447700900955": "close-taken",
    "+447700900956": "html",
    "+447700900957": "partial",
    "+447700900960": "status-6",
    "+447700900961": "status-1",
    "+447700900962": "status-5",
    "+447700900963": "status-7",
    "+447700900964": "status-15",
    "+447700900965": "status-29",
    "+447700900966": "status-33",
    "+447700900970": "receipt-lost",
    "+447700900971": "receipt-failed",
    "+447700900972": "receipt-expired",
    "+447700900973": "receipt-rejected",
    "+447700900974": "receipt-opted-out",
    "+447700900975": "receipt-buffered-first",
    "+447700900976": "receipt-repeated",
    "+447700900977": "receipt-early",
    "+447700900978": "receipt-late",
    "+447700900979": "receipt-no-ref",
    "+447700900980": "webhook-duplicate",
    "+447700900981": "webhook-reordered",
    "+447700900982": "webhook-no-concat",
    "+447700900983": "webhook-missing-part",
    "+447700900984": "webhook-bad-signature",
    "+447700900985": "webhook-slow",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault to be switched on. `number`: of the person texted, or texting; None is everybody."""

    kind: Kind
    number: str | None = None
    probability: float = 1.0
    times: int | None = None  # how often more; None is without end
    id: int = 0  # given when it is switched on

    def told(self) -> dict[str, object]:
        return {
            "id": self.id,
            "kind": self.kind.name,
            "number": self.number,
            "probability": self.probability,
            "times": self.times,
        }


@dataclass(slots=True)
class Faults:
    feed: Feed
    seed: int = FIRST_SEED
    rules: dict[int, Rule] = field(default_factory=dict)
    _turns: Counter[str] = field(default_factory=Counter)
    _last_id: int = 0

    def switch_on(self, wanted: Rule) -> Rule:
        self._last_id += 1
        rule = replace(wanted, id=self._last_id)
        self.rules[rule.id] = rule
        self._publish()
        return rule

    def switch_off(self, rule_id: int) -> bool:
        found = self.rules.pop(rule_id, None) is not None
        self._publish()
        return found

    def all_off(self) -> None:
        self.rules.clear()
        self._publish()

    def begin(self, seed: int, rules: Iterable[Rule]) -> None:
        """These and no others are switched on, and nothing has happened yet."""
        self.rules.clear()
        self.sow(seed)
        for rule in rules:
            self.switch_on(rule)

    def sow(self, seed: int) -> None:
        """From here on, the same requests meet the same faults as after any other time this seed was sown."""
        self.seed = seed
        self._turns.clear()
        self._publish()

    def strike(self, about: About, number: str, parts: int = 1) -> str | None:
        """The name of what goes wrong this time: of the oldest fault that strikes, or of the number's own magic."""
        overruling_first = sorted(self.rules.values(), key=lambda rule: rule.kind.name != ACCEPT)
        for rule in overruling_first:
            if rule.kind.about is about and rule.number in (None, number) and self._strikes(rule, number, parts):
                self._spend(rule)
                return None if rule.kind.name == ACCEPT else rule.kind.name
        magic = KINDS.get(MAGIC.get(number, ""))
        return magic.name if magic and magic.about is about and (parts > 1 or not magic.long_only) else None

    def told(self) -> dict[str, object]:
        return {
            "kinds": [{"kind": kind.name, "about": kind.about, "says": kind.says} for kind in KINDS.values()],
            "active": [rule.told() for rule in self.rules.values()],
            "seed": self.seed,
        }

    def _strikes(self, rule: Rule, number: str, parts: int) -> bool:
        if rule.kind.long_only and parts == 1:
            return False
        turn = f"{self.seed} {rule.kind.name} {number}"
        self._turns[turn] += 1
        chance = random.Random(f"{turn} {self._turns[turn]}")  # noqa: S311 - it is to be foreseen
        return chance.random() < rule.probability

    def _spend(self, rule: Rule) -> None:
        if rule.times is None:
            return
        if rule.times > 1:
            self.rules[rule.id] = replace(rule, times=rule.times - 1)
        else:
            del self.rules[rule.id]
        self._publish()

    def _publish(self) -> None:
        self.feed.publish(Change("faults", self.told()))


def magic_numbers() -> Iterator[dict[str, str]]:
    for number, kind in MAGIC.items():
        yield {"number": number, "does": KINDS[kind].says, "kind": kind, "about": KINDS[kind].about}
