"""The state of a real repository, and where there is none."""

import os
from pathlib import Path

import pytest
from git_project import make_repository, notebook, run_git

from nbtrack.capture import git
from nbtrack.capture.git import GitState, collect_git, watched_files
from nbtrack.capture.redact import mask_diff, without_credentials


def state(folder: Path) -> GitState:
    found = collect_git(folder)
    assert found is not None
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


def test_a_clean_repository(repository: Path) -> None:
    """Commit and branch, seen from a folder inside; nothing differs."""
    found = state(repository / "src")

    assert found.commit == run_git(repository, "rev-parse", "HEAD").strip()
    assert (found.branch, found.dirty, found.diff, found.diff_note) == ("main", False, "", None)
    assert Path(found.root) == repository.resolve()


def test_edits_of_tracked_files_are_the_diff(repository: Path) -> None:
    """Staged or not they count; files that git does not know do not."""
    (repository / "src" / "train.py").write_text("lr = 2\n")
    (repository / "staged.py").write_text("new = 1\n")
    (repository / "unknown.py").write_text("secret plans\n")
    run_git(repository, "add", "staged.py")
    found = state(repository / "src")

    assert found.dirty
    assert "-lr = 1\n+lr = 2\n" in found.diff
    assert "+new = 1\n" in found.diff
    assert "plans" not in found.diff


def test_outputs_of_a_notebook_are_no_change(repository: Path) -> None:
    """Running a notebook leaves the state clean; its file differs all the same."""
    (repository / "eda.ipynb").write_text(notebook("x = 1", output="42"))

    assert run_git(repository, "status", "--short") == " M eda.ipynb\n"
    assert not state(repository).dirty


def test_of_a_notebook_the_code_is_compared(repository: Path) -> None:
    """The diff shows code cells, without the JSON around them."""
    (repository / "eda.ipynb").write_text(notebook("x = 1", "y = 2", output="42"))
    found = state(repository)

    assert found.dirty
    assert "--- a/eda.ipynb" in found.diff
    assert "+y = 2\n" in found.diff
    assert "42" not in found.diff


def test_a_damaged_notebook_is_noted(repository: Path) -> None:
    """A file with conflict marks cannot be compared; the note says which one it was."""
    (repository / "eda.ipynb").write_text("<<<<<<< HEAD\n")

    assert state(repository).diff_note == "eda.ipynb is no readable notebook"


def test_a_new_and_a_deleted_notebook_are_compared_with_nothing(repository: Path) -> None:
    """Each side may be missing."""
    (repository / "eda.ipynb").unlink()
    (repository / "new.ipynb").write_text(notebook("z = 3"))
    run_git(repository, "add", "new.ipynb")
    diff = state(repository).diff

    assert "-x = 1\n" in diff
    assert "+z = 3\n" in diff


def test_a_long_diff_is_cut_at_whole_lines(repository: Path) -> None:
    """At most one MiB is kept, and the note says so."""
    (repository / "src" / "train.py").write_text("".join(f"line {i}\n" for i in range(200_000)))
    found = state(repository)

    assert git.MAX_DIFF_BYTES - 100 < len(found.diff) <= git.MAX_DIFF_BYTES
    assert found.diff.endswith("\n")
    assert found.diff_note == "cut after 1 MiB"


def test_names_with_spaces_and_accents_work(repository: Path) -> None:
    """Paths come through as they are."""
    (repository / "é tude.ipynb").write_text(notebook("a = 1"))
    run_git(repository, "add", ".")

    assert "+++ b/é tude.ipynb" in state(repository).diff


def test_before_the_first_commit_there_is_a_branch(tmp_path: Path) -> None:
    """A new repository has no commit to compare with, and that is said."""
    run_git(tmp_path, "init", "-q", "-b", "trunk")
    found = state(tmp_path)

    assert (found.commit, found.branch, found.diff_note) == (None, "trunk", "no commit yet")
    assert not found.dirty


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    """The commit is known, the branch is none."""
    run_git(repository, "checkout", "-q", "--detach")
    found = state(repository)

    assert found.branch is None
    assert found.commit is not None


def test_without_a_repository_there_is_no_state(tmp_path: Path) -> None:
    """A folder outside of any repository, or one that is not there, has none."""
    assert collect_git(tmp_path) is None
    assert collect_git(tmp_path / "gone") is None
    assert watched_files(tmp_path).tracked == ()


def test_without_git_there_is_no_state(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the program is no error."""
    monkeypatch.setenv("PATH", "")

    assert collect_git(repository) is None


def test_a_git_that_hangs_is_given_up(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not answer is ended."""
    program = repository.parent / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT_SECONDS", 0.2)

    assert collect_git(repository) is None


def test_looking_writes_nothing_and_runs_no_driver(repository: Path) -> None:
    """Neither the index nor any other file changes, and programs named in settings do not run."""
    run_git(repository, "config", "diff.external", "touch ran")
    run_git(repository, "config", "core.fsmonitor", "touch ran; false")
    (repository / "src" / "train.py").write_text("lr = 2\n")
    before = {p: p.stat().st_mtime_ns for p in repository.rglob("*")}
    found = state(repository)

    assert "+lr = 2" in found.diff
    assert {p: p.stat().st_mtime_ns for p in repository.rglob("*")} == before


def test_the_remote_has_no_credentials(repository: Path) -> None:
    """A token in the address stays where it is."""
    run_git(repository, "remote", "add", "fork", "https://example.org/fork.git")
    run_git(repository, "remote", "add", "origin", "https://ana:t0ken@example.org/churn.git")

    assert state(repository).remote == "https://example.org/churn.git"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("git@example.org:team/churn.git", "git@example.org:team/churn.git"),
        ("ana:pw@example.org:churn.git", "ana@example.org:churn.git"),
        ("ssh://git@example.org/churn", "ssh://example.org/churn"),
        ("https://a:p@ss@example.org/x", "https://example.org/x"),
        ("https://x.org/d?token=abc&v=1#top", "https://x.org/d?token=***&v=1#top"),
        ("s3://b/d?X-Amz-Signature=abc&n=1", "s3://b/d?X-Amz-Signature=***&n=1"),
        ("/srv/git/churn.git", "/srv/git/churn.git"),
    ],
)
def test_addresses_are_kept_without_secrets(url: str, safe: str) -> None:
    """User and password go, and the values of query fields that look like secrets."""
    assert without_credentials(url) == safe


@pytest.mark.parametrize(
    "line",
    [
        '+api_key = "s3cr3t"',
        "-    password: str = 's3cr3t'",
        '+client = Client(token="s3cr3t", retries=3)',
        '     "secret": "s3cr3t",',
        '+os.environ["AWS_SECRET_ACCESS_KEY"] = "s3cr3t"',
        "+export GITHUB_TOKEN=s3cr3t",
        '+KEY = "s3cr3t"  # "mine"',
        "diff --git a/conf/app.yaml b/conf/app.yaml\n+password: s3cr3t",
    ],
)
def test_literals_given_to_secret_names_are_masked(line: str) -> None:
    """The rest of the line stays, so that one still sees what changed."""
    masked = mask_diff(line)

    assert "s3cr3t" not in masked
    assert masked == line.replace("s3cr3t", "***")


@pytest.mark.parametrize(
    "line", ['+tokenizer = "bert-base"', "+token = tokens[0]", '+monkey = "x"', "+keys = ['a']"]
)
def test_other_names_are_not_masked(line: str) -> None:
    """A word that only begins or ends like a secret's name is none."""
    assert mask_diff(line) == line


def test_lines_that_nobody_typed_are_left_out() -> None:
    """Minified code and data in one line say nothing to a reader, and take long to search."""
    assert mask_diff(f"+a = 1\n+{'a.b-c' * 1000}\n") == "+a = 1\n+… 5002 characters left out …\n"
