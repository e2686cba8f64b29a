import subprocess
import sys

ENDS = """
import threading
from bot.stop import end_at_once
threading.Thread(target=threading.Event().wait).start()  # as a database's, it would keep the process alive
print("said before", end="")
end_at_once()
"""


def test_it_ends_whatever_else_runs_and_what_was_said_before_is_heard() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, "said before")
