"""What a page asks about the artifacts of a run, and the list that stands where no page is."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base import background
from nbtrack.errors import NotFound
from nbtrack.panels.artifacts import answers as artifact_answers
from nbtrack.panels.artifacts.panel import ArtifactPanel
from nbtrack.panels.artifacts.view import ArtifactsView
from nbtrack.recording.session import current_session
from tests.support.markup_check import HOSTILE
from tests.support.markup_check import Page as Markup
from tests.support.naming import naming
from tests.support.panel_page import Page, runs_page

BIG = artifact_answers._PART + 10


pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def run():
    with nbtrack.start_run(run_name="with files") as run:
        nbtrack.log_text("a,b\n1,2\n", "tables/a.csv")
        nbtrack.log_dict({"x": 1}, "facts.json")
    return run.info.run_id


def panel_of(run_id):
    store = current_session().store
    return ArtifactPanel(store, ArtifactsView(store, run_id))


@pytest.fixture
def page(run):
    return Page(panel_of(run))


def folder_of(run_id):
    return Path(nbtrack.get_run(run_id).info.artifact_uri)


def files(page, run):
    return {file["path"]: file for file in page.ask("artifacts", run=run)["files"]}


def test_files_come_with_size_and_digest(page, run):
    """By path, and with the folder that they are in."""
    found = page.ask("artifacts", run=run)

    assert [file["path"] for file in found["files"]] == ["facts.json", "tables/a.csv"]
    assert found["files"][1]["words"] == "8 B"
    assert len(found["files"][1]["sha256"]) == 64
    assert found["folder"] == str(folder_of(run))


def test_what_was_recorded_is_joined_with_what_is_there(page, run):
    """A file that is gone, one of another size, and one that nobody logged are said to be."""
    (folder_of(run) / "facts.json").unlink()
    (folder_of(run) / "tables/a.csv").write_text("longer than it was")
    (folder_of(run) / "left.txt").write_text("by hand")

    states = {path: file["state"] for path, file in files(page, run).items()}
    assert states == {
        "facts.json": "missing",
        "left.txt": "not recorded",
        "tables/a.csv": "changed",
    }


def test_a_run_without_artifacts():
    """Has none, and its folder is still known."""
    with nbtrack.start_run() as run:
        pass
    found = runs_page(current_session().store).ask("artifacts", run=run.info.run_id)

    assert (found["files"], found["more"]) == ([], 0)
    assert run.info.run_id in found["folder"]


def test_what_is_still_being_made_is_waited_for(page, run):
    """In the background a plot may not be drawn yet."""
    writer = nbtrack.MlflowClient().writer(run)
    background.submit(run, lambda: writer.log_bytes(b"late", "late.txt"), action="write it")

    assert "late.txt" in files(page, run)
    background.submit(run, lambda: writer.log_bytes(b"later", "later.txt"), action="write it")
    assert page.ask("artifact_preview", run=run, path="later.txt")["content"] == "later"


def test_a_preview_is_ready_for_a_page(page, run):
    """A table with its rows, JSON indented."""
    table = page.ask("artifact_preview", run=run, path="tables/a.csv")

    assert table["kind"] == "table"
    assert table["content"] == {"columns": ["a", "b"], "rows": [[1, 2]], "total": 1}
    assert page.ask("artifact_preview", run=run, path="facts.json")["content"] == '{\n  "x": 1\n}'


def test_bytes_come_in_parts(page, run):
    """Each says where the next begins; together they are the file."""
    data = bytes(range(256)) * (BIG // 256 + 1)
    nbtrack.MlflowClient().writer(run).log_bytes(data, "big.bin")

    had, offset = b"", 0
    while offset is not None:
        part = page.ask("artifact_download", run=run, path="big.bin", offset=offset)
        had, offset = had + base64.b64decode(part["data"]), part["next"]
    assert had == data


def test_an_empty_file_is_one_part(page, run):
    """Of nothing."""
    nbtrack.MlflowClient().writer(run).log_bytes(b"", "empty")

    found = page.ask("artifact_download", run=run, path="empty")
    assert found == {"data": "", "size": 0, "next": None}


def test_a_large_file_is_left_where_it_is(page, run):
    """Its path is in the error, to copy it from there."""
    with (folder_of(run) / "large.bin").open("wb") as file:
        file.truncate(artifact_answers.MOST_DOWNLOAD + 1)

    error = page.send("artifact_download", run=run, path="large.bin")["error"]
    assert "64 MiB" in error
    assert str(folder_of(run) / "large.bin") in error


WRONG_PATHS = {
    "../../nbtrack.duckdb": "leaves the artifact folder",
    "/etc/passwd": "is absolute",
    "none.txt": "No artifact 'none.txt'",
    "": "No artifact ''",
    7: "path is 7",
    None: "path is None",
}


@pytest.mark.parametrize("do", ["artifact_preview", "artifact_download"])
def test_paths_are_checked(page, run, do):
    """What a page sends may lead anywhere; the error names it."""
    for path, words in WRONG_PATHS.items():
        with naming(path):
            assert words in page.send(do, run=run, path=path)["error"]


def test_a_link_out_of_the_folder_is_not_followed(page, run, tmp_path):
    """Nor is it listed."""
    (tmp_path / "secret").write_text("secret")
    (folder_of(run) / "link").symlink_to(tmp_path / "secret")

    assert "link" not in files(page, run)
    assert "leads out" in page.send("artifact_preview", run=run, path="link")["error"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"run": "nowhere"}, "No run 'nowhere'"),
        ({"run": 3}, "run is 3"),
        ({}, "run_id is ''"),
    ],
)
def test_runs_are_checked(page, arguments, words):
    """For each of the questions."""
    for do in ("artifacts", "artifact_preview", "artifact_download"):
        assert words in page.send(do, **{"path": "x", **arguments})["error"]


@pytest.mark.parametrize("offset", [-1, 9, "0"])
def test_an_offset_outside_is_refused(page, run, offset):
    """With the size of the file."""
    error = page.send("artifact_download", run=run, path="tables/a.csv", offset=offset)["error"]

    assert str(offset) in error


def test_a_folder_is_no_download(page, run):
    """Its files are."""
    error = page.send("artifact_download", run=run, path="tables")["error"]
    assert "'tables' is a folder" in error
    assert page.ask("artifact_preview", run=run, path="tables")["kind"] == "none"


# --- the list


def test_the_list_stands_where_no_page_is(run):
    """Outside of a kernel; by name too."""
    view = nbtrack.artifacts.show("with files")

    assert len(view) == 2
    assert "tables/a.csv" in repr(view)
    assert "tables/a.csv" in view._repr_html_()
    with pytest.raises(NotFound, match="nowhere"):
        nbtrack.artifacts.show("nowhere")


def test_names_of_files_stay_text():
    """And the name of the run."""
    for text in HOSTILE:
        allowed = "".join(c for c in text[:60] if c not in "/\\\x00")
        name = allowed.encode("utf-8", "ignore").decode()
        with nbtrack.start_run(run_name=name) as run:
            nbtrack.log_text("x", name)
        panel = panel_of(run.info.run_id)

        (bundle,) = panel.static_bundles()
        markup = Markup(bundle["text/html"])
        assert (markup.unwanted, markup.open) == ([], []), text
        assert files(Page(panel), run.info.run_id)[name]["words"] == "1 B"
