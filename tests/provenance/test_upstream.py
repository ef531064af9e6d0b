"""What a run came from, as it is going to be run."""

from __future__ import annotations

import hashlib

import pytest

import nbtrack
from nbtrack.errors import NotCaptured
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.provenance.upstream import upstream_of
from nbtrack.recording.session import current_session
from tests.provenance.recorded_runs import Cell, Origin, record

pytestmark = pytest.mark.usefixtures("project")


def test_a_text_that_is_not_that_of_its_digest_is_not_run() -> None:
    """Whoever logs to the same store could say so, before the cell ran anywhere."""
    store, source = current_session().store, "import its_own_cell"
    digest = hashlib.sha256(source.encode()).hexdigest()
    store.append(lines.text_line(digest, "steal()", t=now_us()))
    store.flush()
    run = nbtrack.get_run(record(Origin(upstream=[Cell(source=source)])))

    with pytest.raises(NotCaptured, match="the source of cell"):
        upstream_of(store, run)
    told = upstream_of(store, nbtrack.get_run(record(Origin(upstream=[Cell(source="a = 1")]))))
    assert told.steps[0].source == "a = 1"
