"""A run is had again by its slice, in a kernel that ran nothing before, and compared."""

from __future__ import annotations

from nbtrack.provenance.reproducing import reproduce_run
from nbtrack.provenance.verdicts import Outcome


def test_a_run_is_had_again(notebook):
    notebook.run("import random\nrandom.seed(1)")
    run = notebook.tracked("%%track first try C=3\naccuracy = random.random()\nlr = 0.1")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.outcome is Outcome.EXACT, verdict
    print(verdict)
    assert notebook.store.get_run(run.info.run_id).data.tags["nbtrack.reproduced"] == "exactly"
