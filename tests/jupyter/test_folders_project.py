"""Which project the side panel shows for the folder of a notebook: that of a kernel there."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.jupyter.project import project_of
from nbtrack.settings import find_project_folder

OURS = ("NBTRACK_DIR", "NBTRACK_TRACKING_URI", "MLFLOW_TRACKING_URI")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a repository in it, and a folder of that."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "deep").mkdir()
    return tmp_path


def test_the_nearest_one(root: Path) -> None:
    project = project_of(root, "repo/deep")

    assert project.folder == find_project_folder(root / "repo" / "deep")
    assert project.folder == root / "repo" / ".nbtrack"
    assert project.title == "repo"


def test_a_variable_names_one_in_each_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is below the kernel's folder, not below the server's."""
    monkeypatch.setenv("NBTRACK_DIR", "runs")

    assert project_of(root, "repo").folder == root / "repo" / "runs"
    assert project_of(root, "").folder == root / "runs"


def test_the_project_file_of_that_folder(root: Path) -> None:
    (root / "repo" / "pyproject.toml").write_text('[tool.nbtrack]\nfolder = "data/runs"\n')

    assert project_of(root, "repo/deep").folder == root / "repo" / "data" / "runs"


def test_of_a_server_only_the_address(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks it: an address in a folder that was cloned is not gone to by looking."""
    monkeypatch.setenv("NBTRACK_TRACKING_URI", "https://ada:secret@team.example.org")
    project = project_of(root, "repo")

    assert (project.folder, project.title) == (None, "https://team.example.org")


@pytest.mark.parametrize("folder", ["../..", "repo/../../etc", "..\\..", "a\0b"])
def test_no_folder_above(root: Path, folder: str) -> None:
    with pytest.raises(InvalidValue, match="no folder below"):
        project_of(root / "repo", folder)
