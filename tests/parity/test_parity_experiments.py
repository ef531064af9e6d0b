"""Experiments: making, finding, deleting, tagging. Each case is run under MLflow and nbtrack."""

from __future__ import annotations

from typing import Any

import pytest
from parity_engines import outcome


def shown(experiment: Any) -> Any:
    tags = {k: v for k, v in experiment.tags.items() if not k.startswith("mlflow.")}
    return experiment.name, str(experiment.lifecycle_stage), tags


def makes_experiments(mlflow: Any, tmp: Any) -> Any:
    """create_experiment returns an id as text; a name is taken only once."""
    made = mlflow.create_experiment("one", tags={"a": "1"})
    found = mlflow.get_experiment(made)
    return (
        type(made).__name__,
        shown(found),
        found.experiment_id == made,
        found.creation_time == found.last_update_time,
        type(found.creation_time).__name__,
        outcome(mlflow, lambda: mlflow.create_experiment("one")),
        outcome(mlflow, lambda: mlflow.create_experiment("")),
        outcome(mlflow, lambda: mlflow.create_experiment("x" * 501)),
        outcome(mlflow, lambda: mlflow.create_experiment(None)),
        outcome(mlflow, lambda: mlflow.create_experiment(3)),
    )


def finds_experiments(mlflow: Any, tmp: Any) -> Any:
    """By name: None if there is none; by id: an error."""
    return (
        mlflow.get_experiment_by_name("nobody"),
        mlflow.MlflowClient().get_experiment_by_name("nobody"),
        outcome(mlflow, lambda: mlflow.get_experiment("12345")),
        shown(mlflow.get_experiment("0")),
        shown(mlflow.get_experiment_by_name("Default")),
    )


def sets_experiments(mlflow: Any, tmp: Any) -> Any:
    """set_experiment makes, finds, or takes an id; and says which one."""
    made = mlflow.set_experiment("new")
    again = mlflow.set_experiment("new")
    by_id = mlflow.set_experiment(experiment_id=made.experiment_id)
    with mlflow.start_run() as run:
        pass
    return (
        shown(made),
        made.experiment_id == again.experiment_id == by_id.experiment_id,
        run.info.experiment_id == made.experiment_id,
        type(made.experiment_id).__name__,
        outcome(mlflow, lambda: mlflow.set_experiment(experiment_id="12345")),
        outcome(mlflow, lambda: mlflow.set_experiment("new", experiment_id=made.experiment_id)),
        outcome(mlflow, lambda: mlflow.set_experiment()),
        outcome(mlflow, lambda: mlflow.set_experiment("")),
    )


def sets_experiments_under_a_run(mlflow: Any, tmp: Any) -> Any:
    """What begins afterwards belongs to the one that is set, a child too; the open run stays."""
    mlflow.set_experiment("first")
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as before:
        new = mlflow.set_experiment("second")
        with mlflow.start_run(nested=True) as after:
            pass
    runs = (mlflow.get_run(run.info.run_id).info for run in (parent, before, after))
    return (
        [mlflow.get_experiment(info.experiment_id).name for info in runs],
        shown(new),
        type(new.creation_time).__name__,
        bool(new.artifact_location),
    )


def deletes_experiments(mlflow: Any, tmp: Any) -> Any:
    """A deleted experiment keeps its name, hides its runs, and takes no new ones."""
    client = mlflow.MlflowClient()
    gone = mlflow.set_experiment("gone").experiment_id
    with mlflow.start_run() as run:
        pass
    mlflow.delete_experiment(gone)
    said = [
        outcome(mlflow, lambda: mlflow.set_experiment("gone")),
        outcome(mlflow, lambda: mlflow.set_experiment(experiment_id=gone)),
        outcome(mlflow, lambda: mlflow.create_experiment("gone")),
        outcome(mlflow, lambda: mlflow.start_run()),
        outcome(mlflow, lambda: mlflow.start_run(experiment_id=gone)),
        outcome(mlflow, lambda: client.create_run(gone)),
        outcome(mlflow, lambda: mlflow.delete_experiment(gone)),
        outcome(mlflow, lambda: client.rename_experiment(gone, "x")),
        outcome(mlflow, lambda: client.set_experiment_tag(gone, "a", "1")),
        outcome(mlflow, lambda: mlflow.delete_experiment("12345")),
        outcome(mlflow, lambda: client.restore_experiment("12345")),
    ]
    runs = [len(client.search_runs([gone], run_view_type=view)) for view in (1, 2, 3)]
    stage = str(client.get_run(run.info.run_id).info.lifecycle_stage)
    seen = shown(mlflow.get_experiment(gone)), shown(mlflow.get_experiment_by_name("gone"))
    client.restore_experiment(gone)
    back = [len(client.search_runs([gone], run_view_type=view)) for view in (1, 2, 3)]
    return said, runs, stage, seen, back, shown(mlflow.set_experiment("gone"))


def searches_experiments(mlflow: Any, tmp: Any) -> Any:
    """Newest first; filters, orders, view types and limits."""
    client = mlflow.MlflowClient()
    for name, tags in (("ab", {"t": "1"}), ("AB", {"t": "2"}), ("b", {})):
        mlflow.create_experiment(name, tags=tags)
    client.delete_experiment(mlflow.create_experiment("gone"))

    def names(**arguments: Any) -> list[str]:
        return [e.name for e in mlflow.search_experiments(**arguments)]

    return (
        sorted(names()),
        sorted(names(view_type=mlflow.entities.ViewType.ALL)),
        names(view_type=mlflow.entities.ViewType.DELETED_ONLY),
        names(filter_string="name = 'ab'"),
        sorted(names(filter_string="name ILIKE 'a%'")),
        names(filter_string="name LIKE 'a%'"),
        names(filter_string="tags.t = '2'"),
        names(filter_string="tags.t = '2' AND name != 'AB'"),
        names(order_by=["name"]),
        names(order_by=["name DESC"]),
        names(order_by=["name ASC"], max_results=2),
        outcome(mlflow, lambda: names(filter_string="nonsense")),
        outcome(mlflow, lambda: names(order_by=["nonsense"])),
    )


def pages_experiments(mlflow: Any, tmp: Any) -> Any:
    """The client's pages carry a token; the last has none."""
    client = mlflow.MlflowClient()
    for number in range(3):
        client.create_experiment(f"e{number}")
    first = client.search_experiments(max_results=3, order_by=["name"])
    second = client.search_experiments(max_results=3, order_by=["name"], page_token=first.token)
    return (
        [e.name for e in first],
        bool(first.token),
        [e.name for e in second],
        bool(second.token),
        outcome(mlflow, lambda: client.search_experiments(max_results=0)),
        outcome(mlflow, lambda: client.search_experiments(max_results=-1)),
        outcome(mlflow, lambda: client.search_experiments(page_token="nonsense")),
    )


def tags_experiments(mlflow: Any, tmp: Any) -> Any:
    """Tags are texts, set one by one or together, replaced and deleted."""
    client = mlflow.MlflowClient()
    mlflow.set_experiment("tagged")
    mlflow.set_experiment_tag("a", 1)
    mlflow.set_experiment_tags({"b": "2", "c": "3"})
    experiment_id = mlflow.get_experiment_by_name("tagged").experiment_id
    client.set_experiment_tag(experiment_id, "c", "4")
    first = shown(mlflow.get_experiment(experiment_id))
    client.delete_experiment_tag(experiment_id, "c")
    return (
        first,
        shown(client.get_experiment(experiment_id)),
        outcome(mlflow, lambda: client.set_experiment_tag("12345", "a", "1")),
        outcome(mlflow, lambda: client.delete_experiment_tag("12345", "a")),
        outcome(mlflow, lambda: client.set_experiment_tag(experiment_id, "", "1")),
    )


def renames_experiments(mlflow: Any, tmp: Any) -> Any:
    """Another name, not one that is taken; the old one is free again."""
    client = mlflow.MlflowClient()
    one = client.create_experiment("one")
    client.create_experiment("two")
    said = [
        outcome(mlflow, lambda: client.rename_experiment(one, "two")),
        outcome(mlflow, lambda: client.rename_experiment("12345", "three")),
        outcome(mlflow, lambda: client.rename_experiment(one, None)),
    ]
    client.rename_experiment(one, "three")
    again = client.create_experiment("one")
    return (
        said,
        client.get_experiment(one).name,
        client.get_experiment_by_name("three").experiment_id == one,
        client.get_experiment_by_name("one").experiment_id == again != one,
    )


def puts_artifacts_elsewhere(mlflow: Any, tmp: Any) -> Any:
    """artifact_location= is where the experiment's runs keep their files."""
    place = tmp / "elsewhere"
    made = mlflow.create_experiment("far", artifact_location=place.as_uri())
    with mlflow.start_run(experiment_id=made) as run:
        mlflow.log_text("x", "a.txt")
    files = [p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()]
    return [f.replace(run.info.run_id, "RUN") for f in files]


CASES = [
    makes_experiments,
    finds_experiments,
    sets_experiments,
    sets_experiments_under_a_run,
    deletes_experiments,
    searches_experiments,
    pages_experiments,
    tags_experiments,
    renames_experiments,
    puts_artifacts_elsewhere,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_experiments_behave_as_in_mlflow(case, both):
    """The case sees the same with either."""
    theirs, ours = both(case)

    assert ours == theirs
