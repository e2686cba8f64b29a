"""Connections at one time: how many from one address, so that nobody has them all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address

from bot.callers import Callers, household


@dataclass(slots=True)
class Connections:
    """`most`: for each address, or each /64 of IPv6; 0 is no limit. This machine and trusted proxies have none."""

    most: int = 0
    callers: Callers = field(default_factory=Callers)
    _held: Counter[str] = field(default_factory=Counter)

    def take(self, host: str) -> bool:
        """Whether one more may be there; whoever was let in must `leave`."""
        if not self.most or self.callers.unlimited(host):
            return True
        key = _key(host)
        if self._held[key] >= self.most:
            return False
        self._held[key] += 1
        return True

    def leave(self, host: str) -> None:
        key = _key(host)
        if self._held[key] > 1:
            self._held[key] -= 1
        else:
            del self._held[key]


def _key(host: str) -> str:
    try:
        return household(ip_address(host))
    except ValueError:
        return host
