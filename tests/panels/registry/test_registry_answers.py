"""What the page of the registry asks, without a browser: `RegistryPanel` and the Registry tab."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.panels.registry.panel import RegistryPanel
from nbtrack.panels.registry.view import RegistryView
from nbtrack.panels.shared import live_updates
from nbtrack.recording.session import current_session
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.filled_project import fill_project
from tests.support.panel_page import Page, runs_page
from tests.support.registry_project import become, register, trained


def three_versions():
    for name, f1 in (("slow-newt", 0.8), ("calm-otter", 0.9), ("keen-ibex", 0.85)):
        register("churn", name, f1=f1, fits=3)


@pytest.fixture(autouse=True)
def client(tmp_path, monkeypatch):
    nbtrack.set_tracking_uri(tmp_path / ".nbtrack")
    become("ana", monkeypatch)
    fill_project(tmp_path / ".nbtrack", three_versions)
    yield nbtrack.MlflowClient()
    live_updates.stop()
    nbtrack.set_tracking_uri(None)


@pytest.fixture
def page():
    store = current_session().store
    return Page(RegistryPanel(store, RegistryView(store, "churn")))


def shown(page, **arguments):
    return page.ask("registry_model", name="churn", **arguments)


def lanes(found):
    return {each["stage"]: [card["version"] for card in each["cards"]] for each in found["lanes"]}


def move(page, version, stage, **more):
    """As the page would send it after a look at what would come of it."""
    check = page.ask("registry_move_check", name="churn", version=version, stage=stage)
    asked = {"from": check["from"], "others": check["others"], "stage": stage, **more}
    return page.send("registry_move", name="churn", version=version, **asked)


def stages(client):
    return {v.version: v.current_stage for v in client.search_model_versions("name = 'churn'")}


# --- what is shown


def test_a_model_in_its_lanes(page, client):
    """The newest version first, with the value of a metric and who put it there."""
    client.transition_model_version_stage("churn", "1", "Production", reason="the first")
    found = shown(page)

    assert lanes(found) == {
        "None": ["3", "2"],
        "Staging": [],
        "Production": ["1"],
        "Archived": [],
    }
    assert found["words"] == "3 versions · serving v1"
    card = found["lanes"][0]["cards"][1]
    assert (card["value"], card["run_name"], card["who"]) == ("0.90", "calm-otter", "ana")


def test_stages_of_its_own_have_lanes(page, client):
    """After those that every model has."""
    client.set_registered_model_stages("churn", ["Canary"])

    assert list(lanes(shown(page)))[-1] == "Canary"


def test_another_metric_on_the_cards(page):
    """One that no version has is none: the best known comes in its place."""
    assert shown(page)["metric"] == "f1"
    assert shown(page, metric="fits")["lanes"][0]["cards"][0]["value"] == "3"
    assert shown(page, metric="nonsense")["metric"] == "f1"


def test_a_gate_says_which_metric_counts(page, client):
    """What it asks for is what people look at."""
    client.require_gate("churn", rule="metrics.fits > 0.5")

    assert shown(page)["metric"] == "fits"


def test_a_version_outlives_its_run(page, client):
    """Its metrics are those at registration, and its card says that the run is gone."""
    run_id = client.get_model_version("churn", "2").run_id
    current_session().store.remove_runs([run_id])
    card = shown(page)["lanes"][0]["cards"][1]

    assert (card["value"], card["is_run_gone"]) == ("0.90", True)
    assert ["run id", f"{run_id} (deleted)"] in page.ask(
        "registry_version", name="churn", version="2"
    )["facts"]


def test_the_record_comes_in_pages(page, client):
    """The newest first."""
    for n in range(20):
        client.set_registered_model_tag("churn", "n", n)
    first, second = shown(page), shown(page, offset=12)

    assert first["total"] == 24
    assert first["events"][0]["words"] == "tag n = 19, was 18"
    numbers = [event["n"] for event in first["events"] + second["events"]]
    assert numbers == list(range(24, 0, -1))


def test_nothing_new_is_a_short_answer(page, client):
    """Whoever sends the stamp again hears no more until something has changed."""
    stamp = shown(page)["stamp"]
    assert shown(page, stamp=stamp) == {"stamp": stamp}
    client.set_registered_model_tag("churn", "team", "blue")

    assert shown(page, stamp=stamp)["tags"][0]["value"] == "blue"


def test_all_models(page):
    """By name; the panel then shows no one model."""
    register("fraud", "a", auc=0.7)
    found = page.ask("registry_models")["models"]

    assert [(each["name"], each["versions"]) for each in found] == [("churn", 3), ("fraud", 1)]
    assert page.panel.name is None
    assert shown(page)["name"] == page.panel.name == "churn"


def test_a_model_that_is_not_there(page):
    """An error that says so."""
    assert "No registered model 'x'" in page.send("registry_model", name="x")["error"]


# --- moving a version


def test_a_move_is_told_before(page, client):
    """Who makes room, whether it needs a reason, and what the gate says with the numbers."""
    client.transition_model_version_stage("churn", "1", "Production", reason="the first")
    client.require_gate("churn", rule="metrics.f1 >= production.metrics.f1 - 0.01")
    check = page.ask("registry_move_check", name="churn", version="2", stage="Production")

    assert (check["others"], check["needsReason"], check["archivesByDefault"]) == (
        ["1"],
        True,
        True,
    )
    assert check["gate"]["isPassed"]
    assert "metrics.f1 of version 2 is 0.9" in check["gate"]["checks"][0]["says"]
    assert stages(client)["2"] == "None"


def test_no_gate_is_no_verdict(page):
    """And a stage without a version in use makes no room."""
    check = page.ask("registry_move_check", name="churn", version="2", stage="archived")

    assert (check["gate"], check["archives"], check["stage"]) == (None, False, "Archived")


@pytest.mark.parametrize("reason", ["", "  \t "])
def test_production_wants_a_reason(page, client, reason):
    """The kernel says so too, whatever a page sends."""
    answer = move(page, "2", "Production", reason=reason)

    assert "needs a reason" in answer["error"]
    assert stages(client)["2"] == "None"


def test_a_promotion_is_one_change(page, client):
    """The one before goes to Archived in the same moment, for the same reason."""
    client.transition_model_version_stage("churn", "1", "Production", reason="the first")
    move(page, "2", "Production", reason="better", archive=True)
    first, second = client.get_registry_events("churn")[-2:]

    assert stages(client) == {"1": "Archived", "2": "Production", "3": "None"}
    assert (first.t, first.reason) == (second.t, "better")


def test_a_closed_gate_refuses(page, client):
    """With the numbers; overriding takes a reason, and is in the record."""
    client.require_gate("churn", stage="Staging", rule="metrics.f1 > 0.88")
    assert "metrics.f1 of version 1 is 0.8" in move(page, "1", "Staging", reason="x")["error"]
    assert "needs a reason" in move(page, "1", "Staging", override=True)["error"]
    assert stages(client)["1"] == "None"

    move(page, "1", "Staging", override=True, reason="for the demo")
    assert "gate overridden" in shown(page)["events"][0]["words"]


def test_what_was_promised_must_still_be_so(page, client):
    """Another version in Production than the page said, or another place to come from."""
    asked = {"name": "churn", "version": "2", "stage": "Production", "reason": "x", "archive": True}
    client.transition_model_version_stage("churn", "3", "Production", reason="faster")
    answer = page.send("registry_move", **asked, others=[], **{"from": "None"})
    assert "there is v3 in Production" in answer["error"]
    answer = page.send("registry_move", **asked, others=["3"], **{"from": "Staging"})
    assert "by now v2 came to None" in answer["error"]

    assert stages(client) == {"1": "None", "2": "None", "3": "Production"}


@pytest.mark.parametrize("wrong", [{"stage": "Nowhere"}, {"stage": 3}, {"version": "9"}])
def test_a_wrong_move_is_an_answer(page, wrong):
    """Unknown stages and versions, and what is no text."""
    asked = {"name": "churn", "version": "2", "stage": "Staging", "from": "None", **wrong}

    assert page.send("registry_move", **asked)["error"]


# --- edits


def test_descriptions_tags_and_aliases(page, client):
    """Of the model and of a version."""
    of_model, of_version = {"name": "churn"}, {"name": "churn", "version": "2"}
    page.ask("registry_edit", what="describe", text="who leaves", **of_model)
    page.ask("registry_edit", what="set_tag", key="team", text="blue", **of_model)
    page.ask("registry_edit", what="describe", text="with\nregions", **of_version)
    page.ask("registry_edit", what="set_tag", key="reviewed", text="yes", **of_version)
    page.ask("registry_edit", what="set_alias", key="@champion", **of_version)
    model, version = client.get_registered_model("churn"), client.get_model_version("churn", "2")

    assert (model.description, model.tags, model.aliases) == (
        "who leaves",
        {"team": "blue"},
        {"champion": "2"},
    )
    assert (version.description, version.tags) == ("with\nregions", {"reviewed": "yes"})

    page.ask("registry_edit", what="describe", text="who **leaves**", **of_model)
    said = shown(page)["description"]
    assert said["raw"] == "who **leaves**"
    assert [each["tag"] for each in said["shown"][0]["children"]] == ["", "strong"]

    page.ask("registry_edit", what="delete_tag", key="reviewed", **of_version)
    page.ask("registry_edit", what="delete_alias", key="champion", **of_model)
    assert shown(page)["aliases"] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"what": "delete"}, "cannot be changed by 'delete'"),
        ({"what": "set_tag", "key": " ", "text": "x"}, "needs a key"),
        ({"what": "set_alias", "key": "v3", "version": "2"}, "reads as a version"),
    ],
)
def test_a_wrong_edit_is_an_answer(page, wrong, words):
    """It says what is wrong."""
    assert words in page.send("registry_edit", name="churn", **wrong)["error"]


# --- a version, and the record


def test_a_version_beside_another(page, client):
    """Seen from the other: metrics with their deltas, params, tags."""
    client.set_model_version_tag("churn", "2", "reviewed", "yes")
    found = page.ask("registry_compare", name="churn", version="2", against="1")
    sections = {section["name"]: section["lines"] for section in found["sections"]}

    assert [head["version"] for head in found["heads"]] == ["1", "2"]
    metric = next(each for each in sections["metrics"] if each["key"] == "f1")
    assert metric["values"][1] == ["0.9", "▲ +0.1", "better", True]
    assert sections["tags"][0]["values"] == [["–", "", "", False], ["yes", "", "", True]]


def test_signatures_are_compared_by_column(page):
    """A column that has come, and one of another type."""
    signature = nbtrack.models.infer_signature
    import pandas as pd

    for columns in ({"age": [1]}, {"age": [1.5], "city": ["x"]}):
        with nbtrack.start_run():
            from tests.support.registry_project import Doubler

            made = nbtrack.pyfunc.log_model(
                name="model", python_model=Doubler(), signature=signature(pd.DataFrame(columns))
            )
        nbtrack.register_model(made.model_uri, "churn")
    found = page.ask("registry_compare", name="churn", version="5", against="4")
    lines = next(each["lines"] for each in found["sections"] if each["name"] == "signature")

    assert {x["key"]: [value[0] for value in x["values"]] for x in lines} == {
        "in age": ["long", "double"],
        "in city": ["–", "string"],
    }


def test_code_that_loads_a_version(page, client):
    """By what keeps its meaning: stage, alias, or else the number."""

    def code(version):
        return page.ask("registry_version", name="churn", version=version)["code"]

    client.transition_model_version_stage("churn", "1", "Production")
    client.set_registered_model_alias("churn", "challenger", "2")

    assert "load_model('models:/churn/Production')" in code("1")
    assert "load_model('models:/churn@challenger')" in code("2")
    namespace = {}
    exec(code("3"), namespace)
    assert namespace["model"].predict([1]) == [1]


def test_a_change_by_hand_is_found(page):
    """Verified, until somebody edits an event in the file."""
    check = page.ask("registry_check")
    assert (check["isIntact"], check["events"]) == (True, 4)

    store = current_session().store
    assert isinstance(store, DuckDBStore)
    with store._attachment.open(read_only=False) as connection:
        connection.execute("update project.stored.registry_events set actor = 'eve' where n = 3")
    check = page.ask("registry_check")
    assert (check["isIntact"], check["brokenAt"]) == (False, 3)
    assert "Event 3 breaks the chain" in check["problems"][0]


# --- the panel


def test_what_others_write_is_pushed(page, client):
    """Once for each change of the registry, not for what is logged to runs."""
    page.panel.refresh()
    with nbtrack.start_run():
        nbtrack.log_metric("f1", 0.1)
    page.panel.refresh()
    assert len(page.pushes("registry")) == 1
    before = current_session().store.version()
    client.set_registered_model_tag("churn", "team", "blue")

    assert current_session().store.version() != before  # the polling thread will look
    page.panel.refresh()
    assert len(page.pushes("registry")) == 2


def test_a_saved_notebook_keeps_a_table(page):
    """The static twin says what the panel says."""
    (bundle,) = page.panel.static_bundles()

    assert "calm-otter" in bundle["text/plain"]
    assert "calm-otter" in bundle["text/html"]


def test_the_model_of_a_run_is_registered(client):
    """From the runs panel; a run without a model says so."""
    page = runs_page(current_session().store)
    trained("late-fox", f1=0.95)
    (run,) = nbtrack.search_runs(
        filter_string="attributes.run_name = 'late-fox'", output_format="list"
    )
    found = page.ask("registry_models_of_run", run=run.info.run_id)
    assert found == {"paths": ["model"], "mayRegister": True}
    made = page.ask("registry_register", run=run.info.run_id, name="churn")
    assert made == {"name": "churn", "version": "4"}
    assert client.get_model_version("churn", "4").run_id == run.info.run_id

    with nbtrack.start_run() as bare:
        pass
    answer = page.send("registry_register", run=bare.info.run_id, name="churn")
    assert "has logged no model" in answer["error"]
