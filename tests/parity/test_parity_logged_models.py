"""Logged models do what MLflow's do, but for what is listed in test_parity_differences."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from parity_engines import outcome
from sklearn.linear_model import LogisticRegression
from test_parity_signatures import arguments

mlflow = pytest.importorskip("mlflow")

import nbtrack  # noqa: E402 (after importorskip)

FLUENT = [
    "clear_active_model", "create_external_model", "delete_logged_model_tag",
    "finalize_logged_model", "get_active_model_id", "get_logged_model", "initialize_logged_model",
    "last_logged_model", "log_input", "log_inputs", "log_metric", "log_metrics",
    "log_model_params", "log_outputs", "search_logged_models", "set_active_model",
    "set_logged_model_tags",
]  # fmt: skip
CLIENT = [
    "create_logged_model", "delete_logged_model", "delete_logged_model_tag",
    "finalize_logged_model", "get_logged_model", "list_logged_model_artifacts", "log_inputs",
    "log_metric", "log_model_artifact", "log_model_artifacts", "log_model_params", "log_outputs",
    "search_logged_models", "set_logged_model_tags",
]  # fmt: skip
# Logged without `pip_requirements` MLflow looks for them, in a process of its own.
MODEL = LogisticRegression().fit([[0.0], [1.0]], [0, 1])


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    yield
    mlflow.clear_active_model()
    nbtrack.clear_active_model()


@pytest.mark.parametrize("name", [*CLIENT, *(f"nbtrack.{name}" for name in FLUENT)])
def test_arguments_are_mlflows(name):
    """Same names, order and defaults."""
    homes = (mlflow.MlflowClient, nbtrack.MlflowClient) if "." not in name else (mlflow, nbtrack)
    theirs, ours = (getattr(home, name.rpartition(".")[2]) for home in homes)

    assert list(arguments(ours)) == list(arguments(theirs))
    assert [p.default for p in inspect.signature(ours).parameters.values()] == [
        p.default for p in inspect.signature(theirs).parameters.values()
    ]


def facts(model: Any) -> dict[str, Any]:
    """What two models of the same code have in common."""
    return {
        "name": model.name,
        "status": str(model.status),
        "type": model.model_type,
        "has_run": model.source_run_id is not None,
        "uri": model.model_uri == f"models:/{model.model_id}" and model.model_id.startswith("m-"),
        "params": dict(sorted(model.params.items())),
        "tags": {k: v for k, v in sorted(model.tags.items()) if not k.startswith("mlflow.")},
        "metrics": points(model),
    }


def points(model: Any) -> list[tuple[Any, ...]]:
    return sorted(
        (m.key, m.value, m.step, str(m.dataset_name), str(m.dataset_digest), m.model_id[:2])
        for m in model.metrics or ()
    )


def test_a_model_that_is_initialized(both):
    """PENDING, then what it is said to be; params and tags are added, a tag goes away."""

    def case(mlflow, _):
        begun = mlflow.initialize_logged_model(
            name="a model", params={"x": "1"}, tags={"t": "1", "u": "2"}, model_type="agent"
        )
        mlflow.log_model_params({"y": "2"}, model_id=begun.model_id)
        mlflow.set_logged_model_tags(begun.model_id, {"t": "3", "n": 4})
        mlflow.delete_logged_model_tag(begun.model_id, "u")
        ended = mlflow.finalize_logged_model(begun.model_id, "FAILED")
        found = mlflow.get_logged_model(begun.model_id)
        assert mlflow.last_logged_model().model_id == found.model_id
        assert ended.last_updated_timestamp >= begun.creation_timestamp
        return facts(begun), facts(ended), facts(found)

    theirs, ours = both(case)
    assert ours == theirs


def test_a_model_that_is_logged(both):
    """It has its own params and those of its run, and the metrics of the run's step."""

    def case(mlflow, _):
        with mlflow.start_run() as run:
            mlflow.log_params({"a": 1, "b": 2})
            mlflow.log_metric("before", 1.0)
            mlflow.log_metric("before elsewhere", 1.0, step=2)
            info = mlflow.sklearn.log_model(
                MODEL,
                name="model",
                params={"b": 3, "c": 4},
                tags={"k": 5},
                model_type="linear",
                pip_requirements=[],
            )
            mlflow.log_param("late", 1)
            mlflow.log_metric("after", 2.0)
            mlflow.log_metrics({"several": 3.0, "elsewhere": 4.0}, step=1)
            mlflow.log_metrics({"several": 4.0}, step=0)
        found, run = mlflow.get_logged_model(info.model_id), mlflow.get_run(run.info.run_id)
        outputs = [(o.model_id == info.model_id, o.step) for o in run.outputs.model_outputs]
        assert found.source_run_id == run.info.run_id
        return facts(found), outputs, len(run.inputs.model_inputs), info.name

    theirs, ours = both(case)
    assert ours == theirs


def test_metrics_of_a_model_and_a_dataset(both):
    """They are the model's by name, also in another run, which has the model as its input."""

    def case(mlflow, _):
        data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="test")
        with mlflow.start_run():
            info = mlflow.sklearn.log_model(MODEL, name="model", pip_requirements=[])
        with mlflow.start_run() as run:
            mlflow.log_metric("acc", 0.5, step=3, model_id=info.model_id, dataset=data)
            mlflow.log_metrics({"f1": 0.25, "auc": 0.75}, model_id=info.model_id, dataset=data)
            mlflow.log_metric("own", 1.0)
        run = mlflow.get_run(run.info.run_id)
        inputs = [i.model_id == info.model_id for i in run.inputs.model_inputs]
        datasets = [d.dataset.name for d in run.inputs.dataset_inputs]
        found = [(m[:4]) for m in points(mlflow.get_logged_model(info.model_id))]
        return found, inputs, datasets, run.data.metrics

    theirs, ours = both(case)
    assert ours == theirs


def test_a_dataset_that_was_logged_and_measured_on_is_one_input(both):
    """With what was said of it when it was logged."""

    def case(mlflow, _):
        data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="train")
        with mlflow.start_run() as run:
            mlflow.log_input(data, context="training")
            mlflow.log_metric("acc", 0.5, dataset=data)
        inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        return [(i.dataset.name, [(tag.key, tag.value) for tag in i.tags]) for i in inputs]

    theirs, ours = both(case)
    assert ours == theirs


def test_the_active_model(both):
    """What is logged while it is active is its; by name it is found or made."""

    def case(mlflow, _):
        first = mlflow.create_external_model(name="outside")
        seen = [mlflow.get_active_model_id()]
        with mlflow.set_active_model(name="outside") as active:
            seen += [
                active.model_id == first.model_id,
                mlflow.get_active_model_id() == first.model_id,
            ]
            with mlflow.set_active_model(name="new"):
                seen.append(mlflow.get_active_model_id() == first.model_id)
            with mlflow.start_run():
                mlflow.log_metric("m", 1.0, step=7)
        seen.append(mlflow.get_active_model_id())
        mlflow.set_active_model(model_id=first.model_id)
        mlflow.clear_active_model()
        seen.append(mlflow.get_active_model_id())
        wrong = outcome(mlflow, lambda: mlflow.set_active_model(name="x", model_id=first.model_id))
        nothing = outcome(mlflow, mlflow.set_active_model)
        return seen, facts(mlflow.get_logged_model(first.model_id)), wrong, nothing

    theirs, ours = both(case)
    assert ours == theirs


def searched(mlflow: Any) -> dict[str, Any]:
    """Three models of known params, tags, metrics and data, by name."""
    sets = {
        name: mlflow.data.from_pandas(pd.DataFrame({"x": values}), name=name)
        for name, values in {"train": [1], "test": [2]}.items()
    }
    made = {}
    for n, name in enumerate(("alpha", "beta", "gamma")):
        with mlflow.start_run():
            made[name] = mlflow.initialize_logged_model(
                name=name, params={"n": str(n)}, tags={"team": "ab"[n % 2]}, model_type=f"t{n}"
            )
            if n:
                for key, of in (("acc", "train"), ("acc", "test")):
                    value = n / 4 + (of == "test")
                    mlflow.log_metric(key, value, model_id=made[name].model_id, dataset=sets[of])
    mlflow.finalize_logged_model(made["beta"].model_id, "READY")
    return made


SEARCHES: list[dict[str, Any]] = [
    {},
    {"filter_string": "name = 'beta'"},
    {"filter_string": "name IN ('beta', 'gamma')"},
    {"filter_string": "name LIKE '%a'"},
    {"filter_string": "params.n = '2'"},
    {"filter_string": "params.n != '2' AND tags.team = 'a'"},
    {"filter_string": "tags.`team` = 'b'"},
    {"filter_string": "model_type = 't0'"},
    {"filter_string": "metrics.acc > 0.3"},
    {"filter_string": "metrics.acc > 1.3"},
    {"filter_string": "metrics.acc < 1", "datasets": [{"dataset_name": "test"}]},
    {"filter_string": "metrics.acc > 1", "datasets": [{"dataset_name": "test"}]},
    {"datasets": [{"dataset_name": "train"}]},
    {"datasets": [{"dataset_name": "train", "dataset_digest": "none"}]},
    {"datasets": [{"dataset_name": "none"}, {"dataset_name": "test"}]},
    {"filter_string": "creation_time > 0 AND creation_timestamp > 0"},
    {"filter_string": "last_updated_timestamp < 100"},
    {"order_by": [{"field_name": "creation_time", "ascending": True}]},
    {"order_by": [{"field_name": "name"}]},
    {"order_by": [{"field_name": "name", "ascending": False}]},
    {"order_by": [{"field_name": "metrics.acc"}]},
    {"order_by": [{"field_name": "metrics.acc", "ascending": False}]},
    {"order_by": [{"field_name": "metrics.acc", "dataset_name": "train"}]},
    {"order_by": [{"field_name": "metrics.acc", "dataset_name": "none"}, {"field_name": "name"}]},
    {"max_results": 2},
    {"max_results": 2, "order_by": [{"field_name": "name"}]},
]


def test_searches_find_the_same_in_the_same_order(both):
    """Attributes, params, tags, metrics, data sets, orders and limits."""

    def case(mlflow, _):
        searched(mlflow)
        found = [mlflow.search_logged_models(**each, output_format="list") for each in SEARCHES]
        return [[model.name for model in models] for models in found]

    theirs, ours = both(case)
    for search, expected, found in zip(SEARCHES, theirs, ours):
        assert found == expected, search
    assert max(map(len, ours)) == 3
    assert min(map(len, ours)) == 0


def test_a_search_as_a_table_and_by_pages(both):
    """Columns, statuses and tokens."""

    def case(mlflow, _):
        searched(mlflow)
        frame = mlflow.search_logged_models()
        client, pages, token = mlflow.MlflowClient(), [], None
        while True:
            page = client.search_logged_models(["0"], max_results=2, page_token=token)
            pages.append([model.name for model in page])
            if (token := page.token) is None:
                break
        return list(frame.columns), list(map(str, frame["status"])), list(frame["name"]), pages

    theirs, ours = both(case)
    assert ours == theirs


REFUSED = {
    "no such model": lambda m: m.get_logged_model("m-" + "0" * 32),
    "no such tag": lambda m: m.delete_logged_model_tag(m.create_external_model().model_id, "x"),
    "a name with a slash": lambda m: m.initialize_logged_model(name="a/b"),
    "an empty name": lambda m: m.initialize_logged_model(name=""),
    "params of none": lambda m: m.log_model_params({"a": "1"}),
    "another format": lambda m: m.search_logged_models(output_format="arrow"),
    "another status": lambda m: m.finalize_logged_model(m.create_external_model().model_id, "OK"),
    "a field that is none": lambda m: m.search_logged_models(order_by=[{"field_name": "nope"}]),
    "an order by params": lambda m: m.search_logged_models(order_by=[{"field_name": "params.x"}]),
    "data without a name": lambda m: m.search_logged_models(datasets=[{"dataset_digest": "x"}]),
    "a filter that is none": lambda m: m.search_logged_models(filter_string="nope = 1 or"),
    "a number in quotes": lambda m: m.search_logged_models(filter_string="metrics.a > 'x'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_mlflow_refuses_is_refused(both, what):
    """With an error of ours, that MLflow's users catch."""
    theirs, ours = both(lambda mlflow, _: outcome(mlflow, lambda: REFUSED[what](mlflow)))
    assert (theirs, ours) == ("refused", "refused")


def test_deleted_models_are_not_found(both):
    """Neither by id nor by a search."""

    def case(mlflow, _):
        model = mlflow.create_external_model(name="gone")
        mlflow.MlflowClient().delete_logged_model(model.model_id)
        again = outcome(mlflow, lambda: mlflow.get_logged_model(model.model_id))
        return again, len(mlflow.search_logged_models(output_format="list"))

    theirs, ours = both(case)
    assert ours == theirs


def test_files_of_a_model(both):
    """Files are logged into its folder, listed, downloaded, and it is loaded by its URI."""

    def case(mlflow, folder):
        (folder / "notes.txt").write_text("read me")
        model = mlflow.initialize_logged_model(name="m")
        client = mlflow.MlflowClient()
        client.log_model_artifact(model.model_id, str(folder / "notes.txt"), "docs")
        mlflow.sklearn.log_model(MODEL, model_id=model.model_id, name="m", pip_requirements=[])
        names = {f.path for f in client.list_logged_model_artifacts(model.model_id)}
        below = [f.path for f in client.list_logged_model_artifacts(model.model_id, "docs")]
        loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
        place = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}")
        found = mlflow.get_logged_model(model.model_id)
        kept = {"docs", "MLmodel", "requirements.txt"} & names
        has_all = {path.name for path in Path(place).iterdir()} >= kept
        return kept, below, loaded.coef_.shape, str(found.status), found.name, has_all

    theirs, ours = both(case)
    assert ours == theirs


def test_a_model_becomes_a_version(both):
    """By its URI."""

    def case(mlflow, _):
        with mlflow.start_run() as run:
            info = mlflow.sklearn.log_model(MODEL, name="model", pip_requirements=[])
        version = mlflow.register_model(f"models:/{info.model_id}", "reg")
        external = mlflow.create_external_model(name="outside")
        other = mlflow.register_model(f"models:/{external.model_id}", "reg")
        said = version.run_id == run.info.run_id  # which model it is, MLflow's database forgets
        return str(version.version), str(other.version), said, other.run_id

    theirs, ours = both(case)
    assert ours == theirs


def test_pyfunc_models_are_logged_models_too(both):
    """With type, params, tags and step."""

    def case(mlflow, _):
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1.0, step=4)
            info = mlflow.pyfunc.log_model(
                name="f", python_model=lambda model_input: model_input, step=4,
                params={"p": 1}, tags={"t": "x"}, model_type="function",
                pip_requirements=[], signature=mlflow.models.infer_signature([1], [1]),
            )  # fmt: skip
        outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
        return facts(mlflow.get_logged_model(info.model_id)), [o.step for o in outputs]

    theirs, ours = both(case)
    assert ours == theirs
