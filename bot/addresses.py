"""The address of a database: which engine's it is, whether it can be read, and which hosts are in it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
THIS_MACHINE = "this machine"


def a_database(held: str) -> str:
    """Raises ValueError, whose text holds no password."""
    if held.startswith(POSTGRES):
        return _postgres(held)
    if not held.startswith(SQLITE) or held.removeprefix(SQLITE) in ("", ":memory:"):
        raise ValueError("it names neither a SQLite file nor a PostgreSQL database")
    return held


def _postgres(held: str) -> str:
    # A driver that cannot read it would show a part of it, which may be the password's.
    if not _is_readable(held):
        raise ValueError(
            "its hosts and ports cannot be told; in the user's name and password write @ as %40, : as %3A, / as %2F, "
            "? as %3F, # as %23, [ as %5B and ] as %5D"
        )
    return held


def _is_readable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    ports = [host.rpartition(":")[2] for host in _written(parts.netloc) if re.search(r":[^]]*$", host)]
    return all(map(str.isdecimal, ports)) and not any("@" in each for each in parts[2:])


def _written(netloc: str) -> list[str]:
    """With their ports, of an address that may name several."""
    return netloc.rpartition("@")[2].split(",")


def hosts(url: str) -> list[str]:
    """Of a PostgreSQL: with their ports, and without a name or a password."""
    parts = urlsplit(url)
    named = _written(parts.netloc) if parts.netloc.rpartition("@")[2] else parse_qs(parts.query).get("host", [])
    return [host or THIS_MACHINE for each in named for host in each.split(",")] or [THIS_MACHINE]


def is_here(host: str) -> bool:
    """Whether one of these is this machine."""
    if host == THIS_MACHINE or host.startswith("/"):
        return True
    return is_loopback(host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0])


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
