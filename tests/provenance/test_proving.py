"""`nbtrack.bisect(…, run=True)`: a change is proven by running slices again with it alone."""

from __future__ import annotations

import json
from ast import literal_eval
from typing import Any

from tests.provenance.conftest import Notebook

SETUP = "import nbtrack\ndef score(x): return x * weight + shift"


def bisect(notebook: Notebook, first: str, last: str) -> dict[str, Any]:
    """What it says of the runs with these names, as plain values."""
    code = f"nbtrack.bisect({first!r}, {last!r}, metric='m', run=True).to_dict()"
    notebook.kernel.run(f"import json\ntold = json.dumps({code})")
    found: dict[str, Any] = json.loads(literal_eval(notebook.kernel.value("told")))
    return found


def tracked(notebook: Notebook, name: str, *, x: str = "1") -> None:
    notebook.tracked(f"%%track {name}\nx = {x}\nnbtrack.log_metric('m', score(x))")


def test_the_change_that_moves_the_metric_is_proven(notebook: Notebook) -> None:
    """Of two that were made at once; the runs that proved it are put away."""
    for source in (SETUP, "weight = 1", "shift = 0"):
        notebook.run(source)
    tracked(notebook, "good")
    for source in ("weight = 100", "shift = 0.001"):
        notebook.run(source)
    tracked(notebook, "bad")
    before = len(notebook.kernel.runs())

    found = bisect(notebook, "good", "bad")
    proof = found["proof"]

    assert found["difference"]["causes"][0]["part"] == "upstream"
    assert proof["verdict"].startswith("Proven: cell [")
    assert len(proof["moved_by"]) == 1
    sides = {trial["words"]: trial["is_past"] for trial in proof["trials"]}
    assert sides["A, as it was"] is False
    assert sides["B, as it was"] is True
    assert len(notebook.kernel.runs()) == before


def test_changes_that_only_work_together_are_proven_together(notebook: Notebook) -> None:
    for source in (SETUP, "weight = 0", "shift = 0"):
        notebook.run(source)
    tracked(notebook, "apart", x="0")
    notebook.run("weight = 5")
    tracked(notebook, "together", x="7")

    proof = bisect(notebook, "apart", "together")["proof"]

    assert len(proof["moved_by"]) == 2
    assert "together with" in proof["verdict"]


def test_what_no_cell_has_moved_is_said(notebook: Notebook) -> None:
    """The data were others: run again, both give what the newer one gave."""
    file = notebook.folder / "data.txt"
    file.write_text("1")
    source = f"\nx = float(open('{file.name}').read())\nnbtrack.log_metric('m', x)"
    notebook.run("import nbtrack")
    notebook.tracked(f"%%track old{source}")
    file.write_text("9")
    notebook.tracked(f"%%track new{source}")

    proof = bisect(notebook, "old", "new")["proof"]

    assert proof["moved_by"] == []
    assert proof["verdict"].startswith("No cell moved it: run again, A gives what B gave")
