"""Which data a fit was given: fingerprints and first rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from fit_steps import FLAGS, fitted, open_run
from sklearn.dummy import DummyClassifier

from nbtrack.data import from_pandas
from nbtrack.errors import InvalidValue
from nbtrack.hooks.data import datasets
from nbtrack.hooks.data.datasets import describe, log_dataset
from nbtrack.hooks.sklearn.flags import Flags
from nbtrack.hooks.sklearn.inputs import input_rows, log_inputs
from nbtrack.recording.active_run import ActiveRun

X = np.arange(40.0).reshape(10, 4)
Y = np.arange(10) % 2
FRAME = pd.DataFrame(X, columns=list("abcd"))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ActiveRun]:
    with open_run(tmp_path) as opened:
        yield opened


def call_of(data: Any, y: Any = Y, **facts: Any) -> Any:
    return replace(fitted(DummyClassifier(), X, Y), X=data, y=y, **facts)


def recorded(run: ActiveRun) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    """(name, tags, profile) of each dataset of the run."""
    return [
        (each.dataset.name, {t.key: t.value for t in each.tags}, json.loads(each.dataset.profile))
        for each in run.inputs.dataset_inputs
    ]


def test_arrays_are_one_dataset_with_targets(run: ActiveRun) -> None:
    """As in MLflow, under the name the user gave, for training."""
    log_inputs(run, call_of(X), FLAGS)

    ((name, tags, profile),) = recorded(run)
    assert name == "X_train"
    assert tags == {"mlflow.data.context": "train", "nbtrack.targets": "y_train"}
    assert (profile["features_shape"], profile["targets_shape"]) == ([10, 4], [10])


def test_a_frame_and_its_targets_are_two_datasets(run: ActiveRun) -> None:
    """So the frame's digest is that of a dataset which the user logs by hand."""
    log_inputs(run, call_of(FRAME, pd.Series(Y, name="label")), FLAGS)

    names = {name: profile for name, _, profile in recorded(run)}
    assert names.keys() == {"X_train", "y_train"}
    assert names["X_train"]["num_rows"] == 10
    digests = {each.dataset.digest for each in run.inputs.dataset_inputs}
    assert from_pandas(FRAME).digest in digests


def test_an_unknown_name_is_mlflows(run: ActiveRun) -> None:
    """`fit(load()[0])` has no name; a very long expression is cut."""
    log_inputs(run, call_of(X, X_name=None, y_name=None), FLAGS)
    log_inputs(run, call_of(X + 1, X_name="f(" + "x, " * 500), FLAGS)

    first, second = (name for name, _, _ in recorded(run))
    assert first == "dataset"
    assert len(second) == 100


def test_the_flag_turns_it_off(run: ActiveRun) -> None:
    """log_datasets=False, as in MLflow."""
    log_inputs(run, call_of(X), Flags(log_datasets=False))

    assert recorded(run) == []


def test_data_for_scoring_is_recorded_as_such(run: ActiveRun) -> None:
    """The same function for what a model is tested on."""
    log_dataset(run, X, name="X_test", context="eval")

    ((name, tags, _),) = recorded(run)
    assert (name, tags) == ("X_test", {"mlflow.data.context": "eval"})


def test_what_can_be_read_once_is_not_read(run: ActiveRun) -> None:
    """The message says what the data was, and what to do."""
    rows = iter(X)

    with pytest.raises(InvalidValue, match="can be read only once"):
        log_inputs(run, call_of(rows), FLAGS)
    assert len(list(rows)) == 10


FORMS: dict[str, Any] = {
    "array": X,
    "frame": FRAME,
    "polars": pl.DataFrame(X),
    "csr": scipy.sparse.csr_array(X),
    "coo": scipy.sparse.coo_array(X),
    "list": X.tolist(),
    "texts": [f"text {i}" for i in range(10)],
    "series": FRAME["a"],
    "objects": FRAME.astype(object).to_numpy(),
    "empty": X[:0],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_is_recorded(run: ActiveRun, form: str) -> None:
    """With the right number of rows, and with the same digest when logged again."""
    data = FORMS[form]

    log_inputs(run, call_of(data, None), FLAGS)

    ((_, _, profile),) = recorded(run)
    rows = profile["num_rows"] if "num_rows" in profile else profile["features_shape"][0]
    assert rows == (0 if form == "empty" else 10)
    assert describe(data).digest == describe(data).digest


@pytest.mark.parametrize("form", FORMS)
def test_the_example_is_a_copy_of_the_first_rows(form: str) -> None:
    """In the form of the data; what the user changes later does not change it."""
    data = FORMS[form]

    rows = input_rows(call_of(data))

    count = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    assert count == (0 if form == "empty" else 5)
    if form in ("array", "frame", "csr"):
        assert type(rows) is type(data)
        assert not np.shares_memory(_numbers(rows), _numbers(data))


def _numbers(data: Any) -> Any:
    return data.to_numpy() if hasattr(data, "to_numpy") else getattr(data, "data", data)


def test_an_example_of_lists_is_a_copy_all_through() -> None:
    """The rows are lists that the user may change."""
    data = X.tolist()
    rows = input_rows(call_of(data))

    data[0][0] = "changed"

    assert rows[0][0] == 0.0


def test_there_is_no_example_of_a_generator() -> None:
    """Nothing of it is left to look at."""
    assert input_rows(call_of(iter(X))) is None


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_of_wide_frames_the_schema_is_of_a_part(kind: str) -> None:
    """Thousands of genes: size and digest are those of the whole."""
    values = np.random.default_rng(0).random((20, 5000))
    frame = pd.DataFrame(values) if kind == "pandas" else pl.DataFrame(values)

    found = describe(frame, name="genes")

    assert found.profile["num_elements"] == 100_000
    assert "sampled" not in found.profile
    assert len(found.to_dict()["schema"]) < 100_000
    values[11, 4321] += 1
    other = pd.DataFrame(values) if kind == "pandas" else pl.DataFrame(values)
    assert found.digest != describe(other, name="genes").digest


def test_lists_past_the_budget_are_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shape is that of the whole; another length is another digest."""
    monkeypatch.setattr(datasets, "MOST_PYTHON_VALUES", 2000)
    texts = [f"text {i}" for i in range(9000)]

    found = describe(texts, y=[0] * 9000)

    assert found.profile["features_shape"] == found.profile["targets_shape"] == [9000]
    assert found.profile["hashed_rows"] < 9000
    assert found.profile["sampled"]
    assert found.digest != describe(texts + texts[-1:], y=[0] * 9001).digest
