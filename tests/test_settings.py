"""Where the project is, and where each setting comes from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from nbtrack.cli.main import main
from nbtrack.cli.mlflow_variables import variables_told
from nbtrack.cli.place import find_place
from nbtrack.errors import InvalidValue
from nbtrack.recording.session import Session
from nbtrack.settings import Settings, find_project_folder, is_temporary
from nbtrack.stores.opening import without_password


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, from which we work, and no setting of whoever runs the tests."""
    place = tmp_path / "users" / "ada"
    place.mkdir(parents=True)
    for name in os.environ:
        if name.startswith("NBTRACK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.chdir(place)
    return place


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- where


def test_the_nearest_project_going_up_is_found(home: Path) -> None:
    """Not one further out."""
    made(home / "work" / ".nbtrack")
    inner = made(home / "work" / "a" / ".nbtrack")
    assert find_project_folder(made(home / "work" / "a" / "b" / "c")) == inner


def test_a_new_project_is_made_at_the_git_root(home: Path) -> None:
    """So that all notebooks of a repository share one; a worktree's .git is a file."""
    deep = made(home / "repo" / "notebooks" / "deep")
    (home / "repo" / ".git").write_text("gitdir: elsewhere")
    assert find_project_folder(deep) == home / "repo" / ".nbtrack"


def test_the_walk_ends_at_the_git_root(home: Path) -> None:
    """What lies above a repository is somebody else's project."""
    made(home / "outer" / ".nbtrack")
    made(home / "outer" / "repo" / ".git")
    start = made(home / "outer" / "repo" / "src")
    assert find_project_folder(start) == home / "outer" / "repo" / ".nbtrack"


def test_without_git_a_new_project_is_made_here(home: Path) -> None:
    """In the working folder itself."""
    start = made(home / "plain")
    assert find_project_folder(start) == start / ".nbtrack"


@pytest.mark.parametrize("what", [".nbtrack", ".git"])
def test_the_home_folder_is_no_project_of_what_is_below(home: Path, what: str) -> None:
    """Neither its .nbtrack nor its dot-files' repository; in the home folder itself they count."""
    made(home / what)
    start = made(home / "plain")
    assert find_project_folder(start) == start / ".nbtrack"
    assert find_project_folder(home) == home / ".nbtrack"


def test_nothing_above_the_home_folder_is_a_project(home: Path) -> None:
    """A folder that all users share is not where my runs belong."""
    made(home.parent / ".nbtrack")
    start = made(home / "plain")
    assert find_project_folder(start) == start / ".nbtrack"


def test_the_store_stays_where_it_was_first_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`%cd` does not move it; `set_tracking_uri(None)` finds it afresh."""
    session = Session()
    here, there = made(home / "here"), made(home / "there")
    monkeypatch.chdir(here)
    assert session.store.uri == (here / ".nbtrack").as_uri()
    monkeypatch.chdir(there)
    assert session.store.uri == (here / ".nbtrack").as_uri()
    session.set_tracking_uri(None)
    assert session.store.uri == (there / ".nbtrack").as_uri()


@pytest.mark.parametrize("form", ["path", "file:", "file://", "~"])
def test_a_path_or_file_uri_names_a_project_folder(home: Path, form: str) -> None:
    """Each of the ways to write it."""
    place = home / "a b #1 %41"
    uri = {"path": str(place), "file:": place.as_uri().replace("file://", "file:"),
           "file://": place.as_uri(), "~": "~/a b #1 %41"}[form]  # fmt: skip
    session = Session()
    session.set_tracking_uri(uri)
    assert session.store.uri == place.as_uri()


@pytest.mark.parametrize("uri", ["ftp://example.org", "postgresql://x/y", "file://host/x"])
def test_an_unknown_kind_of_place_is_refused_at_once(home: Path, uri: str) -> None:
    """Not at the first log; the message says what to write, and the store stays what it was."""
    session = Session()
    before = session.store
    with pytest.raises(InvalidValue, match="folder"):
        session.set_tracking_uri(uri)
    assert session.store is before


@pytest.mark.parametrize("name", ["NBTRACK_DIR", "NBTRACK_TRACKING_URI"])
def test_the_environment_overrides_the_place(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """And the tracking URI set in code overrides the environment."""
    made(home / ".nbtrack")
    monkeypatch.setenv(name, str(home / "env"))
    session = Session()
    assert session.store.uri == (home / "env").as_uri()
    session.set_tracking_uri(home / "code")
    assert session.store.uri == (home / "code").as_uri()
    session.set_tracking_uri(None)
    assert session.store.uri == (home / "env").as_uri()


def test_a_server_that_mlflows_variable_names_is_followed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing of ours says where to record; not where it says who we are, for that would be
    shown with the address, nor where only MLflow could open it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://team.example.org/ml")
    assert Settings.load().tracking_uri == "https://team.example.org/ml"
    monkeypatch.setenv("NBTRACK_DIR", str(home / "ours"))
    assert (Settings.load().tracking_uri, Settings.load().folder) == (None, str(home / "ours"))
    monkeypatch.delenv("NBTRACK_DIR")
    others = ("https://me:word@host", "postgresql://host/db", "databricks")
    others = (*others, "postgresql://me:word@host/db")
    for other in (*others, "http://me:wo/rd@host", "http://host/?token=word", "http://host#word"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", other)
        assert Settings.load().tracking_uri is None
        with pytest.raises(InvalidValue) as refused:
            Session().set_tracking_uri(other if "://" in other else f"{other}://")
        assert "word" not in str(refused.value)
        assert "word" not in without_password(other)


@pytest.mark.parametrize(
    "form",
    ["http://me:W@host/x", "http://:W@host", "http:///me:W@h", "http://me:W@", "http:me:W@host",
     "http:/me:W@host", "HTTP://me:W", "http://host:W/x", "http://me:W%40host", "me:W@host",
     "//me:W@host", " http://me:W@host", '"http://me:W@host"', "http://host?token=W", "host:1/?t=W",
     "http://host/a;password=W", "http://a?b=me:W@c", "postgresql:///me:W@h/d", "a_b://me:W@h",
     "postgresql:///db?host=h&password=W", "sqlite:////x?password=W", "é://me:W@h", "x://me:W@h",
     "sqlite+pysqlcipher://:W@/x.db", "mysql+pymysql:///me:W@h", "postgresql:me:W@h/d",
     "http://me:W@W@host", "http://me\n:W@host", "postgresql://a:1,b:W/db", "ftp:///me:W"],
)  # fmt: skip
@pytest.mark.parametrize("word", ["word", "wo/word", "wo:word", "#word", "?word", "wo\nrd"])
def test_no_password_is_shown(form: str, word: str) -> None:
    """Wherever an address has one, and whatever else it lacks."""
    shown = without_password(form.replace("W", word))
    if "@" in form:
        shown += without_password(form.replace("W", f"wo@{word}"))
    assert "word" not in shown
    assert "rd" not in shown


@pytest.mark.parametrize(
    "uri",
    ["http://host:80/ml", "https://a.b", "http://[::1]:9/x", "http://[::1:9/x", "postgresql:///db",
     "postgresql://a:1,b:2/db", "s3://bucket/a b", "sqlite:////home/me@x/a:b.db", "C:\\me@x",
     "/home/me:you@x", "file:///home/me:you@x", "runs", "./a@b", "maybe://"],
)  # fmt: skip
def test_a_place_without_one_is_shown(uri: str) -> None:
    assert without_password(uri) == uri


def test_a_server_of_mlflows_does_not_take_over_a_project(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was recorded here goes on here, which is said with the cure; an empty folder of that
    name is no project, and where the address is followed, that is said."""
    address = "http://127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(home / "servers"))
    project = made(home / "w" / ".nbtrack")
    monkeypatch.chdir(made(home / "w" / "notebooks"))
    assert Session().store.uri == address
    assert f"logging to {address} (MLFLOW_TRACKING_URI)" in caplog.text

    made(project / "journal")
    assert Session().store.uri == project.as_uri()
    assert Settings.load(place=made(home.parent / "other")).tracking_uri == address
    said = caplog.text.partition(str(project))[2]
    assert address in said
    assert "NBTRACK_TRACKING_URI" in said
    assert find_place(None).folder == project
    assert any("a project is here already" in line for line in variables_told())


def test_a_folder_we_may_not_look_into_holds_no_project(home: Path) -> None:
    """The walk goes on, and raises nothing."""
    link = home / "loop"
    link.symlink_to(link)
    start = made(home / "plain")
    (start / ".nbtrack").symlink_to(link)
    assert find_project_folder(start) == start / ".nbtrack"


# --- which value


def test_argument_environment_project_file_default_in_that_order(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one that says something counts."""
    assert Settings.load().experiment is None
    (home / "pyproject.toml").write_text("[tool.nbtrack]\nexperiment = 'file'\nquiet = true\n")
    assert Settings.load().experiment == "file"
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "environment")
    assert Settings.load().experiment == "environment"
    assert Settings.load(experiment="argument").experiment == "argument"
    assert Settings.load(experiment=None).experiment == "environment"
    assert Settings.load().quiet is True


def test_the_project_file_is_the_one_beside_the_project(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found from deep below, as the project is; its folder is relative to the file."""
    made(home / "repo" / ".git")
    file = home / "repo" / "pyproject.toml"
    file.write_text("[tool.nbtrack]\nfolder = 'data/runs'\n")
    monkeypatch.chdir(made(home / "repo" / "a" / "b"))
    assert Settings.load().folder == str(home / "repo" / "data" / "runs")
    file.write_text("[tool.nbtrack]\nfolder = '~/runs'\n")
    assert Settings.load().folder == str(home / "runs")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("quite = true", r"pyproject\.toml.*no setting 'quite'.*quiet"),
        ("quiet = 'maybe'", r"pyproject\.toml.*quiet is 'maybe'; write 1 or 0"),
        ("experiment = 3", r"experiment is 3; write a text"),
    ],
)
def test_a_wrong_line_in_the_project_file_is_named(home: Path, line: str, told: str) -> None:
    """With the file it is in and what may stand there; the other lines hold."""
    (home / "pyproject.toml").write_text(f"[tool.nbtrack]\n{line}\ninfer = false\n")
    problems: list[str] = []
    found = Settings.load(problems, user="ada")

    assert found == Settings(user="ada", infer=False)
    assert len(problems) == 1
    assert re.search(told, problems[0])


@pytest.mark.parametrize("content", [b"[tool", b"\xff\xfe", b"", b"[project]\nname = 'x'\n"])
def test_a_project_file_that_says_nothing_is_no_error(home: Path, content: bytes) -> None:
    """Broken files are complained about by other tools, and better."""
    (home / "pyproject.toml").write_bytes(content)
    assert Settings.load(user="ada") == Settings(user="ada")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("yes", True), ("ON", True), ("0", False), ("", False)]
)
def test_switches_are_written_in_many_ways(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    """As in shells and other tools."""
    monkeypatch.setenv("NBTRACK_QUIET", text)
    assert Settings.load().quiet is value


def test_a_switch_that_is_neither_counts_as_not_set(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the project file says then holds; as an argument it is refused."""
    monkeypatch.setenv("NBTRACK_QUIET", "maybe")
    (home / "pyproject.toml").write_text("[tool.nbtrack]\nquiet = true\n")
    problems: list[str] = []

    assert Settings.load(problems).quiet
    assert problems == ["NBTRACK_QUIET is 'maybe'; write 1 or 0."]
    with pytest.raises(InvalidValue, match="quiet is 'maybe'; write 1 or 0"):
        Settings.load(quiet="maybe")


def test_a_wrong_setting_ends_no_training(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A script logs on, and is told once."""
    monkeypatch.setenv("NBTRACK_QUIET", "perhaps")
    session = Session()
    with session.start_run() as run:
        run.log_metric("loss", 0.5)
    session.start_run().end()
    session.close()

    assert [r.message for r in caplog.records].count(
        "nbtrack: NBTRACK_QUIET is 'perhaps'; write 1 or 0. Until then it counts as not set."
    ) == 1


def test_the_doctor_reports_a_wrong_setting(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It works, and its answer is bad news."""
    monkeypatch.setenv("NBTRACK_INFER", "sometimes")
    code = main(["doctor"])

    assert code == 1
    assert "- NBTRACK_INFER is 'sometimes'; write 1 or 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variable", "folder", "is_thrown_away"),
    [
        (None, "/home/ada/x", False),
        ("COLAB_RELEASE_TAG", "/content/x", True),
        ("COLAB_RELEASE_TAG", "/content/drive/MyDrive/x", False),
        ("KAGGLE_KERNEL_RUN_TYPE", "/kaggle/working", True),
    ],
)
def test_a_machine_that_is_thrown_away_is_known(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, folder: str,
    is_thrown_away: bool,
) -> None:  # fmt: skip
    """A mounted drive outlives it."""
    if variable:
        monkeypatch.setenv(variable, "1")
    assert is_temporary(Path(folder)) is is_thrown_away


def test_a_store_of_the_project_file_is_beside_it(tmp_path, monkeypatch):
    """Two notebooks of one project, in two folders, have one store."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.nbtrack]\ntracking_uri = "store"\n')
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    assert Settings.load().tracking_uri == str(tmp_path / "store")


def test_a_working_folder_that_was_deleted(tmp_path, monkeypatch):
    """Settings are found without it: logging to a folder that is set must go on."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "store"))
    gone.rmdir()

    assert Settings.load().folder == str(tmp_path / "store")
