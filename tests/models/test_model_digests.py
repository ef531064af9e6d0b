"""A model whose files are not those that were logged is refused before any of it runs."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import ModelChanged
from nbtrack.models.digests import files_in, folder_digest

LOADERS = [nbtrack.sklearn.load_model, nbtrack.pyfunc.load_model]


class Bomb:
    """A pickle that leaves a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def folder(logged) -> Path:
    return Path(nbtrack.artifacts.download_artifacts(logged.model_uri))


@pytest.mark.parametrize("load", LOADERS)
def test_a_changed_pickle_is_not_run(logged, folder, tmp_path, load):
    """The error names the file, and the code in it did not run."""
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))

    with pytest.raises(ModelChanged, match=r"changed 'model.pkl'"):
        load(logged.model_uri)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("load", LOADERS)
def test_a_model_named_by_its_path_in_the_project_is_checked_too(folder, tmp_path, load):
    """get_artifact_uri gives such paths, and so do people who look into the folder."""
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))

    for name in (folder, folder.as_uri()):
        with pytest.raises(ModelChanged, match=r"changed 'model.pkl'"):
            load(name)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda folder: (folder / "requirements.txt").unlink(), "missing 'requirements.txt'"),
        (lambda folder: (folder / "sklearn.py").write_text(""), "added 'sklearn.py'"),
        (lambda folder: (folder / "conda.yaml").write_text(""), "changed 'conda.yaml'"),
        (lambda folder: (folder / "a").mkdir() or (folder / "a" / "b").write_text(""), "a/b"),
    ],
)
def test_every_file_counts(logged, folder, spoil, match):
    """Also those that are added or missing, and those that are no code."""
    spoil(folder)

    with pytest.raises(ModelChanged, match=match):
        nbtrack.sklearn.load_model(logged.model_uri)


def test_an_mlmodel_that_names_other_code_is_not_followed(logged, folder, tmp_path):
    """MLmodel decides what is imported: it is checked as well, before it is believed."""
    text = (folder / "MLmodel").read_text()
    (tmp_path / "evil_loader.py").write_text("raise SystemExit('ran')")
    (folder / "MLmodel").write_text(text.replace("mlflow.sklearn", "evil_loader"))

    with pytest.raises(ModelChanged, match="changed 'MLmodel'"):
        nbtrack.pyfunc.load_model(logged.model_uri)


def test_files_put_back_are_accepted(logged, folder):
    """It is the content that counts, not the time of the file."""
    content = (folder / "model.pkl").read_bytes()
    (folder / "model.pkl").unlink()
    (folder / "model.pkl").write_bytes(content)

    assert nbtrack.sklearn.load_model(logged.model_uri).C == 1.0


def test_a_copy_outside_of_the_project_is_the_readers_own(folder, tmp_path):
    """Nothing is recorded of it; the error above says that this is the way out."""
    (folder / "conda.yaml").write_text("")
    shutil.copytree(folder, tmp_path / "copy")

    assert nbtrack.sklearn.load_model(tmp_path / "copy").C == 1.0


def test_a_model_of_a_process_that_was_killed_is_refused(logged, folder, project):
    """Its files are there, their records are not: it may be half of one."""
    other = project / "artifacts" / ("a" * 32) / "model"
    shutil.copytree(folder, other)

    with pytest.raises(ModelChanged, match="Nothing is recorded"):
        nbtrack.sklearn.load_model(other)


KILLED = """
import os, sys
import nbtrack
from sklearn.dummy import DummyClassifier

model = DummyClassifier().fit([[0]], [0])
replaced, replace = 0, os.replace

def killed_before(most):
    def counted(source, target):
        global replaced
        if "artifacts" in str(target):
            if replaced == most:
                os._exit(9)
            replaced += 1
        replace(source, target)
    return counted

nbtrack.set_tracking_uri(sys.argv[1])
for most in map(int, sys.argv[2:]):
    if (child := os.fork()) == 0:
        run = nbtrack.start_run()
        print(run.run_id, flush=True)
        os.replace = killed_before(most)
        nbtrack.sklearn.log_model(model, name="model")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
"""


def test_a_kill_between_two_files_leaves_no_model(project):
    """MLmodel comes last, so that no reader, MLflow included, takes the rest for a model."""
    files = ["0", "1", "3"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(project), *files],
        capture_output=True,
        text=True,
        check=True,
    )
    run_ids = done.stdout.split()

    assert len(run_ids) == len(files)
    for run_id in run_ids:
        assert not (project / "artifacts" / run_id / "model" / "MLmodel").exists()
        with pytest.raises(nbtrack.NbtrackError):
            nbtrack.sklearn.load_model(f"runs:/{run_id}/model")


def test_the_digest_can_be_computed_with_common_tools(folder, logged):
    """The formula in the docstring, by sha256sum."""
    command = r"find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)

    assert logged.digest == folder_digest(files_in(folder)) == f"sha256:{done.stdout.split()[0]}"
