"""Artifacts in a local folder: where they go, what is refused, and that nothing is half-written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.errors import ArtifactNotFound, InvalidValue
from nbtrack.records.runs import FileInfo

BAD_PATHS = [
    *("", "/", "/etc/passwd", "../x", "a/../../x", "a/..", "a//b", "a/", "."),
    *("C:/x", "c:x", "C:\\x", "a\\b", "..\\x", "\\\\host\\share", "a\0b", "\udc80"),
    *(f"{TEMPORARY}x", f"a/{TEMPORARY}x/b", "n" * 256, "ü" * 128, "a/" * 501 + "a"),
]


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifacts:
    return LocalArtifacts(tmp_path / "artifacts" / "run1", run_id="run1")


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_write_makes_the_folder_and_returns_size_and_digest(artifacts):
    """The folder appears with the first file; the record of it is exact."""
    assert not artifacts.folder.exists()

    info = artifacts.write("plots/loss.txt", b"0.1")

    digest = hashlib.sha256(b"0.1").hexdigest()
    assert info == FileInfo(path="plots/loss.txt", is_dir=False, file_size=3, sha256=digest)
    assert artifacts.read("plots/loss.txt") == b"0.1"
    assert artifacts.sha256("plots/loss.txt") == digest


def test_reading_makes_nothing(artifacts):
    """A run without artifacts has an empty list, not an empty folder."""
    assert artifacts.list() == []
    assert list(artifacts.walk()) == []
    artifacts.delete()

    assert not artifacts.folder.parent.exists()


def test_writing_again_replaces_the_file(artifacts):
    """The later content stands, with its own digest."""
    artifacts.write("a.txt", b"a long first version")
    info = artifacts.write("a.txt", b"short")

    assert artifacts.read("a.txt") == b"short"
    assert info.sha256 == artifacts.sha256("a.txt")


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_wrong_path_is_refused_and_writes_nothing(artifacts, tmp_path, path):
    """Only relative POSIX paths that stay in the run's folder are taken."""
    with pytest.raises(InvalidValue):
        artifacts.write(path, b"x")

    assert everything_below(tmp_path) == []


@pytest.mark.parametrize("path", ["/", "../x", "/etc/passwd", "a/../../x", "a\\b", "C:/x"])
def test_reading_refuses_the_same_paths(artifacts, path):
    """list, read, download and delete look at no other folder either."""
    artifacts.write("x", b"x")

    for look in (artifacts.list, artifacts.read, artifacts.download, artifacts.delete):
        with pytest.raises(InvalidValue):
            look(path)


def test_the_error_names_the_path_and_the_cure(artifacts):
    """The message says which path, why, and how it should look."""
    with pytest.raises(InvalidValue, match=r"'\.\./x' leaves .*Use a relative path.*loss\.png"):
        artifacts.write("../x", b"")


def test_symlinks_that_lead_out_are_refused(artifacts, tmp_path):
    """A link planted in the run's folder gives no way to a file outside of it."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    artifacts.write("a.txt", b"a")
    (artifacts.folder / "link.txt").symlink_to(secret)
    (artifacts.folder / "out").symlink_to(tmp_path)

    for look in (artifacts.read, artifacts.download, artifacts.delete, artifacts.sha256):
        with pytest.raises(InvalidValue, match="symlink"):
            look("link.txt")
    for path in ("link.txt", "out/secret.txt", "out/new.txt"):
        with pytest.raises(InvalidValue, match="symlink"):
            artifacts.write(path, b"overwritten")
    with pytest.raises(InvalidValue, match="symlink"):
        artifacts.list("out")
    assert [info.path for info in artifacts.list()] == ["a.txt"]
    assert [info.path for info in artifacts.walk()] == ["a.txt"]
    assert secret.read_bytes() == b"secret"
    assert not (tmp_path / "new.txt").exists()


def test_a_symlink_to_itself_is_refused(artifacts):
    """A link that leads nowhere is an error, not an endless search."""
    artifacts.write("a.txt", b"a")
    (artifacts.folder / "loop").symlink_to("loop")

    with pytest.raises(InvalidValue):
        artifacts.read("loop")
    assert [info.path for info in artifacts.list()] == ["a.txt"]


def test_a_link_back_to_the_folder_does_not_make_the_walk_endless(artifacts):
    """Each file is met once, by its own path."""
    artifacts.write("a/b.txt", b"b")
    (artifacts.folder / "a" / "up").symlink_to(artifacts.folder)

    assert [info.path for info in artifacts.walk()] == ["a/b.txt"]


def test_the_artifact_folder_itself_may_be_a_symlink(artifacts, tmp_path):
    """Moving the artifacts to a bigger disk and linking to it works."""
    (tmp_path / "big").mkdir()
    (tmp_path / "artifacts").symlink_to(tmp_path / "big")

    artifacts.write("a.txt", b"a")

    assert (tmp_path / "big" / "run1" / "a.txt").read_bytes() == b"a"


def test_a_file_is_no_folder_and_a_folder_no_file(artifacts):
    """Writing through a file or onto a folder is refused with its name."""
    artifacts.write("a/b.txt", b"b")

    with pytest.raises(InvalidValue, match="names a folder"):
        artifacts.write("a", b"x")
    with pytest.raises(InvalidValue, match="which is a file"):
        artifacts.write("a/b.txt/c/d.txt", b"x")
    with pytest.raises(InvalidValue, match="is a folder"):
        artifacts.read("a")
    assert everything_below(artifacts.folder) == ["a", "a/b.txt"]


def test_a_missing_artifact_names_path_and_run(artifacts):
    """Unknown paths raise one error, which is a KeyError too."""
    for look in (artifacts.read, artifacts.sha256, artifacts.path_of, artifacts.delete):
        with pytest.raises(ArtifactNotFound, match=r"'gone/x\.txt' in run run1"):
            look("gone/x.txt")
    assert issubclass(ArtifactNotFound, KeyError)


def test_list_shows_one_level_as_mlflow_does(artifacts):
    """Paths are relative to the run, sorted; folders have no size; unfinished files are hidden."""
    for path in ("b.txt", "a/deep/x.txt", "a/y.txt"):
        artifacts.write(path, b"12")
    (artifacts.folder / f"{TEMPORARY}0").write_bytes(b"half")

    assert artifacts.list() == [
        FileInfo(path="a", is_dir=True, file_size=None),
        FileInfo(path="b.txt", is_dir=False, file_size=2),
    ]
    assert [info.path for info in artifacts.list("a/")] == ["a/deep", "a/y.txt"]
    assert artifacts.list("b.txt") == artifacts.list("missing") == []
    assert [info.path for info in artifacts.walk()] == ["a/deep/x.txt", "a/y.txt", "b.txt"]


def test_mlflow_lists_the_same_files(artifacts):
    """MLflow's own reader of local artifacts sees what we see."""
    repository = pytest.importorskip("mlflow.store.artifact.local_artifact_repo")
    for path in ("b.txt", "a/x.txt", "ünï côdé.txt"):
        artifacts.write(path, b"12")

    theirs = repository.LocalArtifactRepository(artifacts.folder.as_uri()).list_artifacts()

    ours = [(info.path, info.is_dir, info.file_size) for info in artifacts.list()]
    assert ours == [(info.path, info.is_dir, info.file_size) for info in theirs]


def test_add_file_keeps_the_name(artifacts, tmp_path):
    """A logged file goes into the folder artifact_path; a logged folder keeps its name."""
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / "sub" / "x.csv").write_bytes(b"x")

    file = artifacts.add_file(data / "sub" / "x.csv", "tables")
    folder = artifacts.add_file(data)
    deeper = artifacts.add_file(f"{data}/", "copy")

    assert [info.path for info in (*file, *folder, *deeper)] == [
        *("tables/x.csv", "data/sub/x.csv", "copy/data/sub/x.csv")
    ]
    assert file[0].sha256 == hashlib.sha256(b"x").hexdigest()


def test_add_folder_copies_the_contents(artifacts, tmp_path):
    """log_artifacts puts what the folder holds at artifact_path, or at the top."""
    (tmp_path / "src" / "sub").mkdir(parents=True)
    (tmp_path / "src" / "a").write_bytes(b"a")
    (tmp_path / "src" / "sub" / "b").write_bytes(b"b")

    assert [info.path for info in artifacts.add_folder(tmp_path / "src")] == ["a", "sub/b"]
    assert [info.path for info in artifacts.add_folder(tmp_path / "src", "in/it")] == [
        *("in/it/a", "in/it/sub/b")
    ]


@pytest.mark.parametrize("artifact_path", ["../up", "/abs", "a//b", "C:\\x"])
def test_a_wrong_artifact_path_copies_nothing(artifacts, tmp_path, artifact_path):
    """The folder named for copies obeys the same rules."""
    (tmp_path / "a.txt").write_bytes(b"a")

    with pytest.raises(InvalidValue):
        artifacts.add_file(tmp_path / "a.txt", artifact_path)
    assert everything_below(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["missing.txt", "pipe", "nul\0"])
def test_what_is_no_file_is_refused_with_its_name(artifacts, tmp_path, name):
    """A missing file is an error of ours; a pipe does not hang the cell."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InvalidValue, match=name.rstrip("\0")):
        artifacts.add_file(tmp_path / name)
    with pytest.raises(InvalidValue, match="Cannot log the contents"):
        artifacts.add_folder(tmp_path / name)


def test_symlinks_inside_a_copied_folder_become_files(artifacts, tmp_path):
    """A link is stored as what it points to, so that the copy stands alone."""
    source = tmp_path / "src"
    (source / "v2").mkdir(parents=True)
    (source / "v2" / "m.bin").write_bytes(b"model")
    (source / "latest").symlink_to("v2")
    (source / "best.bin").symlink_to(source / "v2" / "m.bin")

    stored = [info.path for info in artifacts.add_folder(source)]

    assert stored == ["best.bin", "latest/m.bin", "v2/m.bin"]
    assert not any((artifacts.folder / path).is_symlink() for path in (*stored, "latest"))


@pytest.mark.parametrize("goal", ["../secret.txt", "/etc", "nowhere", ".", "sub"])
def test_a_symlink_that_cannot_be_copied_is_named(artifacts, tmp_path, goal):
    """Links out of the folder, to nothing or in a circle stop the copy before its first byte."""
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "src" / "sub").mkdir(parents=True)
    (tmp_path / "src" / "a.txt").write_bytes(b"a")
    (tmp_path / "src" / "sub" / "the_link").symlink_to(
        tmp_path / "src" / goal if goal in (".", "sub") else goal
    )

    with pytest.raises(InvalidValue, match="the_link"):
        artifacts.add_folder(tmp_path / "src")
    assert not artifacts.folder.exists()


def test_logging_the_working_folder_leaves_the_project_out(tmp_path):
    """`log_artifacts(".")` copies neither the store nor the artifacts into themselves."""
    project = tmp_path / ".nbtrack"
    artifacts = LocalArtifacts(project / "artifacts" / "run1")
    (tmp_path / "notes.txt").write_bytes(b"n")
    artifacts.write("earlier.txt", b"e")
    (project / "nbtrack.duckdb").write_bytes(b"")
    elsewhere = LocalArtifacts(tmp_path / "kept" / "run2")
    elsewhere.write("earlier.txt", b"e")

    assert [info.path for info in artifacts.add_folder(tmp_path)] == [
        *("kept/run2/earlier.txt", "notes.txt")
    ]
    assert [info.path for info in elsewhere.add_folder(tmp_path)] == ["notes.txt"]
    with pytest.raises(InvalidValue, match="database of nbtrack"):
        artifacts.add_file(project / "nbtrack.duckdb")


def test_unicode_and_odd_names_survive(artifacts, tmp_path):
    """Names are kept as they are: accents, emoji, spaces, percent signs, colons, leading dots."""
    names = ["ünï côdé", "表", "🚀.txt", "a b", "50%.txt", "12:30.txt", ".hidden", "a#b?c", "-x"]
    for name in names:
        artifacts.write(f"d/{name}", name.encode())

    assert {info.path for info in artifacts.walk()} == {f"d/{name}" for name in names}
    assert all(artifacts.read(f"d/{name}") == name.encode() for name in names)


def test_download_without_a_destination_is_the_file_itself(artifacts):
    """Local artifacts need no copy, as in MLflow; without a path it is the whole folder."""
    artifacts.write("a/b.txt", b"b")

    assert artifacts.download("a/b.txt") == artifacts.folder / "a" / "b.txt"
    assert artifacts.download("a/") == artifacts.folder / "a"
    assert artifacts.download() == artifacts.folder


def test_download_copies_into_the_destination(artifacts, tmp_path):
    """A destination, made if need be, gets the file or folder under its own name."""
    artifacts.write("a/b.txt", b"b")
    artifacts.write("a/d/e.txt", b"e")
    artifacts.write("c.txt", b"c")

    assert artifacts.download("a/b.txt", tmp_path / "one") == tmp_path / "one" / "b.txt"
    assert artifacts.download("a/d", tmp_path / "two") == tmp_path / "two" / "d"
    assert artifacts.download(None, tmp_path / "all") == tmp_path / "all"
    assert everything_below(tmp_path / "two") == ["d", "d/e.txt"]
    assert everything_below(tmp_path / "all") == ["a", "a/b.txt", "a/d", "a/d/e.txt", "c.txt"]
    with pytest.raises(InvalidValue, match="not a folder"):
        artifacts.download("c.txt", tmp_path / "one" / "b.txt")


def test_delete_removes_a_file_a_folder_or_all(artifacts):
    """What is named is gone, the rest stays."""
    for path in ("a/b.txt", "a/c.txt", "d/e.txt"):
        artifacts.write(path, b"x")

    artifacts.delete("a/b.txt")
    assert [info.path for info in artifacts.walk()] == ["a/c.txt", "d/e.txt"]
    artifacts.delete("a")
    with pytest.raises(InvalidValue):
        artifacts.delete("")
    assert [info.path for info in artifacts.walk()] == ["d/e.txt"]
    artifacts.delete()
    assert not artifacts.folder.exists()


def test_delete_never_empties_a_working_folder(tmp_path, monkeypatch):
    """A wrong artifact location in a record must not cost the user's own files."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    with pytest.raises(InvalidValue, match="by hand"):
        LocalArtifacts(tmp_path).delete()
    assert (tmp_path / "work").exists()


def test_a_change_of_folder_does_not_move_the_store(tmp_path, monkeypatch):
    """A relative location is fixed when the store is opened."""
    monkeypatch.chdir(tmp_path)
    artifacts = LocalArtifacts(Path("here"))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    artifacts.write("a.txt", b"a")

    assert (tmp_path / "here" / "a.txt").exists()


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_to_an_open_database_is_not_opened(tmp_path, link):
    """Closing it again would drop the lock that DuckDB holds, whatever it is called."""
    from nbtrack.stores.local.duckdb import DuckDBStore

    store = DuckDBStore(tmp_path / "project")
    store.append('{"k":"run","r":"a","t":1,"x":{}}\n')
    assert store.fold()
    other_name = tmp_path / "results.bin"
    getattr(other_name, link)(store.database)

    with pytest.raises(InvalidValue, match="the database of nbtrack itself"):
        LocalArtifacts(tmp_path / "artifacts" / "run1").add_file(other_name)
    store.close()


def test_artifacts_of_another_run(artifacts, tmp_path, monkeypatch):
    """Are there under a further name, and a copy where the disk has no such names; what is
    written later in place of one does not change the other."""
    one, other = artifacts, LocalArtifacts(tmp_path / "other")
    one.write("model/a.bin", b"first")
    other.link_all({"model/a.bin": one.path_of("model/a.bin")})
    assert os.path.samefile(one.path_of("model/a.bin"), other.path_of("model/a.bin"))
    one.write("model/a.bin", b"second")
    assert other.read("model/a.bin") == b"first"

    def refuse(source: Path, *_arguments: object, **_keywords: object) -> None:
        raise PermissionError("no links here") if source.exists() else FileNotFoundError

    copies = LocalArtifacts(tmp_path / "copies")
    monkeypatch.setattr(os, "link", refuse)
    copies.link_all({"a.bin": one.path_of("model/a.bin"), "b.bin": one.path_of("model/a.bin")})
    monkeypatch.undo()
    assert (copies.read("a.bin"), copies.read("b.bin")) == (b"second", b"second")
    assert everything_below(copies.folder) == ["a.bin", "b.bin"]


def test_an_artifact_that_is_not_there_gets_the_nearest(tmp_path):
    """Of all that the run has, at any depth."""
    store = LocalArtifacts(tmp_path)
    store.write("plots/loss.png", b"x")
    with pytest.raises(ArtifactNotFound, match=r"Did you mean 'plots/loss\.png'\?"):
        store.read("plot/loss.png")
