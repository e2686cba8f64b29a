"""A certificate for `--tls`, made at each start: clients trust it by the authority's file, nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

# Vonage's own names too, for clients that can be pointed here only by a hosts file.
NAMES = ("localhost", "127.0.0.1", "::1", "rest.nexmo.com", "api.nexmo.com")


@contextmanager
def certificate(host: str, authority_file: Path) -> Iterator[Path]:
    """A file with key and certificate while it lasts; `authority_file` is for the clients, and stays."""
    authority = trustme.CA(organization_name="Vonage emulator, for tests only")
    issued = authority.issue_cert(*dict.fromkeys((host, *NAMES)))
    authority.cert_pem.write_to_path(authority_file)
    with TemporaryDirectory(prefix="vonage-emulator-") as folder:  # for its owner's eyes only
        path = Path(folder) / "key-and-certificate.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(path)
        yield path
