"""Where nbtrack means to differ from MLflow, each with the reason.

A case returns what it saw; the test says what MLflow gives, what we give, and why.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from parity_engines import outcome


def test_a_param_may_be_logged_again(both):
    """Cells are run again: an error there would fail the user's cell. The latest value stands."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            mlflow.log_param("lr", 1)
            said = outcome(mlflow, lambda: mlflow.log_param("lr", 2))
        return said, mlflow.get_run(run.info.run_id).data.params["lr"]

    assert both(case) == (("refused", "1"), ("accepted", "2"))


def test_finished_runs_keep_their_end_when_written_to(both):
    """As in MLflow a finished run takes later writes; a score computed later changes no times."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            pass
        before = mlflow.get_run(run.info.run_id).info
        mlflow.log_metric("late", 1, run_id=run.info.run_id)
        after = mlflow.get_run(run.info.run_id)
        ended = before.end_time == after.info.end_time
        return ended, str(after.info.status), after.data.metrics

    assert both(case) == ((True, "FINISHED", {"late": 1.0}),) * 2


def test_an_exit_without_a_fault_is_no_failure(both):
    """A script that has done its work and says `sys.exit(0)` did not fail."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with pytest.raises(SystemExit), mlflow.start_run() as run:
            raise SystemExit(0)
        return str(mlflow.get_run(run.info.run_id).info.status)

    assert both(case) == ("FAILED", "FINISHED")


def test_names_say_what_the_run_was(both):
    """Nobody remembers what "luminous-asp-388" was: params name a run that nobody named."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            mlflow.log_params({"model": "svc", "C": 10})
        return mlflow.get_run(run.info.run_id).info.run_name

    theirs, ours = both(case)

    assert ours == "model=svc C=10"
    assert len(theirs.split("-")) == 3


def test_a_name_has_the_latest_of_each_param(both):
    """A run that says lr=1 lr=2 says nothing."""

    def case(mlflow: Any, tmp: Any) -> Any:
        mlflow.log_params({"lr": 1, "depth": 3})
        outcome(mlflow, lambda: mlflow.log_param("lr", 2))
        run_id = mlflow.active_run().info.run_id
        mlflow.end_run()
        return mlflow.get_run(run_id).info.run_name

    assert both(case)[1] == "lr=2 depth=3"


def test_a_name_given_by_tag_is_not_changed_at_the_end(both):
    """Only a run that nobody named is named after its params."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            mlflow.set_tag("mlflow.runName", "mine")
            mlflow.log_param("a", 1)
        found = mlflow.get_run(run.info.run_id)
        return found.info.run_name, found.data.tags["mlflow.runName"], run.info.run_name == "mine"

    assert both(case) == (("mine", "mine", False), ("mine", "mine", True))


def test_logging_without_a_run_says_so(both, caplog):
    """MLflow opens a run silently, and people wonder where it came from."""

    def case(mlflow: Any, tmp: Any) -> Any:
        mlflow.log_metric("m", 1)
        return mlflow.active_run() is not None

    with caplog.at_level(logging.WARNING):
        assert both(case) == (True, True)
    assert ["nothing was open" in r.message for r in caplog.records if r.name == "nbtrack"] == [
        True
    ]


def test_filters_know_more(both):
    """or, not, parentheses, IN on any text and numbers against params: people write them."""

    def case(mlflow: Any, tmp: Any) -> Any:
        mlflow.set_experiment("parity")
        for name, depth in (("a", 1), ("b", 2), ("c", 10)):
            with mlflow.start_run(run_name=name):
                mlflow.log_param("depth", depth)
                mlflow.log_metric("m", depth)

        def names(text: str) -> Any:
            found = mlflow.search_runs(filter_string=text, output_format="list")
            return sorted(run.info.run_name for run in found)

        texts = [
            "metrics.m < 2 or metrics.m > 9",
            "not (metrics.m = 2)",
            "run_name in ('a', 'b')",
            "params.depth > 5",
        ]
        return [
            names(text) if outcome(mlflow, lambda t=text: names(t)) == "accepted" else "refused"
            for text in texts
        ]

    theirs, ours = both(case)

    assert ours == [["a", "c"], ["a", "c"], ["a", "b"], ["c"]]
    assert theirs == ["refused"] * 4


def test_an_empty_search_has_the_types_of_a_full_one(both):
    """MLflow's empty frame holds floats only, and joins or concats with it go wrong."""

    def case(mlflow: Any, tmp: Any) -> Any:
        mlflow.set_experiment("parity")
        empty = dict(mlflow.search_runs().dtypes)
        with mlflow.start_run():
            pass
        full = mlflow.search_runs()
        return {name: empty[name] == full[name].dtype for name in empty}

    theirs, ours = both(case)

    assert all(ours.values())
    assert not any(theirs.values())


def test_a_run_ended_by_update_run_has_an_end_time(both):
    """A run that is over, with no time at which it was, is a riddle."""

    def case(mlflow: Any, tmp: Any) -> Any:
        client = mlflow.MlflowClient()
        run_id = client.create_run("0").info.run_id
        client.update_run(run_id, status="FAILED")
        return client.get_run(run_id).info.end_time is not None

    assert both(case) == (False, True)


def test_a_parent_may_be_another_run_than_the_open_one(both):
    """The parent that is named is the parent that is meant."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as first:
            pass
        parent = first.info.run_id
        with mlflow.start_run(run_name="open"):
            return outcome(mlflow, lambda: mlflow.start_run(nested=True, parent_run_id=parent))

    assert both(case) == ("refused", "accepted")


def test_a_child_belongs_to_its_parents_experiment(both):
    """MLflow puts it into the active experiment, away from its parent."""

    def case(mlflow: Any, tmp: Any) -> Any:
        far = mlflow.create_experiment("far")
        mlflow.set_experiment("near")
        with mlflow.start_run(experiment_id=far), mlflow.start_run(nested=True) as child:
            return mlflow.get_experiment(child.info.experiment_id).name

    assert both(case) == ("near", "far")


def test_resuming_asks_not_for_the_active_experiment(both):
    """A run is known by its id: MLflow refuses it while another experiment is the active one."""

    def case(mlflow: Any, tmp: Any) -> Any:
        mlflow.set_experiment("one")
        with mlflow.start_run() as run:
            pass
        mlflow.set_experiment("two")
        return outcome(mlflow, lambda: mlflow.start_run(run_id=run.info.run_id))

    assert both(case) == ("refused", "accepted")


def test_the_history_of_a_run_that_is_not_there_is_an_error(both):
    """A wrong id is not a metric without points."""

    def case(mlflow: Any, tmp: Any) -> Any:
        return outcome(mlflow, lambda: mlflow.MlflowClient().get_metric_history("0" * 32, "m"))

    assert both(case) == ("accepted", "refused")


def test_yaml_artifacts_load_as_dicts(both):
    """log_dict writes YAML, so load_dict reads it."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            mlflow.log_dict({"a": 1}, "a.yaml")
        uri = f"runs:/{run.info.run_id}/a.yaml"
        return outcome(mlflow, lambda: mlflow.artifacts.load_dict(uri))

    assert both(case) == ("refused", "accepted")


def test_default_cannot_be_deleted(both):
    """Every run without an experiment goes there."""

    def case(mlflow: Any, tmp: Any) -> Any:
        return outcome(mlflow, lambda: mlflow.delete_experiment("0"))

    assert both(case) == ("accepted", "refused")


@pytest.mark.parametrize("number", [0, -1])
def test_max_results_is_above_zero(both, number):
    """No result is asked for by mistake only; MLflow's fluent search returns an empty frame."""

    def case(mlflow: Any, tmp: Any) -> Any:
        return outcome(mlflow, lambda: mlflow.search_runs(max_results=number))

    assert both(case) == ("accepted", "refused")


def test_a_run_has_one_name(both):
    """MLflow refuses two when a run is made by id, and takes the argument's in `start_run`."""

    def case(mlflow: Any, tmp: Any) -> Any:
        two = {"run_name": "a", "tags": {"mlflow.runName": "b"}}
        said = [
            outcome(mlflow, lambda: mlflow.start_run(**two)),
            outcome(mlflow, lambda: mlflow.MlflowClient().create_run("0", **two)),
        ]
        two["tags"] = {"mlflow.runName": "a"}
        return [*said, outcome(mlflow, lambda: mlflow.MlflowClient().create_run("0", **two))]

    assert both(case) == (
        ["accepted", "refused", "accepted"],
        ["refused", "refused", "accepted"],
    )


def test_a_metric_that_is_not_there_can_be_asked_for(both):
    """As a param or tag can in either; "which runs have no f1" is a question people have."""

    def case(mlflow: Any, tmp: Any) -> Any:
        for name in ("has", "has not"):
            with mlflow.start_run(run_name=name):
                if name == "has":
                    mlflow.log_metric("f1", 0.5)

        def names(text: str) -> Any:
            found = mlflow.search_runs(filter_string=text, output_format="list")
            return [run.info.run_name for run in found]

        text = "metrics.f1 IS NULL"
        return names(text) if outcome(mlflow, lambda: names(text)) == "accepted" else "refused"

    assert both(case) == ("refused", ["has not"])


def test_max_results_none_is_all(both):
    """MLflow takes it in the functions, and in some of the client's methods."""

    def case(mlflow: Any, tmp: Any) -> Any:
        client = mlflow.MlflowClient()
        return [
            outcome(mlflow, lambda: mlflow.search_experiments(max_results=None)),
            outcome(mlflow, lambda: client.search_runs(["0"], max_results=None)),
            outcome(mlflow, lambda: client.search_experiments(max_results=None)),
            outcome(mlflow, lambda: client.search_registered_models(max_results=None)),
            outcome(mlflow, lambda: client.search_model_versions(max_results=None)),
        ]

    assert both(case) == (["accepted"] * 2 + ["refused"] * 3, ["accepted"] * 5)


def test_long_texts_are_kept_whole(both):
    """MLflow cuts a param at 6,000 characters and a tag at 8,000, and logs a warning."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run() as run:
            mlflow.log_param("p", "x" * 10_000)
            mlflow.set_tag("t", "x" * 10_000)
        data = mlflow.get_run(run.info.run_id).data
        return len(data.params["p"]), len(data.tags["t"])

    assert both(case) == ((6_000, 8_000), (10_000, 10_000))


def test_an_image_file_has_no_step(both):
    """MLflow raises a TypeError, which is no error of its own."""
    import numpy as np

    image = np.zeros((2, 2), dtype="uint8")

    def case(mlflow: Any, tmp: Any) -> Any:
        said = []
        with mlflow.start_run():
            for more in ({"step": 1}, {"timestamp": 5}, {"key": "k"}, {}):
                said.append(
                    outcome(mlflow, lambda more=more: mlflow.log_image(image, "a.png", **more))
                )
        return said

    assert both(case) == (["refused"] * 3 + ["accepted"],) * 2


def test_keys_that_json_makes_one_are_refused(both):
    """MLflow writes both, and every reader finds one."""

    def case(mlflow: Any, tmp: Any) -> Any:
        with mlflow.start_run():
            return [
                outcome(mlflow, lambda: mlflow.log_dict({1: "a", "1": "b"}, "a.json")),
                outcome(mlflow, lambda: mlflow.log_dict([{"x": {None: 1, "null": 2}}], "b.json")),
                outcome(mlflow, lambda: mlflow.log_dict({1: "a", "1": "b"}, "a.yaml")),
            ]

    assert both(case) == (["accepted"] * 3, ["refused", "refused", "accepted"])


@pytest.mark.parametrize(("most", "said"), [(-1, "refused"), (0, "accepted"), (None, "accepted")])
def test_no_search_has_fewer_than_no_candidates(both, most, said):
    """As in MLflow."""

    def case(mlflow: Any, tmp: Any) -> Any:
        import importlib

        autolog = importlib.import_module(f"{mlflow.__name__}.sklearn").autolog
        try:
            return outcome(mlflow, lambda: autolog(max_tuning_runs=most, log_models=False))
        finally:
            autolog(disable=True)

    assert both(case) == (said, said)
