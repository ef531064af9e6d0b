"""`nbtrack registry` and what `nbtrack gc` does with copies of models."""

from __future__ import annotations

import csv
import io
import json
import os
import re

import pytest

import nbtrack
from nbtrack.cli.main import main
from nbtrack.stores.registry.registry_chain import HASHED, hash_of
from tests.support.filled_project import fill_project


@pytest.fixture
def run(project, capsys):
    """Runs `nbtrack --store <the project> ...` and returns (exit code, stdout, stderr)."""

    def command(*words):
        capsys.readouterr()
        code = main(["--store", str(project), *words])
        return (code, *capsys.readouterr())

    return command


@pytest.fixture
def promoted(churn, client, project):
    def six_events():
        churn({"team": "a"}), churn()
        client.transition_model_version_stage("churn", 1, "Production", reason="the first one")
        client.create_registered_model("other")

    fill_project(project, six_events)
    return client


def test_log_tells_who_changed_what_and_why(promoted, run, store):
    """With head and count, to be kept elsewhere."""
    code, out, _ = run("registry", "log", "churn")
    lines = out.splitlines()

    assert code == 0
    assert lines[0].split() == ["n", "when", "who", "version", "what", "why"]
    assert [line.split()[0] for line in lines[1:6]] == ["1", "2", "3", "4", "5"]
    assert "ada" in lines[5]
    assert "None → Production" in lines[5]
    assert "the first one" in lines[5]
    assert lines[-2:] == ["5 events of churn; 6 in the registry.", f"Head: {store.registry_head()}"]


def test_log_of_what_never_was(promoted, run):
    code, _, err = run("registry", "log", "nothing")

    assert code == 2
    assert "No registered model 'nothing'" in err


def test_log_of_a_deleted_model(promoted, run):
    """The record stays, under every name that it had."""
    promoted.rename_registered_model("churn", "loss")
    promoted.delete_registered_model("loss", reason="not used")

    for name in ("churn", "loss"):
        code, out, _ = run("registry", "log", name)
        assert code == 0
        assert "renamed to loss" in out
        assert "not used" in out


def test_text_of_users_cannot_steer_the_terminal(client, run):
    client.create_registered_model("churn", description="\x1b[2J\nfake line")
    _, out, _ = run("registry", "log", "churn")

    assert "\x1b" not in out
    assert "\nfake" not in out


def test_verify_of_an_intact_record(promoted, run, store):
    """Says how many events, and what it cannot prove."""
    code, out, _ = run("registry", "verify", "--head", str(store.registry_head()))

    assert code == 0
    assert f"The record is intact: 6 events, head {store.registry_head()}" in out
    assert "cannot prove" in out


@pytest.mark.parametrize("change", ["changed", "missing", "added", "gone"])
def test_verify_and_doctor_read_the_models_too(promoted, run, project, change):
    """A file of a copy that the registry keeps is another one, or is not there."""
    import shutil

    copy = next(project.glob("models/**/MLmodel")).parent
    if change == "changed":
        (copy / "MLmodel").write_text("flavors: {}")
    elif change == "missing":
        (copy / "requirements.txt").unlink()
    elif change == "added":
        (copy / "more.py").write_text("")
    else:
        shutil.rmtree(copy)
    code, out, _ = run("registry", "verify")
    told = run("doctor")

    assert (code, told[0]) == (1, 1)
    assert "The record is NOT intact" in out
    for said in (out, told[1]):
        assert re.search(r"Version \d of 'churn'", said)
        assert change in said
    assert "files not checked" in run("doctor", "--quick")[1]


def test_doctor_of_a_sound_registry(promoted, run):
    """How much there is, and that it is whole."""
    code, out, _ = run("doctor")

    assert code == 0
    assert "2 versions, 6 events: as recorded" in out


def test_doctor_of_a_changed_record(promoted, run, project):
    """As `registry verify` says it."""
    import duckdb

    nbtrack.recording.session.current_session().store.close()
    with duckdb.connect(str(project / "nbtrack.duckdb")) as connection:
        connection.execute("update stored.registry_events set actor = 'eve' where n = 5")
    code, out, _ = run("doctor", "--quick")

    assert code == 1
    assert "The model registry: Event 5 breaks the chain" in out


def test_verify_of_a_changed_record(promoted, run, project):
    """Names the event; the exit code is 1."""
    import duckdb

    nbtrack.recording.session.current_session().store.close()
    with duckdb.connect(str(project / "nbtrack.duckdb")) as connection:
        connection.execute("update stored.registry_events set actor = 'eve' where n = 5")
    code, out, _ = run("registry", "verify")

    assert code == 1
    assert "The record is NOT intact" in out
    assert "Event 5 breaks the chain" in out


@pytest.mark.parametrize(
    "change", ["t = null", "t = 9223372036854775807", "actor = null", "kind = null"]
)
def test_a_record_that_was_broken_by_hand_is_still_read(promoted, run, project, change):
    """Whoever looks for the cause needs the log."""
    import duckdb

    nbtrack.recording.session.current_session().store.close()
    with duckdb.connect(str(project / "nbtrack.duckdb")) as connection:
        connection.execute(f"update stored.registry_events set {change} where n = 5")

    assert run("registry", "verify")[0] == 1
    assert run("registry", "log", "churn")[0] == 0
    assert run("registry", "export", "--json")[0] == 0


def test_verify_with_what_is_no_head(run, promoted):
    code, _, err = run("registry", "verify", "--head", "abc")

    assert code == 2
    assert "64 hex digits" in err


def test_the_export_can_be_checked_by_others(promoted, run):
    """As JSON and as CSV: every field that the hash is made of."""
    _, as_json, _ = run("registry", "export", "--json")
    _, as_csv, _ = run("registry", "export", "--csv")
    events = json.loads(as_json)
    rows = list(csv.DictReader(io.StringIO(as_csv)))

    assert len(events) == len(rows) == 6
    assert all(hash_of({name: event[name] for name in HASHED}) == event["hash"] for event in events)
    assert [row["hash"] for row in rows] == [event["hash"] for event in events]
    assert rows[4]["reason"] == "the first one"


def test_an_export_of_one_model_into_a_file(promoted, run, tmp_path):
    code, out, _ = run("registry", "export", "other", "--json", "-o", str(tmp_path / "x.json"))

    assert (code, out) == (0, "")
    assert [e["model"] for e in json.loads((tmp_path / "x.json").read_text())] == ["other"]
    assert run("registry", "export", "-o", str(tmp_path / "no" / "x.csv"))[0] == 2


# --- gc


def old(folder):
    for place, _, names in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in names)):
            os.utime(path, (1, 1))
    return folder


def test_gc_frees_deleted_versions(promoted, run, project):
    """And those only."""
    promoted.delete_model_version("churn", 2)
    copies = project / "models" / "churn-1"
    _, before, _ = run("gc")
    assert "1 copy of models, not registered:" in before
    assert "churn-1/2" in before
    assert (copies / "2").exists()
    run("gc", "--yes")

    assert [folder.name for folder in copies.iterdir()] == ["1"]
    promoted.delete_registered_model("churn")
    run("gc", "--yes")
    assert list((project / "models").iterdir()) == []
    assert run("gc")[1] == "Nothing to free.\n"


def test_gc_leaves_what_is_being_registered(promoted, run, project):
    """A copy that is being made, or that is in its place and about to be recorded."""
    young = [project / "models" / ".nbtrack-tmp-abc", project / "models" / "churn-1" / "9"]
    for folder in young:
        folder.mkdir(parents=True)
        old(folder)  # whatever its files say: its own change of name is young
    run("gc", "--yes")

    assert all(folder.exists() for folder in young)


def test_gc_leaves_what_is_not_ours(promoted, run, project, monkeypatch):
    """Folders that are not named like copies, and whatever symlinks lead to."""
    from nbtrack.cli import model_leftovers

    monkeypatch.setattr(model_leftovers, "SETTLED_SECONDS", -1)
    mine = project / "models" / "my notes" / "1"
    mine.mkdir(parents=True)
    (project / "models" / "x-1").symlink_to(mine.parent)
    (project / "models" / "churn-1" / "notes").mkdir()
    run("gc", "--yes")

    assert mine.exists()
    assert (project / "models" / "churn-1" / "notes").exists()
    assert nbtrack.sklearn.load_model("models:/churn/1")


def test_gc_leaves_copies_of_a_registry_that_was_replaced(promoted, run, project, monkeypatch):
    """They may be all that is left of it."""
    from nbtrack.cli import model_leftovers

    monkeypatch.setattr(model_leftovers, "SETTLED_SECONDS", -1)
    nbtrack.recording.session.current_session().store.close()
    (project / "nbtrack.duckdb").unlink()
    _, out, _ = run("gc", "--yes")

    assert "2 copies of models that the registry does not know stay" in out
    assert (project / "models" / "churn-1" / "1" / "MLmodel").exists()


def test_models_of_the_registry_predict_from_the_terminal(churn, client, run, tmp_path):
    churn()
    (tmp_path / "in.csv").write_text("x\n0\n3\n")
    code, out, _ = run(
        "models", "predict", "-m", "models:/churn/latest", "-i", str(tmp_path / "in.csv")
    )

    assert code == 0
    assert out.split() == ["predictions", "0", "1"]
