"""What a repetition may do beyond computing: nothing, unless it is allowed to.

In a kernel of their own: a cell that starts a program may have written what later ones find.
"""

from __future__ import annotations

import socketserver
import threading

import pytest

from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome


@pytest.fixture
def server():
    """Of another machine, as far as the guard can tell: it is not called localhost."""
    with socketserver.TCPServer(("127.0.0.2", 0), Four) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made.server_address
        made.shutdown()
        thread.join()


class Four(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"4")


CELL = """%%track
import nbtrack, socket, subprocess
with socket.create_connection({server}) as other: heard = float(other.recv(1))
out = !echo 4
heard += float(out[0]) + float(subprocess.check_output(['echo', '4']))
nbtrack.log_metric("heard", heard)
"""


def test_effects_are_refused_unless_they_are_allowed(notebook, server):
    """And the refusal says how."""
    run = notebook.tracked(CELL.format(server=server))

    refused = reproduce_run(notebook.store, run).headline
    assert refused.startswith("NOT RUNNABLE")
    assert "speak to another machine, 127.0.0.2" in refused
    assert "--allow-effects" in refused
    verdict = reproduce_run(notebook.store, run, may_have_effects=True)
    assert verdict.outcome is Outcome.EXACT, verdict
    assert "not undone" in verdict.text


def test_with_effects_too_what_lies_outside_is_left_alone(notebook, monkeypatch):
    """Programs start in the copy, and the cells do not write outside of it."""
    far = notebook.folder.parent / "beside" / "effects.txt"
    far.parent.mkdir(exist_ok=True)
    run = notebook.tracked("%%track\n!echo mine >> near.txt\nscore = 1.0")
    near = (notebook.folder / "near.txt").read_text()
    assert reproduce_run(notebook.store, run, may_have_effects=True).is_reproduced
    assert (notebook.folder / "near.txt").read_text() == near

    run = notebook.tracked(
        f"%%track\nimport os\nif 'AGAIN' in os.environ: open({str(far)!r}, 'w')\nscore = 1.0"
    )
    monkeypatch.setenv("AGAIN", "1")
    assert "would write" in reproduce_run(notebook.store, run, may_have_effects=True).headline
    assert not far.exists()
