"""The end without a farewell, for who asks twice."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def end_at_once() -> NoReturn:
    """Loses nothing: what was acknowledged is on the disk, and what was under way is in doubt at the next start."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)  # the database's threads would keep the process alive
