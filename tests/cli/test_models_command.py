"""`nbtrack models predict` and `nbtrack models serve`, on a model in a real project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from nbtrack import MlflowClient
from nbtrack.models.saving import save_fitted

X, y = load_iris(return_X_y=True, as_frame=True)
MODEL = LogisticRegression(max_iter=300).fit(X, y)
EXPECTED = MODEL.predict(X).tolist()


@pytest.fixture
def uri(client) -> str:
    return saved(client)


def saved(client) -> str:
    """The URI of the model, logged to a run of its own."""
    run_id = client.create_run("0").info.run_id
    rows = X.head(5)
    return save_fitted(
        client.writer(run_id),
        MODEL,
        "model",
        signature_rows=rows,
        predictions_of_rows=MODEL.predict(rows),
    ).model_uri


@pytest.fixture
def csv(tmp_path) -> Path:
    X.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def test_predictions_for_a_csv_file(nbtrack, uri, csv, tmp_path):
    """One column, as many rows as came in, and nothing on the terminal."""
    out = tmp_path / "out.csv"
    code, said, err = nbtrack("models", "predict", "-m", uri, "-i", str(csv), "-o", str(out))

    assert (code, said, err) == (0, "", "")
    assert pd.read_csv(out)["predictions"].tolist() == EXPECTED


def test_predictions_in_a_parquet_file(nbtrack, uri, tmp_path):
    pytest.importorskip("pyarrow")
    X.to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    nbtrack("models", "predict", "-m", uri, "-i", str(tmp_path / "in.parquet"), "-o", str(out))

    assert pd.read_parquet(out)["predictions"].tolist() == EXPECTED


def test_predictions_for_the_json_of_a_request(nbtrack, uri, tmp_path):
    """Without an output file they are printed, as CSV."""
    (tmp_path / "in.json").write_text(json.dumps({"inputs": X.head(2).to_dict("records")}))
    code, out, _ = nbtrack("models", "predict", "-m", uri, "-i", str(tmp_path / "in.json"))

    assert (code, out) == (0, "predictions\n0\n0\n")


def test_a_model_may_be_a_folder(nbtrack, uri, csv, client):
    run_id = client.get_logged_model(uri.split("/")[1]).source_run_id
    folder = client.download_artifacts(run_id, "model")
    code, out, _ = nbtrack("models", "predict", "-m", folder, "-i", str(csv))

    assert code == 0
    assert out.splitlines()[1:] == list(map(str, EXPECTED))


def test_input_from_a_pipe(uri, csv, client):
    """A command among others: CSV in, CSV out."""
    command = [sys.executable, "-m", "nbtrack", "--store", client.tracking_uri]
    with open(csv) as source:
        done = subprocess.run(
            [*command, "models", "predict", "-m", uri], stdin=source, capture_output=True, text=True
        )

    assert done.stdout.splitlines()[1:] == list(map(str, EXPECTED)), done.stderr


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda frame: frame.iloc[:, :3], "lacks the columns 'petal width"),
        (lambda frame: frame.astype(str).replace("5.1", "x"), "'sepal length .*str"),
    ],
)
def test_a_wrong_table_is_an_error_and_no_output(nbtrack, uri, tmp_path, change, match):
    change(X).to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.csv"
    files = ("-i", str(tmp_path / "in.csv"), "-o", str(out))
    code, _, err = nbtrack("models", "predict", "-m", uri, *files)

    assert code == 2
    assert re.search(match, err)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["-i", "nowhere.csv"], "nowhere.csv"),
        (["-i", "{csv}", "-o", "out.xlsx"], "no .csv, .json or .parquet"),
        (["-i", "{csv}", "-o", "nowhere/out.csv"], "nowhere"),
    ],
)
def test_wrong_files_are_refused(nbtrack, uri, csv, arguments, match):
    given = [argument.replace("{csv}", str(csv)) for argument in arguments]
    code, _, err = nbtrack("models", "predict", "-m", uri, *given)

    assert code == 2
    assert match in err


def test_an_unknown_model_is_refused(nbtrack, uri, csv):
    code, _, err = nbtrack("models", "predict", "-m", f"runs:/{'0' * 32}/model", "-i", str(csv))

    assert code == 2
    assert "No run" in err


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The address of a server process on a free port of this machine."""
    client = MlflowClient(str(tmp_path_factory.mktemp("served")))
    uri = saved(client)
    command = [sys.executable, "-m", "nbtrack", "--store", client.tracking_uri, "models", "serve"]
    with subprocess.Popen(
        [*command, "-m", uri, "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"http://[\d.]+:\d+", line):
                break
        else:
            pytest.fail("".join(said))
        yield found[0]
        process.terminate()
        process.stderr.read()


def ask(address: str, path: str, body: object = None, kind: str = "application/json"):
    """(status, content type, text)"""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}{path}", data, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.headers["Content-Type"], exc.read().decode()


def test_a_server_answers_real_requests(server):
    """Predictions for JSON and CSV, reasons for bad input, signs of life; on loopback."""
    import nbtrack

    assert server.startswith("http://127.0.0.1:")
    split = json.loads(X.head(3).to_json(orient="split"))
    body = {"dataframe_split": {"columns": split["columns"], "data": split["data"]}}
    predictions = (200, "application/json", '{"predictions": [0, 0, 0]}')
    assert ask(server, "/invocations", body) == predictions
    table = X.head(3).to_csv(index=False).encode()
    assert ask(server, "/invocations", table, "text/csv") == predictions
    status, _, text = ask(server, "/invocations", {"inputs": [[1, 2]]})
    assert status == 400
    assert "lacks the columns" in json.loads(text)["message"]
    assert ask(server, "/ping")[::2] == (200, "\n")
    assert ask(server, "/version")[::2] == (200, nbtrack.__version__)
    assert ask(server, "/invocations", table, "text/plain")[0] == 415


def test_clients_of_mlflow_are_answered(server):
    """MLflow's own client of a scoring server."""
    client = pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    found = client.ScoringServerClient("127.0.0.1", int(server.rpartition(":")[2])).invoke(X)

    np.testing.assert_array_equal(found.get_predictions()[0], EXPECTED)


def test_the_model_keeps_answering_after_a_fault_of_its_own(server):
    """What scikit-learn raises is a 400 for that request, and nothing to the next one."""
    row = dict.fromkeys(X.columns, 1.0)
    status, _, text = ask(
        server, "/invocations", {"dataframe_records": [{**row, X.columns[0]: None}]}
    )

    assert status == 400
    assert "ValueError" in text
    assert ask(server, "/invocations", {"dataframe_records": [row]})[0] == 200
