"""The scoring protocol: what MLflow's clients send and understand, and reasons for what is refused.

The same requests go to MLflow's own scoring server over the same saved model.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import warnings

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.models.serving import make_app

pytest.importorskip("starlette")
mlflow = pytest.importorskip("mlflow")
scoring_server = pytest.importorskip("mlflow.pyfunc.scoring_server")
TestClient = pytest.importorskip("starlette.testclient").TestClient

JSON = "application/json"
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0]]
RECORDS = [dict(zip(COLUMNS, row)) for row in ROWS]
SPLIT = {"columns": COLUMNS, "data": ROWS}
CSV = pd.DataFrame(ROWS, columns=COLUMNS).to_csv(index=False)


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def both(tmp_path):
    """(our client, MLflow's client) of one saved model."""

    def start(model, **arguments):
        save = nbtrack.pyfunc.save_model if callable(model) else nbtrack.sklearn.save_model
        given = {"python_model": model} if callable(model) else {"sk_model": model}
        save(path=tmp_path / "m", **given, **arguments)
        ours = make_app(nbtrack.pyfunc.load_model(tmp_path / "m"))
        theirs = scoring_server.init(mlflow.pyfunc.load_model(str(tmp_path / "m")))
        return tuple(TestClient(app, raise_server_exceptions=False) for app in (ours, theirs))

    return start


@pytest.fixture
def iris_servers(both, classifier, iris):
    X, _ = iris
    return both(classifier, signature=nbtrack.models.infer_signature(X, classifier.predict(X)))


def post(client, body, kind=JSON):
    content = json.dumps(body) if kind.startswith(JSON) and not isinstance(body, str) else body
    return client.post("/invocations", content=content, headers={"content-type": kind})


ACCEPTED = {
    "split": ({"dataframe_split": SPLIT}, JSON),
    "split with index": ({"dataframe_split": {**SPLIT, "index": [3, 4]}}, JSON),
    "records": ({"dataframe_records": RECORDS}, JSON),
    "instances": ({"instances": RECORDS}, JSON),
    "inputs by row": ({"inputs": RECORDS}, JSON),
    "inputs by column": (
        {"inputs": {name: [row[i] for row in ROWS] for i, name in enumerate(COLUMNS)}},
        JSON,
    ),
    "whole numbers": ({"dataframe_split": {"columns": COLUMNS, "data": [[1, 2, 3, 4]]}}, JSON),
    "another order": ({"dataframe_records": [dict(reversed(RECORDS[0].items()))]}, JSON),
    "an extra column": ({"dataframe_records": [{**RECORDS[0], "x": "y"}]}, JSON),
    "csv": (CSV, "text/csv"),
    "csv in utf-8": (CSV, "text/csv; charset=utf-8"),
    "json in utf-8": ({"dataframe_split": SPLIT}, "application/json; charset=utf-8"),
    "parameters": ({"dataframe_split": SPLIT, "params": {"z": 1}}, JSON),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_requests_are_answered_as_by_mlflow(iris_servers, name):
    """The same status, type and body."""
    ours, theirs = (post(client, *ACCEPTED[name]) for client in iris_servers)

    assert ours.status_code == 200, ours.text
    assert ours.json() == theirs.json()
    assert ours.headers["content-type"] == theirs.headers["content-type"]


REFUSED = {
    "a missing column": (
        {"dataframe_split": {"columns": COLUMNS[:3], "data": [r[:3] for r in ROWS]}},
        "lacks the columns 'petal width",
    ),
    "no names": ({"inputs": ROWS}, "lacks the columns"),
    "a text": ({"dataframe_records": [{**RECORDS[0], COLUMNS[0]: "a"}]}, "'sepal length .* str"),
    "no form": ({"x": 1}, "holds 'x'; send an object with one of dataframe_split"),
    "two forms": ({"dataframe_split": SPLIT, "inputs": ROWS}, "one of dataframe_split"),
    "a list": ([1], "JSON list"),
    "a number": (3, "JSON number"),
    "no json": ("{", "no JSON"),
    "split is no object": ({"dataframe_split": 1}, "dataframe_split is a JSON number"),
    "records are no list": ({"dataframe_records": 1}, "dataframe_records is a JSON number"),
    "split without columns": ({"dataframe_split": {"data": ROWS}}, "lacks the columns"),
    "rows of unequal length": (
        {"dataframe_split": {"columns": COLUMNS, "data": [[1, 2]]}},
        "makes no table",
    ),
    "a missing value": (
        {"dataframe_records": [{**RECORDS[0], COLUMNS[0]: None}]},
        "The model raised ValueError: Input X contains NaN",
    ),
    "no rows": ({"dataframe_split": {"columns": COLUMNS, "data": []}}, "The model raised"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_a_400_with_the_reason(iris_servers, name):
    """In the form that MLflow gives its errors: an error code and a message."""
    body, reason = REFUSED[name]
    ours, theirs = (post(client, body) for client in iris_servers)

    assert ours.status_code == theirs.status_code == 400
    assert set(ours.json()) == {"error_code", "message"} <= set(theirs.json())
    assert re.search(reason, ours.json()["message"])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (CSV, "text/csv; charset=latin-1"),
        (CSV, "text/plain"),
        (CSV, "application/x-www-form-urlencoded"),
    ],
)
def test_another_content_type_is_a_415(iris_servers, body, kind):
    ours, theirs = (post(client, body, kind) for client in iris_servers)

    assert ours.status_code == theirs.status_code == 415
    assert "send" in ours.json()["message"]


def test_bad_csv_is_a_400(iris_servers):
    ours, theirs = iris_servers
    for body in ("", CSV.replace("5.1", "x"), "a,b\n1\n2,3,4,5\n"):
        assert post(ours, body, "text/csv").status_code == 400
        assert post(theirs, body, "text/csv").status_code == 400


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_a_living_server_says_so(iris_servers, path):
    ours, theirs = (client.get(path) for client in iris_servers)

    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text) == (200, "\n")


def test_the_version_and_the_methods(iris_servers):
    ours, theirs = iris_servers

    assert ours.get("/version").text == nbtrack.__version__
    assert ours.get("/invocations").status_code == theirs.get("/invocations").status_code == 405


def echo(data, params=None):
    """What a model is given: its type, and its values with their types."""
    if isinstance(data, pd.DataFrame):
        rows = data.astype(object).astype(str).to_numpy().tolist()
        return ["frame", [str(label) for label in data.columns], rows, params]
    if isinstance(data, dict):
        parts = {name: [str(array.dtype), array.tolist()] for name, array in data.items()}
        return ["dict", parts, params]
    return ["array", str(data.dtype), data.tolist(), params]


FORMS = [
    {"instances": [[1, 2], [3, 4]]},
    {"inputs": [[1.5, 2], [3, 4]]},
    {"instances": [{"a": 1, "b": 2}]},
    {"inputs": {"a": [1, 2], "b": [3.5, 4]}},
    {"inputs": ["x", "y"]},
    {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2.5, "y"]]}},
    {"dataframe_records": [{"a": 1}, {"a": 2}]},
]
SIGNATURES = {
    "none": (None, FORMS),
    "matrix": (np.ones((1, 2)), [FORMS[0], FORMS[1], {"instances": [[1, None]]}]),
    "arrays by name": (
        {"a": np.ones(1), "b": np.ones(1)},
        [{"instances": [{"a": 1, "b": 2}]}, {"dataframe_records": [{"a": 1.5, "b": 2.0}]}],
    ),
    "types that json lacks": (
        pd.DataFrame(
            {
                "i": np.array([1], "int32"),
                "t": pd.to_datetime(["2020-01-01"]),
                "z": [b"a"],
                "f": np.ones(1, "float32"),
                "k": [True],
            }
        ),
        [
            {"dataframe_records": [{"i": 1, "t": "2020-01-02", "z": "YWI=", "f": 1, "k": True}]},
            {"dataframe_records": [{"i": 1.0, "t": "2020-01-02T03:04", "z": "", "f": 1, "k": 1}]},
        ],
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_model_is_given_what_mlflow_would_give_it(both, name):
    """The same containers, values and dtypes."""
    data, bodies = SIGNATURES[name]
    signature = None if data is None else nbtrack.models.infer_signature(data)
    clients = both(echo, signature=signature)

    for body in bodies:
        ours, theirs = (post(client, body) for client in clients)
        assert ours.status_code == 200, ours.text
        assert ours.json() == json.loads(theirs.text.replace("NaN", "null")), body


def test_parameters_reach_the_model(both):
    signature = nbtrack.models.infer_signature(np.ones((1, 1)), params={"k": 1, "x": 0.5})
    clients = both(echo, signature=signature)
    ours, theirs = (post(c, {"inputs": [[1.0]], "params": {"k": 3}}) for c in clients)

    assert ours.json() == theirs.json() == {
        "predictions": ["array", "float64", [[1.0]], {"k": 3, "x": 0.5}]
    }  # fmt: skip
    assert post(clients[0], {"inputs": [[1.0]], "params": {"k": "x"}}).status_code == 400
    assert post(clients[0], {"inputs": [[1.0]], "params": [3]}).status_code == 400


def test_a_fraction_for_a_whole_number_is_refused(both):
    """MLflow's server cuts 1.5 to 1 and answers as if nothing had happened."""
    signature = nbtrack.models.infer_signature(pd.DataFrame({"a": [1]}))
    ours, theirs = both(echo, signature=signature)
    body = {"dataframe_records": [{"a": 1.5}]}

    assert post(ours, body).status_code == 400
    assert "'1'" in str(post(theirs, body).json())


def test_texts_in_csv_stay_texts(both):
    """A postcode 00501 is no number; a date is read as a date."""
    frame = pd.DataFrame({"zip": ["00501"], "t": pd.to_datetime(["2020-01-01"]), "n": [1]})
    ours, _ = both(echo, signature=nbtrack.models.infer_signature(frame))

    answer = post(ours, "zip,t,n\n00501,2020-05-06,7\n", "text/csv").json()["predictions"]
    assert answer[2] == [["00501", "2020-05-06 00:00:00", "7"]]


OUTPUTS = {
    "frame": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "numbered frame": pd.DataFrame([[1, 2]]),
    "series": pd.Series([1.5, 2.5]),
    "named series": pd.Series([1, 2], name="y"),
    "array": np.array([[1.5, 2], [3, 4]]),
    "flags": np.array([True, False]),
    "texts": np.array(["a", "b"]),
    "list": [1, "x", None],
    "numpy in lists": [np.float32(1.5), np.int64(2)],
    "dict": {"a": np.array([1, 2]), "b": "x"},
    "times": pd.DataFrame({"t": pd.to_datetime(["2020-01-01"])}),
    "number": 3.5,
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_predictions_have_the_form_that_mlflow_gives_them(both, name):
    output = OUTPUTS[name]
    ours, theirs = (post(client, {"inputs": [1]}) for client in both(lambda data: output))

    assert ours.json() == theirs.json()


def test_a_missing_number_is_null():
    """NaN is no JSON; MLflow writes it all the same, and strict readers fail."""
    model = nbtrack.pyfunc.PyFuncModel(nbtrack.models.Model(), Constant())
    answer = TestClient(make_app(model)).post("/invocations", json={"inputs": [1]})

    assert answer.text == '{"predictions": [{"a": null}, {"a": 1.5}, [null], "YWI="]}'
    assert base64.b64decode("YWI=") == b"ab"


class Constant:
    def predict(self, data, params=None):
        frame = pd.DataFrame({"a": [np.nan, 1.5]})
        return [*frame.to_dict("records"), np.array([np.inf]), b"ab"]


def test_what_cannot_be_sent_is_a_400(both):
    ours, _ = both(lambda data: object())

    answer = post(ours, {"inputs": [1]})
    assert answer.status_code == 400
    assert "cannot be written as JSON" in answer.json()["message"]
