"""What a run shows when its row is opened."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.journal.lines import cell_line, now_us
from nbtrack.panels.runs.run_details import details_of
from nbtrack.recording.session import current_session
from tests.support.panel_page import runs_page

pytestmark = pytest.mark.usefixtures("project")


def run_of_cell(**facts):
    with nbtrack.start_run() as run:
        pass
    told = {"source": "x = 1", "sha256": "0", "execution_count": 3, "notebook": "day.ipynb"}
    line = cell_line(run.info.run_id, t=now_us(), **{**told, **facts})
    current_session().store.append(line)
    return run.info.run_id


def details(run_id):
    return runs_page(current_session().store).ask("details", run=run_id)


def test_numbers_come_before_ids():
    """Beside the name stands when it ran; id, user and cell are small print."""
    found = details(run_of_cell(attempt=1))

    assert [name for name, _ in found["facts"]] == ["started"]
    assert dict(found["origin"])["cell"] == "day.ipynb [3]"
    assert {"by", "id"} < dict(found["origin"]).keys()


def test_a_first_attempt_is_none_to_speak_of():
    assert "attempt" not in dict(details(run_of_cell(attempt=1))["origin"])
    assert dict(details(run_of_cell(attempt=2))["origin"])["attempt"] == "2"


def test_a_failed_run_has_its_traceback():
    """The end of one that is very long."""
    trace = "x\n" * 10_000 + "ValueError: no data"
    found = details(run_of_cell(error="ValueError: no data", traceback=trace))

    assert found["error"] == "ValueError: no data"
    assert found["traceback"].endswith("ValueError: no data")
    assert len(found["traceback"]) < len(trace)


def test_a_note_comes_as_typed_and_as_nodes():
    """What is in it may be changed, and is no markup."""
    with nbtrack.start_run() as run:
        nbtrack.set_tag("mlflow.note.content", "**deep**\n<b>x</b>")
    found = details_of(current_session().store, run.info.run_id)

    assert found["note"] == "**deep**\n<b>x</b>"
    (paragraph,) = found["noteShown"]
    assert [child["tag"] for child in paragraph["children"]] == ["strong", "br", ""]


def test_a_model_is_told_however_many_files_there_are():
    """The list of files is cut; whether one can be registered is not."""
    with nbtrack.start_run() as run:
        run.log_bytes(b"x", "z/MLmodel")
    with nbtrack.start_run() as other:
        run.log_bytes(b"x", "MLmodel.txt")

    assert details(run.info.run_id)["hasModel"]
    assert not details(other.info.run_id)["hasModel"]
