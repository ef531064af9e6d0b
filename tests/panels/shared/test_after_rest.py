"""Work that waits for the user's rest, in a process that ends."""

from __future__ import annotations

import subprocess
import sys

ENDS = """
import threading, time
from nbtrack.panels.shared import after_rest

begun, ending = threading.Event(), threading.Event()

def read():
    print("begun", flush=True)
    begun.set()
    ending.wait()
    time.sleep(0.3)
    print("done", flush=True)

later = after_rest.AfterRest("read")
later.do(lambda: print("never", flush=True))
after_rest.REST_SECONDS = 0.0
after_rest.AfterRest("read").do(read)
begun.wait()
print("the end", flush=True)
ending.set()
"""


def test_a_process_ends_behind_what_has_begun() -> None:
    """And does not wait for what has not: its store is taken down next."""
    said = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=True)

    assert said.stdout.split("\n")[:-1] == ["begun", "the end", "done"]
    assert said.stderr == ""
