"""Read by Python itself at the start of the service under test: the faults and leaks that are planted inside it."""

import os
import sys

if sys.orig_argv[-2:] == ["-m", "bot"] and "CANARY" in os.environ:
    from tests.canary.plantings import plant

    plant(os.environ["CANARY"])
