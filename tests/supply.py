"""What we take in and what we give out: known flaws of the pinned dependencies, secrets in tracked files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import get_settings, transient_settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
DEVELOPMENT, BOTH = ("dev",), ("dev", "supply")
BROUGHT_ALONG = {"pip"}  # by Python itself, with each virtual environment

FLAWS, NOT_ASKED = 1, 3  # exit statuses

DETECTORS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "DiscordBotTokenDetector", "GitHubTokenDetector",
    "GitLabTokenDetector", "JwtTokenDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector",
    "SlackDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip
ENTROPY = ({"name": "Base64HighEntropyString", "limit": 4.5}, {"name": "HexHighEntropyString", "limit": 3.0})
# It passes over every line like `key = read("…")`, and takes longer than all detectors together.
HIDING = "detect_secrets.filters.heuristic.is_indirect_reference"
OURS = re.compile(r"psms_[A-Za-z0-9_-]{43}")
PUBLISHED = {"6af838ef94998832dbfc29020b564830", "c3d6a686ab9c7e7408bb1c0506e9629a"}  # by Vonage, as examples
# What stands for a password in an address of a database, in documents and in tests.
NO_PASSWORDS = {"password", "secret", "canary"}
HARMLESS = PUBLISHED | NO_PASSWORDS


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def secrets_in(files: Iterable[Path]) -> Iterator[str]:
    """Where something looks like a secret: file, line and kind; the secret itself is not repeated."""
    with _detectors():
        for path in files:
            for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
                if OURS.search(line):
                    yield f"{path.name}:{number} an API token of this service"
            for secret in scan_file(str(path)):
                if secret.secret_value not in HARMLESS:
                    yield f"{path.name}:{secret.line_number} {secret.type}"


@contextmanager
def _detectors() -> Iterator[None]:
    with transient_settings({"plugins_used": [*ENTROPY, *({"name": name} for name in DETECTORS)]}):
        get_settings().disable_filters(HIDING)
        yield


def unpinned(extras: tuple[str, ...] = DEVELOPMENT) -> list[str]:
    """What an installation with these extras brings, and constraints.txt does not name."""
    pins = dict(line.split("==") for line in PINS.read_text("utf-8").splitlines() if not line.startswith("#"))
    pinned: dict[str, str] = {canonicalize_name(name): version for name, version in pins.items()}
    return sorted(
        f"{name} {version}" for name, version in _needed("private-sms", extras) if pinned.get(name) != version
    )


def _needed(root: str, extras: tuple[str, ...]) -> set[tuple[str, str]]:
    found: dict[str, str] = {}
    waiting = [(root, extras)]
    while waiting:
        name, extras = waiting.pop()
        for requirement in map(Requirement, distribution(name).requires or ()):
            wanted = canonicalize_name(requirement.name)
            if wanted in found or wanted in BROUGHT_ALONG or not _applies(requirement, extras):
                continue
            found[wanted] = distribution(wanted).version
            waiting.append((wanted, tuple(requirement.extras)))
    return set(found.items())


def _applies(requirement: Requirement, extras: tuple[str, ...]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def flaws() -> list[str] | None:
    """Known flaws of what is pinned, asked of the OSV database; None: it could not be asked."""
    words = ["--requirement", str(PINS), "--no-deps", "--disable-pip", "--vulnerability-service", "osv"]
    asked = [sys.executable, "-m", "pip_audit", *words, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return [f"{each['name']} {each['version']}: {flaw['id']}" for each in packages for flaw in each.get("vulns", ())]


def main() -> int:
    found = list(secrets_in(tracked()))
    missing = unpinned(BOTH)
    for line in (*found, *(f"not pinned: {each}" for each in missing)):
        print(line)
    print(f"{len(found)} secrets in tracked files; {len(missing)} dependencies that are not pinned.")
    known = flaws()
    if known is None:
        print("KNOWN FLAWS WERE NOT LOOKED UP: the OSV database cannot be reached from here. That is no clean result.")
        return FLAWS if found or missing else NOT_ASKED
    print("\n".join([*known, f"{len(known)} known flaws in what is pinned."]))
    return FLAWS if found or missing or known else 0


if __name__ == "__main__":
    sys.exit(main())
