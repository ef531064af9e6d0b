"""`nbtrack.registry` without a kernel: what it says, as text and as HTML."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.cells.completion import complete
from nbtrack.errors import RegisteredModelNotFound
from nbtrack.panels.registry.telling_metric import best_known_metric
from nbtrack.records.registry import Gate, RegisteredModel
from tests.support.begun_project import begun_project
from tests.support.markup_check import HOSTILE, Page
from tests.support.registry_project import Doubler, become, register


@pytest.fixture(autouse=True)
def client(tmp_path, monkeypatch):
    nbtrack.set_tracking_uri(begun_project(tmp_path / ".nbtrack"))
    become("ana", monkeypatch)
    yield nbtrack.MlflowClient()
    nbtrack.set_tracking_uri(None)


def model(**facts):
    return RegisteredModel(name="churn", creation_timestamp=0, **facts)


def test_an_empty_registry_says_how_to_begin():
    """Where it looked, and what makes a registered model."""
    view = nbtrack.registry()

    assert "No registered models in" in repr(view)
    assert "nbtrack.register_model" in Page(view._repr_html_()).text


def test_a_model_that_is_not_there_is_an_error():
    """With its name."""
    with pytest.raises(RegisteredModelNotFound, match="'churn'"):
        nbtrack.registry("churn")


def test_all_models(client):
    """What is in use, aliases and the number of versions; `.df` is a row for each."""
    register("churn", "a", f1=0.8)
    register("churn", "b", f1=0.9)
    client.transition_model_version_stage("churn", "2", "Production")
    client.set_registered_model_alias("churn", "champion", "2")
    view = nbtrack.registry()

    assert "churn" in repr(view)
    for words in ("Production v2", "@champion v2"):
        assert words in repr(view)
        assert words in Page(view._repr_html_()).text
    assert list(view.df["name"]) == ["churn"]


def test_one_model(client):
    """Versions under their stages, and the record, newest first."""
    register("churn", "slow-newt", f1=0.8)
    register("churn", "calm-otter", f1=0.9)
    client.require_gate("churn", rule="metrics.f1 > 0.5")
    client.transition_model_version_stage("churn", "2", "Production", reason="it is better")
    view = nbtrack.registry("churn")

    assert "2 versions · serving v2" in repr(view)
    assert "v2 None → Production, gate passed by ana - it is better" in repr(view)
    text = Page(view._repr_html_()).text
    assert "gate to Production: metrics.f1 > 0.5" in text
    assert text.index("PRODUCTION") < text.index("calm-otter") < text.index("it is better")
    assert list(view.df.stage) == ["Production", "None"]


def test_the_newest_version_is_explained_beside_the_one_that_serves(client):
    """By what differs between their runs; nothing is said where they are one."""
    register("churn", "slow-newt", f1=0.8)
    client.transition_model_version_stage("churn", "1", "Production")
    assert "WHAT EXPLAINS IT" not in repr(nbtrack.registry("churn"))
    register("churn", "calm-otter", f1=0.9)
    view = nbtrack.registry("churn")

    for text in (repr(view), Page(view._repr_html_()).text):
        told = text.partition("Why is v2 different from v1, in Production?")[2]
        assert "WHAT EXPLAINS IT" in told
    client.transition_model_version_stage("churn", "2", "Production")
    assert "Why is" not in repr(nbtrack.registry("churn"))


def test_a_long_lane_is_counted(client):
    """Five versions of a stage, and how many more there are."""
    uri = client.get_model_version_download_uri("churn", register("churn", "a"))
    for _ in range(6):
        nbtrack.register_model(uri, "churn")
    view = nbtrack.registry("churn")

    assert "+2 more" in repr(view)
    assert "+2 more" in Page(view._repr_html_()).text
    assert len(view) == 7


def test_text_of_users_stays_text(client, monkeypatch, tmp_path):
    """Run names, descriptions, reasons and actors: no markup, no scripts, nothing that hides."""
    source = str(tmp_path / "model")  # of no run
    nbtrack.pyfunc.save_model(source, python_model=Doubler())
    for n, hostile in enumerate(HOSTILE):
        safe = hostile.encode("utf-8", "replace").decode().replace("\x00", "").replace("\r", "")
        become(safe.strip() or "eve", monkeypatch)
        run = client.create_run("0", run_name=safe)
        client.create_registered_model(f"model {n}", description=safe)
        client.create_model_version(f"model {n}", source, run.info.run_id)
        client.transition_model_version_stage(f"model {n}", "1", "Staging", reason=safe)
        expect_text(nbtrack.registry(f"model {n}"))
    expect_text(nbtrack.registry())


def expect_text(view):
    page = Page(view._repr_html_())
    assert page.unwanted == []
    assert page.open == []
    assert "\x1b" not in repr(view)
    assert "\u202e" not in repr(view) + page.text


def test_the_metric_that_says_most():
    """What a gate asks for; else one whose better side is known, and not of training."""
    versions = [{"n": 3.0, "training_f1": 1.0, "f1": 0.8}, {"n": 3.0, "f1": 0.9}]
    gated = model(gates=(Gate(stage="Production", rule="metrics.n > 2"),))

    assert best_known_metric(model(), versions, {}) == "f1"
    assert best_known_metric(gated, versions, {}) == "n"
    assert best_known_metric(model(), [{"n": 3.0}], {}) == "n"
    assert best_known_metric(model(), [{}], {}) == ""


def test_names_of_models_complete():
    """After %registry, a name of several words too."""
    names = {"experiments": ["chat"], "param_names": [], "metric_names": []}

    for line, expected in (("%registry ch", ["churn"]), ("%registry Big ch", ["churn"])):
        known = [line.removeprefix("%registry ").replace("ch", "churn")]
        assert complete(line, "ch", **names, model_names=known) == expected


def test_the_magic_names_what_is_not_there(kernel):
    """As a plain error, without a traceback."""
    reply = kernel.run("%registry nope")

    assert "No registered model 'nope'" in reply.stderr
    assert "Traceback" not in reply.stderr
