"""What is refused: a clear error that names the value and the cure, and nothing half-written."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.entities import Metric, Param, RunTag
from nbtrack.errors import (
    ExperimentNotFound,
    InvalidValue,
    NbtrackError,
    NotFound,
    RunDeleted,
    RunNotFound,
)
from nbtrack.recording.session import current_session
from tests.support.begun_project import begun_project

NOBODY = "0" * 32


@pytest.fixture(autouse=True, scope="module")
def project(tmp_path_factory):
    """One for all: what is refused leaves nothing behind."""
    folder = begun_project(tmp_path_factory.mktemp("project") / ".nbtrack")
    nbtrack.set_tracking_uri(folder)
    yield folder.parent
    current_session().store.close()
    nbtrack.set_tracking_uri(None)


@pytest.fixture(autouse=True)
def _nothing_is_left_open():
    yield
    while nbtrack.active_run() is not None:
        nbtrack.end_run()


@pytest.fixture
def run():
    with nbtrack.start_run() as run:
        yield run


def refused(call, *, match):
    """The call raises our error, which is also a ValueError, with *match* in its message."""
    with pytest.raises(InvalidValue, match=match) as caught:
        call()
    assert isinstance(caught.value, NbtrackError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "at least one character"),
        ("  ", "at least one character"),
        (None, "None"),
        (7, "7"),
        ("k" * 251, "251 characters; shorten it to 250"),
        ("a\nb", "letters, digits"),
        ("a\0", "letters, digits"),
        ("../x", "out of its folder"),
        ("/x", "out of its folder"),
    ],
)
def test_keys_are_checked_everywhere(run, key, words):
    """One rule for metrics, params and tags, by name, in bulk and by id; nothing is written."""
    client = nbtrack.MlflowClient()
    for call in (
        lambda: nbtrack.log_metric(key, 1),
        lambda: nbtrack.log_metrics({"good": 1, key: 1}),
        lambda: nbtrack.log_param(key, 1),
        lambda: nbtrack.log_params({"good": 1, key: 1}),
        lambda: nbtrack.set_tag(key, 1),
        lambda: nbtrack.set_tags({"good": 1, key: 1}),
        lambda: nbtrack.delete_tag(key),
        lambda: client.log_batch(run.run_id, params=[Param("good", "1"), Param(key, "1")]),
        lambda: client.get_metric_history(run.run_id, key),
    ):
        refused(call, match=words)

    data = nbtrack.get_run(run.run_id).data
    assert (data.params, data.metrics, data.tags.get("good")) == ({}, {}, None)


@pytest.mark.parametrize("value", ["0.5", b"1", None, [1, 2], {}, 1j, object()])
def test_a_metric_is_one_number(run, value):
    """The message names the metric, the value, and where such a value belongs."""
    refused(lambda: nbtrack.log_metric("f1", value), match=r"'f1' is .*log_param")
    refused(lambda: nbtrack.log_metrics({"good": 1, "f1": value}), match="'f1'")

    assert nbtrack.get_run(run.run_id).data.metrics == {}


@pytest.mark.parametrize("step", ["1", 2**63, -(2**64), object()])
def test_a_step_is_a_whole_number_of_64_bits(run, step):
    """Text would sort wrongly."""
    refused(lambda: nbtrack.log_metric("m", 1, step=step), match="step is")


@pytest.mark.parametrize("time", ["now", float("nan"), float("inf"), 1e30])
def test_a_timestamp_is_milliseconds(run, time):
    """The message says which unit."""
    client = nbtrack.MlflowClient()
    refused(lambda: nbtrack.log_metric("m", 1, timestamp=time), match="milliseconds since 1970")
    refused(lambda: client.create_run("0", start_time=time), match="milliseconds since 1970")
    refused(lambda: client.set_terminated(run.run_id, end_time=time), match="milliseconds")


@pytest.mark.parametrize("values", [None, ["a"], "a", 3])
def test_bulk_verbs_take_dicts(run, values):
    """A list of keys, or nothing at all, is a mistake."""
    refused(lambda: nbtrack.log_metrics(values), match="log_metrics takes a dict")
    refused(lambda: nbtrack.log_params(values), match="log_params takes a dict")
    refused(lambda: nbtrack.set_tags(values), match="set_tags takes a dict")
    refused(lambda: nbtrack.set_experiment_tags(values), match="set_experiment_tags takes a dict")


@pytest.mark.parametrize(
    "batch",
    [
        {"metrics": [{"key": "m", "value": 1}]},
        {"metrics": [Metric("m", 1.0, 0, 0), ("m", 1)]},
        {"params": {"a": 1}},
        {"params": [Param("good", "1")], "tags": [RunTag("", "1")]},
        {"params": [Param("good", "1")], "metrics": [Metric("m", "x", 0, 0)]},
        {"tags": None},
    ],
)
def test_a_batch_is_all_or_none(run, batch):
    """One wrong item, and nothing of the batch is there."""
    refused(lambda: nbtrack.MlflowClient().log_batch(run.run_id, **batch), match=".")

    data = nbtrack.get_run(run.run_id).data
    assert (data.params, data.metrics) == ({}, {})


@pytest.mark.parametrize("status", ["DONE", "finished", 3, None.__class__])
def test_a_status_is_one_of_five(run, status):
    """The message lists them, and the run stays as it was."""
    client = nbtrack.MlflowClient()
    for call in (
        lambda: nbtrack.end_run(status),
        lambda: client.set_terminated(run.run_id, status),
        lambda: client.update_run(run.run_id, status, name="other"),
        lambda: nbtrack.entities.RunStatus.from_string(status),
    ):
        refused(call, match="RUNNING, SCHEDULED, FINISHED, FAILED, KILLED")

    found = nbtrack.get_run(run.run_id)
    assert (found.info.status, found.info.run_name) == ("RUNNING", run.info.run_name)
    assert nbtrack.active_run() is run


def test_a_search_says_what_it_takes():
    """View types, formats, limits, tokens and filters."""
    client = nbtrack.MlflowClient()
    refused(lambda: nbtrack.search_runs(run_view_type=9), match=r"9; it is one of 1 \(ACTIVE_ONLY")
    refused(lambda: nbtrack.search_experiments(view_type="all"), match="'all'; it is one of 1")
    refused(lambda: nbtrack.search_runs(output_format="spark"), match="'spark'; it is one of 'pan")
    for most in (0, -1, "ten", 1.5):
        refused(lambda m=most: nbtrack.search_runs(max_results=m), match="max_results is")
        refused(lambda m=most: nbtrack.search_experiments(max_results=m), match="max_results is")
        refused(lambda m=most: client.search_runs(["0"], max_results=m), match="max_results is")
    for token in ("x", "-1", "1.5"):
        refused(lambda t=token: client.search_runs(["0"], page_token=t), match="page_token is")
    refused(lambda: nbtrack.search_runs(filter_string="metrics. > "), match=r"\^")
    refused(lambda: nbtrack.search_runs(["0"], experiment_names=["Default"]), match="not both")


@pytest.mark.parametrize("wrong", [None, "", 12, b"x"])
def test_a_run_id_is_a_text(run, wrong):
    """Wherever a run is named by id."""
    client = nbtrack.MlflowClient()
    calls = [
        lambda: nbtrack.get_run(wrong),
        lambda: nbtrack.delete_run(wrong),
        lambda: nbtrack.get_parent_run(wrong),
        lambda: client.log_metric(wrong, "m", 1),
        lambda: client.get_metric_history(wrong, "m"),
        lambda: client.list_artifacts(wrong),
        lambda: client.restore_run(wrong),
    ]
    if wrong is not None:
        calls += [
            lambda: nbtrack.start_run(run_id=wrong, nested=True),
            lambda: nbtrack.start_run(parent_run_id=wrong, nested=True),
            lambda: nbtrack.log_metric("m", 1, run_id=wrong),
        ]
    for call in calls:
        refused(call, match="run_id is")


def test_a_run_in_place_of_its_id_is_told_the_cure(run):
    """The most frequent slip."""
    refused(lambda: nbtrack.get_run(run), match=r"pass its run\.info\.run_id")
    experiment = nbtrack.get_experiment("0")
    refused(lambda: nbtrack.get_experiment(experiment), match=r"pass its \.experiment_id")


@pytest.mark.parametrize("wrong", [None, "", True, 1.0])
def test_an_experiment_id_is_a_text_or_a_whole_number(wrong):
    """Old MLflow code has whole numbers."""
    client = nbtrack.MlflowClient()
    assert nbtrack.get_experiment(0).name == "Default"
    for call in (
        lambda: nbtrack.get_experiment(wrong),
        lambda: nbtrack.delete_experiment(wrong),
        lambda: client.create_run(wrong),
        lambda: client.set_experiment_tag(wrong, "a", 1),
        lambda: client.search_runs([wrong]),
    ):
        refused(call, match="experiment_id is")


def test_what_is_not_there_is_named():
    """An unknown id is a NotFound, which is a KeyError; the message has the id and a way on."""
    client = nbtrack.MlflowClient()
    for call in (
        lambda: nbtrack.get_run(NOBODY),
        lambda: nbtrack.start_run(run_id=NOBODY),
        lambda: nbtrack.start_run(parent_run_id=NOBODY),
        lambda: nbtrack.log_metric("m", 1, run_id=NOBODY),
        lambda: client.log_param(NOBODY, "p", 1),
        lambda: client.set_terminated(NOBODY),
        lambda: client.delete_run(NOBODY),
        lambda: nbtrack.artifacts.list_artifacts(run_id=NOBODY),
    ):
        with pytest.raises(RunNotFound, match=rf"'{NOBODY}'.*search_runs\(\) lists"):
            call()
    with pytest.raises(ExperimentNotFound, match=r"'77'.*search_experiments\(\) lists"):
        nbtrack.get_experiment("77")
    assert issubclass(NotFound, KeyError)
    assert nbtrack.active_run() is None


def test_a_deleted_run_refuses_and_names_the_way_back(run):
    """It takes nothing until it is restored, also through the object that began it."""
    nbtrack.delete_run(run.run_id)
    for call in (
        lambda: run.log_metric("m", 1),
        lambda: nbtrack.log_param("p", 1),
        lambda: nbtrack.log_text("x", "x.txt"),
        lambda: nbtrack.MlflowClient().set_tag(run.run_id, "t", 1),
        lambda: nbtrack.start_run(run_id=run.run_id, nested=True),
        lambda: nbtrack.start_run(parent_run_id=run.run_id, nested=True),
    ):
        with pytest.raises(RunDeleted, match=r"restore_run\("):
            call()
    nbtrack.restore_run(run.run_id)
    run.log_metric("m", 2)

    assert nbtrack.get_run(run.run_id).data.metrics == {"m": 2.0}


def test_both_and_neither_are_refused(run):
    """Arguments that exclude each other, and those of which one is needed."""
    refused(lambda: nbtrack.set_experiment(), match="not both")
    refused(lambda: nbtrack.set_experiment("a", experiment_id="0"), match="not both")
    refused(lambda: nbtrack.log_image([[0]]), match="either")
    refused(lambda: nbtrack.log_input(), match="from_pandas")
    refused(lambda: nbtrack.log_inputs([1, 2], contexts=["a"]), match="2, 1")
    refused(
        lambda: nbtrack.start_run(nested=True, description="a", tags={"mlflow.note.content": "b"}),
        match="not both",
    )
    refused(lambda: nbtrack.artifacts.download_artifacts(), match="not both")


def test_a_run_deleted_while_it_is_open_leaves_the_session_in_order():
    """Its end writes nothing and raises nothing, and the next run starts as ever."""
    with nbtrack.start_run() as deleted:
        nbtrack.log_param("lr", 1)
        nbtrack.delete_run(deleted.info.run_id)

    assert nbtrack.active_run() is None
    with nbtrack.start_run() as following:
        nbtrack.log_metric("f1", 1)
    assert nbtrack.get_run(following.info.run_id).data.metrics == {"f1": 1.0}


def test_a_deletion_is_known_to_every_client():
    """Also to one that has just written to the run."""
    first, second = nbtrack.MlflowClient(), nbtrack.MlflowClient()
    run_id = first.create_run("0").info.run_id
    first.log_metric(run_id, "f1", 1)
    second.delete_run(run_id)

    with pytest.raises(RunDeleted, match=run_id):
        first.log_metric(run_id, "f1", 2)
