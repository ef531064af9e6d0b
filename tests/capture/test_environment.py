"""The environment, and how it is kept fresh."""

import json
import os
import random
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from git_project import make_repository, run_git

from nbtrack.capture import git
from nbtrack.capture.environment import collect_environment
from nbtrack.capture.packages import collect_packages
from nbtrack.capture.seeds import seed_digests
from nbtrack.capture.watch import EnvironmentWatch, Snapshot


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


@pytest.fixture
def watch(repository: Path) -> Iterator[EnvironmentWatch]:
    watch = EnvironmentWatch(repository)
    watch.start()
    assert watch.wait(20) is not None
    yield watch
    watch.close()


def look(watch: EnvironmentWatch) -> Snapshot:
    """What a tracked cell does before and after its code."""
    watch.refresh_if_changed()
    found = watch.wait(20)
    assert found is not None
    return found


def test_the_environment_is_plain_json_with_a_digest_of_its_content() -> None:
    """Two looks at one machine give one digest; the values survive JSON."""
    first, again = collect_environment(), collect_environment()

    assert first.digest == again.digest
    assert json.loads(json.dumps(first.as_dict())) == first.as_dict()
    assert first.python_version == ".".join(map(str, sys.version_info[:3]))
    assert first.cpu_cores == os.cpu_count()
    assert first.memory_bytes is not None
    assert first.memory_bytes > 1 << 28


def test_packages_are_those_of_importlib_metadata() -> None:
    """Reading two lines of each file finds the same names and versions as parsing it."""
    expected = {each.name: each.version for each in reversed(list(metadata.distributions()))}

    assert collect_packages() == expected


def test_a_package_without_a_readable_name_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-removed distribution does not stop the look at the others."""
    for folder, text in (
        ("gone-1.dist-info", ""),
        ("there-2.dist-info", "Name: there\nVersion: 2\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "METADATA").write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    assert collect_packages() == {"there": "2"}


def test_nothing_is_collected_again_while_nothing_changes(watch: EnvironmentWatch) -> None:
    """An unchanged project gives the very same snapshot, and it is not in doubt."""
    first = look(watch)

    assert not watch.refresh_if_changed()
    assert look(watch) is first
    assert first.as_of is None


def test_an_edit_is_seen_by_the_next_cell(watch: EnvironmentWatch, repository: Path) -> None:
    """Saving a tracked file changes the diff; the environment is not collected again."""
    before = look(watch)
    (repository / "src" / "train.py").write_text("lr = 3\n")
    after = look(watch)

    assert after.git is not None
    assert "+lr = 3" in after.git.diff
    assert after.environment is before.environment
    assert not watch.refresh_if_changed()


def test_a_commit_and_a_new_file_are_seen(watch: EnvironmentWatch, repository: Path) -> None:
    """After a commit the list of tracked files is a new one."""
    (repository / "more.py").write_text("a = 1\n")
    run_git(repository, "add", ".")
    run_git(repository, "commit", "-q", "-m", "second")
    committed = look(watch)
    (repository / "more.py").write_text("a = 2\n")
    edited = look(watch)

    assert committed.git is not None
    assert edited.git is not None
    assert committed.git.commit == run_git(repository, "rev-parse", "HEAD").strip()
    assert not committed.git.dirty
    assert "+a = 2" in edited.git.diff


def test_a_soft_reset_is_seen(watch: EnvironmentWatch, repository: Path) -> None:
    """Only the branch's own file changes then."""
    run_git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    second = look(watch)
    run_git(repository, "reset", "-q", "--soft", "HEAD~1")

    assert second.git is not None
    assert look(watch).git != second.git


def test_an_installation_is_seen(
    watch: EnvironmentWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new folder on sys.path, and then a new package in it, change the environment."""
    site = tmp_path / "site"
    for name in ("one", "two"):
        (site / f"{name}-1.dist-info").mkdir(parents=True)
        (site / f"{name}-1.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        if name == "one":
            monkeypatch.syspath_prepend(site)
        assert look(watch).environment.packages[name] == "1"


def test_a_repository_made_later_is_seen(tmp_path: Path) -> None:
    """A folder that becomes a repository gets a state."""
    watch = EnvironmentWatch(tmp_path)
    before = look(watch)
    run_git(tmp_path, "init", "-q")

    assert before.git is None
    assert look(watch).git is not None
    watch.close()


def test_too_many_files_to_watch_put_the_state_in_doubt(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be checked is marked with the moment it was seen, except when just seen."""
    monkeypatch.setattr(git, "MAX_WATCHED_FILES", 1)
    watch = EnvironmentWatch(repository)
    first = look(watch)
    later = look(watch)
    run_git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    committed = look(watch)
    last = look(watch)
    watch.close()

    assert [s.as_of for s in (first, later, committed, last)] == [
        None,
        "kernel start",
        None,
        "an earlier cell",
    ]


def test_what_is_not_there_yet_is_not_waited_for(repository: Path) -> None:
    """The first answer without waiting is None; asking does not hang."""
    watch = EnvironmentWatch(repository)

    assert watch.wait(0.01) is None
    assert watch.current() is None


def test_a_forked_child_collects_for_itself(repository: Path) -> None:
    """The thread is the parent's; a child forked before it was done starts its own."""
    watch = EnvironmentWatch(repository)
    watch.start()
    if (child := os.fork()) == 0:
        watch.refresh_if_changed()
        found = watch.wait(20)
        os._exit(0 if found is not None and found.git is not None else 1)
    watch.close()

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_seeds_tell_states_apart() -> None:
    """The digest follows the state of each generator, and is the same after the same seed."""
    random.seed(1)
    np.random.seed(1)
    first = seed_digests()
    random.random()
    second = seed_digests()
    np.random.rand()
    third = seed_digests()
    random.seed(1)
    np.random.seed(1)

    assert seed_digests() == first
    assert (second["random"] != first["random"], second["numpy"] == first["numpy"]) == (True, True)
    assert third["numpy"] != second["numpy"]


def test_looking_at_seeds_imports_nothing() -> None:
    """A generator that nobody imported has no state to tell of."""
    import subprocess

    code = (
        "import sys; from nbtrack.capture.seeds import seed_digests\n"
        "sys.modules.pop('random', None); print(seed_digests(), 'numpy' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "{} False\n"
