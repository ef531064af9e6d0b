"""The commit of HEAD, from git's own files, also right after it moved."""

from __future__ import annotations

import subprocess

import pytest

from nbtrack.capture.head import head_commit


@pytest.fixture
def git(tmp_path):
    def run(*words):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


def commit(git):
    git("commit", "--allow-empty", "-m", "x")
    return git("rev-parse", "HEAD")


def test_every_commit_is_seen_at_once(git, tmp_path):
    """What was read before holds only while git's files are the same."""
    git("init")

    for _ in range(5):
        expected = commit(git)
        assert head_commit(tmp_path / "deeper") == expected


def test_a_branch_switch_is_seen(git, tmp_path):
    """HEAD names another branch then, or a commit itself."""
    git("init", "-b", "main")
    first = commit(git)
    head_commit(tmp_path)
    git("checkout", "-b", "other")
    second = commit(git)

    assert head_commit(tmp_path) == second
    git("checkout", "main")
    assert head_commit(tmp_path) == first
    git("checkout", "--detach", second)
    assert head_commit(tmp_path) == second


def test_packed_refs_are_read(git, tmp_path):
    """`git gc` moves the branches into one file."""
    git("init")
    expected = commit(git)
    assert head_commit(tmp_path) == expected
    git("pack-refs", "--all")

    assert head_commit(tmp_path) == expected


def test_a_worktree_has_its_own_head(git, tmp_path):
    """Its `.git` is a file that says where the rest is."""
    git("init")
    first = commit(git)
    git("worktree", "add", "side")
    commit(git)

    assert head_commit(tmp_path / "side") == first


def test_no_repository_has_no_commit(tmp_path):
    """And none is made up from a broken one."""
    assert head_commit(tmp_path) is None
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".git").write_text("gitdir: nowhere")

    assert head_commit(broken) is None
