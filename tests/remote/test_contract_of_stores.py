"""What `Store` promises beside runs, of the same four kinds of place as in `test_contract_of_runs`:
files, data, models, the registry, and what one sees when."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.entities import Dataset, DatasetInput, InputTag
from nbtrack.errors import ArtifactNotFound, InvalidValue, RunNotFound, StoreError
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.registry import RegistryQuery
from nbtrack.remote.shipped import ShippedStore
from tests.support.store_sides import Sides, names, unique

# --- files, data, models


def test_files_come_back_as_they_were_logged(sides: Sides, experiment: str, tmp_path: Path) -> None:
    client, run = sides.client, sides.client.create_run(experiment).info.run_id
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 8192)  # 2 MiB
    client.log_artifact(run, str(tmp_path / "large.bin"), "deep/er")
    client.log_text(run, "first", "note.txt")
    odd = "a b/é.txt" if sides.is_mlflows else "a b/%c#.txt"  # which MLflow's server refuses
    client.log_text(run, "é", odd)
    client.log_dict(run, {"a": [1]}, "d.json")
    sides.settle()
    client.log_text(run, "second", "note.txt")
    expected = {odd, "d.json", "deep/er/large.bin", "note.txt"}
    for store in sides.both():
        assert {file.path for file in store.list_artifact_records(run)} == expected
        files = open_artifacts(store.get_run(run).info.artifact_uri, run_id=run)
        assert {file.path for file in files.walk()} == expected
        assert [(f.path, f.is_dir) for f in files.list("deep")] == [("deep/er", True)]
        assert files.read("note.txt") == b"second"
        assert files.read(odd).decode() == "é"
        got = files.download("deep/er/large.bin")
        assert Path(got).read_bytes() == (tmp_path / "large.bin").read_bytes()
        with pytest.raises(ArtifactNotFound):
            files.read("no.txt")


def test_data_and_models_are_those_of_the_run(sides: Sides, experiment: str) -> None:
    """MLflow's search tells nothing of those of others: whoever logged them knows."""
    client, run = sides.client, sides.client.create_run(experiment).info.run_id
    data = Dataset(name="zeros", digest="d1", source_type="code", source="{}")
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "train")])])
    model = client.create_logged_model(experiment, name="net", source_run_id=run, params={"a": "1"})
    client.finalize_logged_model(model.model_id, "READY")
    client.set_logged_model_tags(model.model_id, {"kept": "yes"})
    for store in sides.both():
        if sides.is_mlflows and store is sides.two:
            continue
        (read,) = store.get_run(run).inputs.dataset_inputs
        assert (read.dataset.name, read.dataset.digest) == ("zeros", "d1")
        assert [*store.read_datasets([experiment])] == [[experiment, "zeros", "d1", "train"]]
        (found,) = store.search_logged_models(LoggedModelQuery(experiment_ids=(experiment,)))
        assert (found.model_id, found.name, found.params) == (model.model_id, "net", {"a": "1"})
        assert (str(found.status), found.tags["kept"]) == ("READY", "yes")
        assert store.look_up_model(model.model_id).model.source_run_id == run


def test_the_registry_is_changed_by_all_or_refused_in_words(sides: Sides, experiment: str) -> None:
    """A server of MLflow's has its own, which only MLflow's clients change."""
    client, name = sides.client, unique("price")
    if sides.is_mlflows:
        for change in (
            lambda: client.create_registered_model(name),
            lambda: client.set_registered_model_alias(name, "best", "1"),
        ):
            with pytest.raises(StoreError, match="MLflow's own client"):
                change()
        assert sides.two.search_registered_models(RegistryQuery(name=name)) == []
        with pytest.raises(StoreError, match="does not tell"):
            sides.two.registry_events()
        return
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "flavors: {python_function: {loader_module: x}}\n", "model/MLmodel")
    sides.settle()
    client.create_registered_model(name, tags={"a": "b"}, description="words")
    client.create_model_version(name, f"runs:/{run}/model", run)
    client.set_registered_model_alias(name, "best", "1")
    client.transition_model_version_stage(name, "1", "Staging")
    for store in sides.both():
        (model,) = store.search_registered_models(RegistryQuery(name=name))
        (version,) = store.search_model_versions(RegistryQuery(name=name))
        assert (model.aliases, model.tags, model.description) == (
            {"best": "1"},
            {"a": "b"},
            "words",
        )
        assert (version.version, version.current_stage, version.run_id) == ("1", "Staging", run)
        kinds = [event.kind for event in store.registry_events(name=name)]
        assert kinds[0] == "model_created"
        assert kinds[-1] == "stage_changed"
        assert store.registry_head() == sides.one.registry_head()
    client.delete_registered_model(name)
    for store in sides.both():
        assert store.search_registered_models(RegistryQuery(name=name)) == []


# --- when


def test_one_reads_what_one_has_just_written(sides: Sides, experiment: str) -> None:
    """Whether it was sent or not."""
    client, store = sides.client, sides.one
    run = client.create_run(experiment).info.run_id
    for step in range(5):
        client.log_metric(run, "m", float(step), step=step)
        client.set_tag(run, "t", str(step))
        client.log_text(run, str(step), "n.txt")
        assert len(store.read_metrics(run, "m")) == step + 1
        found = store.get_run(run)
        assert (found.data.metrics, found.data.tags["t"]) == ({"m": float(step)}, str(step))
        assert open_artifacts(found.info.artifact_uri).read("n.txt").decode() == str(step)
    assert names(store, sides, experiment, filter_string="metrics.m = 4") != []


def test_while_a_server_is_away_all_goes_on(sides: Sides, experiment: str) -> None:
    """And when it is back, all is there, once. A folder is never away."""
    client, store = sides.client, sides.one
    before = client.create_run(experiment, run_name="before").info.run_id
    client.log_metric(before, "m", 0.0, step=0)
    sides.settle()
    if sides.server is None:
        assert store.absence == ""
        return
    assert isinstance(store, ShippedStore)
    sides.server.kill()
    try:
        during = client.create_run(experiment, run_name="during").info.run_id
        for step in range(1, 200):
            client.log_metric(before, "m", float(step), step=step)
        client.log_text(during, "later", "a.txt")
        shown = {*names(store, sides, experiment)}
        count, absence = len(store.read_metrics(before, "m")), store.absence
        is_sent = store.ship()
    finally:
        sides.server.begin()
    assert (shown, count, is_sent) == ({"before", "during"}, 200, False)
    assert absence.startswith("offline since")
    assert "lines waiting" in absence
    _wait_until_near(sides)
    for each in sides.both():
        assert [p.step for p in each.read_metrics(before, "m")] == [*range(200)]
        assert {*names(each, sides, experiment)} == {"before", "during"}
        found = each.get_run(during)
        assert open_artifacts(found.info.artifact_uri, run_id=during).read("a.txt") == b"later"
    assert store.absence == ""


def _wait_until_near(sides: Sides) -> None:
    """Who found it away does not ask again for some seconds."""
    for store in (sides.one, sides.two):
        if isinstance(store, ShippedStore):
            store.line._away_at = 0.0
            with suppress(StoreError):
                store.knock()


def test_what_changes_is_another_version(sides: Sides, experiment: str) -> None:
    """By which panels know that there is news."""
    before = sides.one.version()
    assert sides.one.version() == before or isinstance(sides.one, ShippedStore)
    sides.client.create_run(experiment)
    assert sides.one.version() != before


def test_sql_and_removals_are_for_where_the_project_is(sides: Sides, experiment: str) -> None:
    run = sides.client.create_run(experiment).info.run_id
    if sides.server is None:
        assert sides.one.query("select 1 as x")["x"].tolist() == [1]
        sides.one.remove_runs([run])
        with pytest.raises(RunNotFound):
            sides.one.get_run(run)
        return
    for store in sides.both():
        with pytest.raises(InvalidValue, match="on a server"):
            store.query("select 1")
        with pytest.raises(InvalidValue, match="gc"):
            store.remove_runs([run])
