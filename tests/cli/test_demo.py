from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest

from nbtrack.cli.demo import NOTEBOOK, _how_to_go_on, _what_is_there, quickstart
from nbtrack.cli.notebook_run import NotebookFailed, run_notebook


def written(folder: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    """A notebook of these cells; *tags* go to the last one."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[-1].metadata["tags"] = list(tags)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "some.ipynb")
    return folder / "some.ipynb"


def outputs(notebook: Path) -> list[str]:
    """What each cell printed, or the name of its error."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        "".join(out.get("text") or out.get("ename") or "" for out in cell.outputs) for cell in cells
    ]


def test_the_kernel_is_this_interpreter(tmp_path, monkeypatch):
    """Another environment's kernel registered as "python3" is not taken for ours."""
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notebook = written(tmp_path, "import sys; print(sys.executable)")

    run_notebook(notebook, project=tmp_path / ".nbtrack")

    assert outputs(notebook) == [f"{sys.executable}\n"]


def test_a_failing_cell_is_told_and_what_ran_is_kept(tmp_path):
    """The first error ends the run and is named; the outputs so far are written."""
    notebook = written(tmp_path, "print('one')", "1 / 0", "print('never')")

    with pytest.raises(NotebookFailed, match=r"cell 2 failed\.(?s:.*)ZeroDivisionError"):
        run_notebook(notebook, project=tmp_path / ".nbtrack")

    assert outputs(notebook) == ["one\n", "ZeroDivisionError", ""]


def test_a_cell_that_should_fail_has_to(tmp_path):
    """The tag raises-exception is a promise, not a permission."""
    failing = written(tmp_path, "1 / 0", tags=("raises-exception",))
    run_notebook(failing, project=tmp_path / ".nbtrack")
    passing = written(tmp_path, "1 / 1", tags=("raises-exception",))

    with pytest.raises(NotebookFailed, match="should have failed"):
        run_notebook(passing, project=tmp_path / ".nbtrack")


def test_settings_of_the_caller_do_not_leak_in(tmp_path, monkeypatch):
    """The record goes to the given project, under the notebook's name, whatever is set outside."""
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "something else")
    monkeypatch.setenv("NBTRACK_TRACKING_URI", str(tmp_path / "elsewhere"))
    source = "import nbtrack; nbtrack.start_run(); print(nbtrack.project_folder())"
    notebook = written(tmp_path, source)

    run_notebook(notebook, project=tmp_path / "project")

    assert outputs(notebook)[0].startswith(f"{tmp_path / 'project'}\n")
    assert not (tmp_path / "elsewhere").exists()


def test_an_edited_notebook_is_not_overwritten(tmp_path, nbtrack, client):
    """Running the demo again does not cost the work of somebody who began to play with it."""
    client.create_run("0")  # a project for --store
    mine = tmp_path / "demo" / NOTEBOOK
    mine.parent.mkdir()
    mine.write_text(quickstart().read_text().replace("max_depth", "depth"))
    before = mine.read_text()

    code, _, err = nbtrack("demo", "--folder", str(mine.parent))

    assert code == 2
    assert "was edited and is kept" in err
    assert mine.read_text() == before


def test_the_quickstart_is_found():
    """In a checkout it is the notebook that the tests run; from a wheel see test_package."""
    assert quickstart().name == NOTEBOOK
    assert quickstart().is_file()


def test_a_folder_that_cannot_be_written_is_an_error_with_a_cure(tmp_path, client, nbtrack):
    """Not a bare OSError: the message says which folder, why, and what to do."""
    client.create_run("0")
    (tmp_path / "file").write_text("")

    code, out, err = nbtrack("demo", "--folder", str(tmp_path / "file" / "demo"))

    assert (code, out) == (2, "")
    assert f"{tmp_path / 'file' / 'demo'} cannot be written (Not a directory)" in err
    assert "--folder DIR" in err


def test_runs_of_an_earlier_demo_are_told(tmp_path, client):
    """They are somebody's record: they stay, and it is said that there will be more."""
    project = tmp_path / ".nbtrack"
    assert _what_is_there(project) == []
    client.create_run("0")

    (told,) = _what_is_there(project)

    assert told.startswith(f"{project} has 1 run already")
    assert "Delete it to start afresh" in told


def test_how_to_go_on(tmp_path):
    """The demo's record is not where `nbtrack runs` looks: the command that finds it is given."""
    project = tmp_path / "my demo" / ".nbtrack"

    *others, told, command = _how_to_go_on(tmp_path / NOTEBOOK, project)

    assert str(project) in told
    assert command.endswith(f"nbtrack --store '{project}' runs")
    assert any(line.endswith("10_a_team.ipynb") for line in others)
