"""Who calls: the address a request comes from, seen through the proxies that are trusted to say it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOBODY = "unknown"  # over a Unix socket
HOUSEHOLD = 64  # bits: whoever has one IPv6 address has all that share these


@dataclass(frozen=True, slots=True)
class Callers:
    """Only who is in `trusted` is believed about whom it speaks for: anybody can write X-Forwarded-For."""

    trusted: tuple[Network, ...] = ()

    def of(self, scope: Scope) -> str:
        """The caller's address; of IPv6, its /64."""
        client = scope.get("client")
        address = _read(client[0]) if client else None
        if address is None:
            return NOBODY
        if self.trusts(address):
            address = self._spoken_for(scope, address)
        return household(address)

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)

    def unlimited(self, host: str) -> bool:
        """Whether many people may come from there: this machine, where a proxy or a tunnel runs, or a named proxy."""
        address = _read(host)
        return address is None or address.is_loopback or self.trusts(address)

    def _spoken_for(self, scope: Scope, proxy: Address) -> Address:
        """The last address that is no trusted proxy: what stands before it, anybody may have written."""
        last = proxy
        for said in reversed(_forwarded(scope)):
            if (hop := _read(said)) is None:
                return last
            last = hop
            if not self.trusts(hop):
                return hop
        return last


def household(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, HOUSEHOLD), strict=False))


def _forwarded(scope: Scope) -> list[str]:
    held = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return ",".join(held).split(",") if held else []


def _read(host: str) -> Address | None:
    """With or without a port, as proxies write it; IPv4 in IPv6's clothes is IPv4."""
    host = host.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
