"""Registered models and their versions: what is registered can be loaded, and nothing else is."""

from __future__ import annotations

import shutil
from functools import partial

import pytest

import nbtrack
from nbtrack.cli.main import main
from nbtrack.errors import (
    AliasNotFound,
    InvalidFilter,
    InvalidValue,
    ModelChanged,
    ModelNotFound,
    ModelVersionNotFound,
    NameTaken,
    RegisteredModelNotFound,
    RunNotFound,
)
from nbtrack.model_registry.facts import version_facts


def events(client, name=None):
    return [event.kind for event in client.get_registry_events(name)]


def refused(client, error, match, call):
    """*call* raises *error*, and nothing was recorded."""
    before = client.get_registry_events()
    with pytest.raises(error, match=match):
        call()
    assert client.get_registry_events() == before


# --- registering


def test_a_registered_model_is_loaded_by_every_uri(churn, client):
    """Version, stage in any case, latest, alias: one model."""
    churn(), churn()
    client.transition_model_version_stage("churn", 1, "Staging")
    client.set_registered_model_alias("churn", "champion", 2)

    for uri in ("1", "2", "latest", "LATEST", "staging", "Staging", "None"):
        assert nbtrack.sklearn.load_model(f"models:/churn/{uri}").coef_.shape == (1, 1)
    assert nbtrack.pyfunc.load_model("models:/churn@champion").predict([[3.0]])[0] == 1


def test_uris_name_the_version_that_they_say(churn, client):
    """The newest of a stage, whatever came there last."""
    from nbtrack.models.registered_places import version_of_uri
    from nbtrack.recording.session import current_session

    for _ in range(3):
        churn()
    client.transition_model_version_stage("churn", 2, "Production")
    client.transition_model_version_stage("churn", 1, "Production")
    client.set_registered_model_alias("churn", "first", 1)
    found = {
        uri: version_of_uri(current_session().store, f"models:/churn{uri}").version
        for uri in ("/3", "/latest", "/production", "/none", "@first", "@latest")
    }

    assert found == {
        "/3": "3", "/latest": "3", "/production": "2", "/none": "3", "@first": "1", "@latest": "3",
    }  # fmt: skip


def test_versions_know_where_they_come_from(train, client):
    """Run, source, user, digest, tags, description."""
    info = train(f1=0.9)
    client.create_registered_model("churn")
    made = client.create_model_version(
        "churn", info.model_uri, tags={"k": 1}, description="first", run_link="http://x"
    )

    assert (made.version, made.run_id, made.source) == ("1", info.run_id, info.model_uri)
    assert (made.user_id, made.digest, made.status) == ("ada", info.digest, "READY")
    assert (made.tags, made.description, made.run_link) == ({"k": "1"}, "first", "http://x")
    assert made == client.get_model_version("churn", "1")


def test_the_artifact_folder_of_a_run_is_a_source_too(train, client):
    """As MLflow's own examples register: by the artifact URI. The run is found."""
    info = train()
    client.create_registered_model("churn")
    source = f"{client.get_run(info.run_id).info.artifact_uri}/model"

    assert client.create_model_version("churn", source, info.run_id).digest == info.digest
    assert client.create_model_version("churn", source).run_id == info.run_id


def test_a_folder_that_no_run_made_can_be_registered(classifier, tmp_path):
    """Its digest is taken at that moment, and checked from then on."""
    nbtrack.sklearn.save_model(classifier, tmp_path / "m")
    made = nbtrack.register_model(str(tmp_path / "m"), "churn")
    shutil.rmtree(tmp_path / "m")

    assert made.run_id is None
    assert made.digest.startswith("sha256:")
    assert nbtrack.sklearn.load_model("models:/churn/1").classes_.tolist() == [0, 1]


def test_log_model_registers(classifier, client):
    with nbtrack.start_run() as run:
        info = nbtrack.sklearn.log_model(classifier, name="m", registered_model_name="churn")

    assert info.registered_model_version == 1
    assert client.get_model_version("churn", 1).run_id == run.run_id


def test_a_version_is_copied_to_another_model(churn, client):
    """With its run as evidence; the other model is made if there is none."""
    original = churn()
    copy = client.copy_model_version("models:/churn/1", "churn in production")

    assert (copy.name, copy.version) == ("churn in production", "1")
    assert (copy.run_id, copy.digest) == (original.run_id, original.digest)
    assert copy.source == "models:/churn/1"


def test_a_registered_model_outlives_its_run(classifier, client, project, tmp_path):
    """Deleted, and gone from the disk: the version, its model and its numbers are still there."""
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "f1", 0.9)
    info = nbtrack.sklearn.log_model(classifier, name="m", run_id=run_id)
    nbtrack.register_model(info.model_uri, "churn")
    nbtrack.delete_run(run_id)
    main(["--store", str(tmp_path), "gc", "--yes"])

    with pytest.raises(RunNotFound):
        client.get_run(run_id)
    assert not (project / "artifacts" / run_id).exists()
    assert nbtrack.sklearn.load_model("models:/churn/1").coef_.shape == (1, 1)
    assert client.copy_model_version("models:/churn/1", "copy").run_id == run_id
    for name in ("churn", "copy"):
        facts = version_facts(client._store, name, 1)
        assert (facts.run, facts.metrics) == (None, {"f1": 0.9})
    client.require_gate("copy", rule="metrics.f1 > 0.8")
    assert client.check_gate("copy", 1).is_passed


def test_a_changed_copy_is_not_loaded(churn, client):
    """Neither by its URI nor from its folder through the registry; the file is named."""
    churn()
    folder = client.get_model_version_download_uri("churn", 1).removeprefix("file://")
    with open(f"{folder}/model.pkl", "ab") as file:
        file.write(b"x")

    with pytest.raises(ModelChanged, match=r"changed 'model.pkl'"):
        nbtrack.sklearn.load_model("models:/churn/1")
    shutil.rmtree(folder)
    with pytest.raises(ModelChanged, match="gone"):
        nbtrack.pyfunc.load_model("models:/churn/1")


def test_a_changed_model_is_not_registered(train, client, project):
    """What a run recorded is what is copied, or nothing is."""
    info = train()
    (model,) = project.rglob("model.pkl")
    model.write_bytes(b"x")

    refused(
        client, ModelChanged, "model.pkl", lambda: nbtrack.register_model(info.model_uri, "churn")
    )
    assert not list((project / "models").iterdir())


def test_facts_of_a_version(train, client):
    """Run, metrics, params, data, files, events: all that the version links to."""
    with nbtrack.start_run() as run:
        nbtrack.log_input(nbtrack.data.from_numpy(__import__("numpy").ones(3)), "train")
    info = train({"C": 3}, f1=0.9)
    nbtrack.register_model(info.model_uri, "churn")
    client.set_model_version_tag("churn", 1, "k", 1)
    facts = version_facts(client._store, "churn", "1")

    assert (facts.metrics, facts.params) == ({"f1": 0.9}, {"C": "3"})
    assert facts.run.info.run_id == info.run_id != run.run_id
    assert {"MLmodel", "model.pkl"} <= set(facts.files)
    assert [event.kind for event in facts.events] == ["version_created", "version_tag_set"]
    client.create_model_version("churn", info.model_uri)
    assert len(version_facts(client._store, "churn", "2").events) == 1


# --- changing


def test_numbers_are_not_given_twice(churn, client):
    """Not those of deleted versions either; a model that is made anew begins at 1."""
    churn(), churn()
    client.delete_model_version("churn", 2)

    assert churn().version == "3"
    client.delete_registered_model("churn")
    again = churn(f1=0.5)
    assert again.version == "1"
    assert nbtrack.sklearn.load_model("models:/churn/1").coef_.shape == (1, 1)


def test_a_rename_takes_all_along(churn, client):
    """Versions, tags, aliases, files, and the record under both names."""
    churn({"k": "v"})
    client.set_registered_model_alias("churn", "champion", 1)
    renamed = client.rename_registered_model("churn", "loss", reason="clearer")

    assert (renamed.name, renamed.aliases) == ("loss", {"champion": "1"})
    assert client.get_model_version("loss", 1).tags == {"k": "v"}
    assert nbtrack.sklearn.load_model("models:/loss@champion").coef_.shape == (1, 1)
    assert client.get_registry_events("churn") == client.get_registry_events("loss")
    with pytest.raises(RegisteredModelNotFound):
        client.get_registered_model("churn")
    assert churn().version == "1"
    assert client.get_registered_model("churn").last_version == 1


def test_what_changes_nothing_is_not_recorded(churn, client):
    """A tag or alias set to what it is, one deleted that is not there, a name that stays."""
    churn({"k": "v"})
    client.set_registered_model_alias("churn", "champion", 1)
    before = events(client)
    client.set_registered_model_alias("churn", "champion", "1")
    client.set_model_version_tag("churn", 1, "k", "v")
    client.delete_model_version_tag("churn", 1, "nothing")
    client.delete_registered_model_tag("churn", "nothing")
    client.delete_registered_model_alias("churn", "nothing")
    client.rename_registered_model("churn", "churn")
    client.set_registered_model_stages("churn", [])

    assert events(client) == before


def test_tags_and_descriptions_of_both(churn, client):
    """Of the model and of the version; tags by stage too."""
    churn()
    client.set_registered_model_tag("churn", "team", 3)
    client.update_registered_model("churn", "who leaves")
    client.transition_model_version_stage("churn", 1, "Staging")
    client.set_model_version_tag("churn", key="ok", value=True, stage="staging")
    client.update_model_version("churn", 1, "first")
    model, version = client.get_registered_model("churn"), client.get_model_version("churn", 1)

    assert (model.tags, model.description) == ({"team": "3"}, "who leaves")
    assert (version.tags, version.description) == ({"ok": "True"}, "first")
    client.update_registered_model("churn")
    client.delete_registered_model_tag("churn", "team")
    client.delete_model_version_tag("churn", 1, "ok")
    assert client.get_registered_model("churn").tags == {}
    assert client.get_registered_model("churn").description is None
    assert client.get_model_version("churn", 1).tags == {}


def test_a_deleted_version_takes_its_aliases_along(churn, client):
    """An alias that led to it leads nowhere; the error says who deleted it, and why."""
    churn(), churn()
    client.set_registered_model_alias("churn", "champion", 2)
    client.delete_model_version("churn", 2, reason="leaked labels")

    assert client.get_registered_model("churn").aliases == {}
    assert events(client)[-2:] == ["alias_deleted", "version_deleted"]
    with pytest.raises(ModelVersionNotFound, match=r"deleted at .* by ada \(leaked labels\)"):
        nbtrack.sklearn.load_model("models:/churn/2")
    with pytest.raises(AliasNotFound, match="has none yet"):
        nbtrack.sklearn.load_model("models:/churn@champion")


# --- searching


def test_versions_are_found_by_filter_and_order(churn, client, train):
    """By name, number, run, tag, stage and user, with or and not; nothing deleted."""
    made = [churn({"team": team}) for team in ("a", "b", "a")]
    nbtrack.register_model(train().model_uri, "other")
    client.transition_model_version_stage("churn", 2, "Production")
    client.delete_model_version("churn", 3)

    def found(filter_string, *order):
        rows = client.search_model_versions(filter_string, order_by=list(order))
        return [f"{v.name}/{v.version}" for v in rows]

    assert found("", "name", "version_number DESC") == ["churn/2", "churn/1", "other/1"]
    assert found("name = 'churn'", "version_number") == ["churn/1", "churn/2"]
    assert found("name LIKE 'ch%' and version_number > 1") == ["churn/2"]
    assert found(f"run_id = '{made[0].run_id}'") == ["churn/1"]
    assert found("tags.team = 'a'") == ["churn/1"]
    assert found("current_stage = 'production'") == ["churn/2"]
    assert found("not current_stage = 'production' and name = 'churn'") == ["churn/1"]
    assert found("user_id = 'ada'", "creation_timestamp")[0] == "churn/1"
    assert found("source_path LIKE 'models:/m-%'", "creation_timestamp DESC")[0] == "other/1"


def test_models_come_in_pages(client):
    """By name; the token of a page begins the next one, the last has none."""
    for name in "cabde":
        client.create_registered_model(name, tags={"n": name})
    pages, token = [], ""
    while token is not None:
        page = client.search_registered_models(max_results=2, page_token=token)
        pages.append([model.name for model in page])
        token = page.token

    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert [m.name for m in client.search_registered_models("tags.n > 'b'", order_by="name DESC")]
    assert len(nbtrack.search_registered_models(max_results=3)) == 3


def test_a_filter_that_cannot_be_read_is_refused(client):
    with pytest.raises(InvalidFilter, match="Unknown attribute 'stage'"):
        client.search_model_versions("stage = 'x'")
    with pytest.raises(InvalidFilter, match="Accepted keys"):
        client.search_registered_models("metrics.f1 > 0.5")


def test_sql_reads_the_registry(churn, client):
    """`nbtrack.sql` has the state as two views, and every change as a third."""
    churn({"team": "a"})
    client.set_registered_model_alias("churn", "champion", 1)
    row = nbtrack.sql("select * from model_versions").iloc[0]

    assert (row["name"], row["version"], list(row["aliases"])) == ("churn", 1, ["champion"])
    assert row["tags"] == {"team": "a"}
    assert nbtrack.sql("select last_version as n from registered_models").n[0] == 1
    kinds = nbtrack.sql("select kind from registry_events order by n").kind.tolist()
    assert kinds == events(client)


# --- bad input


def test_what_cannot_name_a_model_is_refused(client, train):
    """/ and : have a meaning in models:/name/version; the value is named, nothing half-done."""
    uri = train().model_uri

    for name in ("", " ", "a/b", "a:b", None, 3, "..", " a", "a\nb", "\ud800", "x" * 256):
        refused(client, InvalidValue, "name", partial(client.create_registered_model, name))
        refused(client, InvalidValue, "name", partial(nbtrack.register_model, uri, name))


def test_what_cannot_be_an_alias_is_refused(client, churn):
    """It would read as a version, or could not stand in a URI."""
    churn()

    for alias in (
        "",
        "latest",
        "LATEST",
        "v1",
        "V12",
        "7",
        "a b",
        "a/b",
        "a@b",
        None,
        3,
        "x" * 256,
    ):
        call = partial(client.set_registered_model_alias, "churn", alias, 1)
        refused(client, InvalidValue, "alias", call)


def test_an_alias_that_differs_in_case_only_is_refused(client, churn):
    churn(), churn()
    client.set_registered_model_alias("churn", "champion", 1)

    refused(
        client,
        InvalidValue,
        "differs from 'Champion' in case only",
        lambda: client.set_registered_model_alias("churn", "Champion", 2),
    )


def test_what_is_not_there_is_told_what_there_is(client, churn, train):
    """Model, version, stage, alias, run, model of a run."""
    info = train()
    churn()
    calls = {
        (RegisteredModelNotFound, "No registered model 'x'"): [
            lambda: client.get_registered_model("x"),
            lambda: client.get_model_version("x", 1),
            lambda: client.create_model_version("x", info.model_uri),
            lambda: client.rename_registered_model("x", "y"),
            lambda: client.delete_registered_model("x"),
            lambda: client.set_registered_model_tag("x", "k", 1),
            lambda: client.transition_model_version_stage("x", 1, "Staging"),
            lambda: client.get_model_version_by_stage("x", "Staging"),
            lambda: client.get_model_version_by_stage("x", "Staging", as_of="2026-01-01"),
            lambda: client.get_latest_versions("x"),
            lambda: client.require_gate("x", rule="metrics.f1 > 1"),
            lambda: nbtrack.sklearn.load_model("models:/x/1"),
        ],
        (ModelVersionNotFound, r"no version 9. Did you mean 1. It has 1 \(None\)"): [
            lambda: client.get_model_version("churn", 9),
            lambda: client.transition_model_version_stage("churn", 9, "Staging"),
            lambda: client.set_registered_model_alias("churn", "a", 9),
            lambda: client.set_model_version_tag("churn", 9, "k", 1),
            lambda: client.delete_model_version("churn", "9"),
            lambda: nbtrack.sklearn.load_model("models:/churn/9"),
        ],
        (InvalidValue, "'Live'; 'churn' has the stages None, Staging"): [
            lambda: client.transition_model_version_stage("churn", 1, "Live"),
            lambda: client.get_latest_versions("churn", ["Live"]),
            lambda: client.get_model_version_by_stage("churn", "Live"),
            lambda: client.require_gate("churn", "Live", "metrics.f1 > 1"),
            lambda: nbtrack.sklearn.load_model("models:/churn/Live"),
        ],
        (AliasNotFound, "no alias 'best'"): [
            lambda: client.get_model_version_by_alias("churn", "best"),
            lambda: nbtrack.sklearn.load_model("models:/churn@best"),
        ],
        (ModelVersionNotFound, "no version in stage Production"): [
            lambda: nbtrack.sklearn.load_model("models:/churn/Production"),
        ],
        (RunNotFound, "No run"): [
            lambda: nbtrack.register_model(f"runs:/{'0' * 32}/model", "churn"),
            lambda: client.create_model_version("churn", "models:/churn/1", "0" * 32),
        ],
        (ModelNotFound, "It has 'model'"): [
            lambda: nbtrack.register_model(f"runs:/{info.run_id}/modle", "churn"),
        ],
        (InvalidValue, "version is"): [
            lambda version=version: client.get_model_version("churn", version)
            for version in ("x", "0", -1, None, 1.5, "")
        ],
        (InvalidValue, "names no version"): [
            lambda: nbtrack.sklearn.load_model("models:/churn"),
            lambda: nbtrack.sklearn.load_model("models:/churn/"),
            lambda: nbtrack.sklearn.load_model("models:/@a"),
        ],
    }

    for (error, match), all_calls in calls.items():
        for call in all_calls:
            refused(client, error, match, call)


def test_a_run_without_a_model_cannot_be_registered(client, project):
    with nbtrack.start_run() as run:
        nbtrack.log_text("x", "notes/a.txt")

    for path, match in (("model", "It has none"), ("notes", "no file MLmodel")):
        refused(
            client,
            ModelNotFound,
            match,
            lambda path=path: nbtrack.register_model(f"runs:/{run.run_id}/{path}", "churn"),
        )
    assert client.search_registered_models() == []


def test_evidence_of_another_run_is_refused(client, train):
    """A gate would look at numbers that are not those of the model."""
    client.create_registered_model("churn")
    worse, better = train(f1=0.1), train(f1=0.9)

    refused(
        client,
        InvalidValue,
        "belongs to run",
        lambda: client.create_model_version("churn", worse.model_uri, better.run_id),
    )


def test_names_are_taken_once(client, churn):
    churn()
    client.create_registered_model("other")

    refused(client, NameTaken, "exists", lambda: client.create_registered_model("churn"))
    refused(client, NameTaken, "exists", lambda: client.rename_registered_model("churn", "other"))


def test_texts_that_cannot_be_stored_are_refused(client, churn):
    churn()
    half = "\ud800"
    for call in (
        lambda: client.update_registered_model("churn", half),
        lambda: client.update_model_version("churn", 1, half),
        lambda: client.transition_model_version_stage("churn", 1, "Staging", reason=half),
        lambda: client.transition_model_version_stage("churn", 1, "Staging", reason=3),
        lambda: client.delete_model_version("churn", 1, reason=half),
    ):
        refused(client, InvalidValue, "half a character|give a text", call)


def test_files_of_a_version_are_got_as_artifacts(churn):
    """As in MLflow: what is in them is the registry's own copy."""
    churn()
    folder = nbtrack.artifacts.download_artifacts("models:/churn/1")

    assert "churn-1" in folder
    assert "MLmodel" in [file.path for file in nbtrack.artifacts.list_artifacts("models:/churn/1")]


def test_a_model_whose_files_were_removed_by_hand_is_not_called_unknown(train, project):
    """The run logged it; registering it says what has become of it."""
    info = train()
    shutil.rmtree(project / "artifacts" / info.run_id / "model")

    for uri in (info.model_uri, f"runs:/{info.run_id}/model"):
        with pytest.raises(ModelChanged, match="somebody removed them by hand"):
            nbtrack.register_model(uri, "churn")


def test_the_error_names_the_version_that_was_asked_for(churn, client):
    churn()

    with pytest.raises(ModelVersionNotFound, match="no version 99999999999"):
        client.get_model_version("churn", 99999999999)


def test_a_version_says_which_logged_model_it_is(train, client):
    """By default that of the source, also of a copy; another one is refused."""
    info, other = train(), nbtrack.create_external_model(name="other")
    client.create_registered_model("churn")

    for source in (info.model_uri, f"runs:/{info.run_id}/model", "models:/churn/1"):
        assert client.create_model_version("churn", source).model_id == info.model_id
    named = client.create_model_version("churn", info.model_uri, model_id=info.model_id)
    assert client.get_model_version("churn", named.version).model_id == info.model_id
    refused(
        client,
        InvalidValue,
        f"is the logged model {info.model_id}",
        lambda: client.create_model_version("churn", info.model_uri, model_id=other.model_id),
    )


def test_a_folder_from_elsewhere_is_no_logged_model_of_here(classifier, client, tmp_path):
    """Unless somebody says so."""
    nbtrack.sklearn.save_model(classifier, tmp_path / "m")
    model = nbtrack.create_external_model(name="mine")
    client.create_registered_model("churn")

    assert client.create_model_version("churn", str(tmp_path / "m")).model_id is None
    said = client.create_model_version("churn", str(tmp_path / "m"), model_id=model.model_id)
    assert said.model_id == model.model_id


def test_what_is_answered_is_what_filters_see(churn, client, store):
    """Tags, aliases and gates are read of the events, and filtered by views over them."""
    churn(), churn()
    for value in ("a", "b"):
        client.set_registered_model_tag("churn", "kept", value)
        client.set_registered_model_tag("churn", f"gone {value}", value)
        client.set_model_version_tag("churn", 1, "kept", value)
        client.set_model_version_tag("churn", 2, f"gone {value}", value)
    client.delete_registered_model_tag("churn", "gone a")
    client.delete_model_version_tag("churn", 2, "gone b")
    for alias, version in (("moved", 1), ("moved", 2), ("deleted", 1), ("of_both", 2)):
        client.set_registered_model_alias("churn", alias, version)
    client.delete_registered_model_alias("churn", "deleted")
    client.require_gate("churn", "Staging", "metrics.f1 > 0.5")
    client.require_gate("churn", "Production", "metrics.f1 > 0.7")
    client.remove_gate("churn", "Staging")
    model = client.get_registered_model("churn")
    versions = {int(v.version): v for v in client.search_model_versions("name = 'churn'")}

    def viewed(columns):
        with store._attachment.open(read_only=True) as connection:
            return sorted(connection.execute(f"select {columns}").fetchall())

    assert viewed("key, value from current.registry_model_tags") == sorted(model.tags.items())
    assert viewed("alias, version::varchar from current.registry_aliases") == sorted(
        model.aliases.items()
    )
    assert viewed("stage from current.registry_gates") == [(gate.stage,) for gate in model.gates]
    assert viewed(
        "version, key, value from current.registry_version_tags"
        " join current.registry_versions using (version_key)"
    ) == sorted((n, *tag) for n, v in versions.items() for tag in v.tags.items())
    assert (model.aliases, versions[2].aliases) == (
        {"moved": "2", "of_both": "2"},
        ["moved", "of_both"],
    )
    assert (model.tags, versions[1].tags) == ({"gone b": "b", "kept": "b"}, {"kept": "b"})
