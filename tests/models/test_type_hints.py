"""Models whose `predict` has type hints; models as code; texts, sparse data and times."""

import datetime as dt
import json
from typing import Any, Dict, List, Optional  # noqa: UP035 - as older code writes them

import numpy as np
import pandas as pd
import pydantic
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import nbtrack
from nbtrack.errors import InputMismatch, InvalidValue, ModelNotLoaded
from nbtrack.models import infer_signature
from nbtrack.pyfunc import PythonModel
from nbtrack.pyfunc.utils import pyfunc


class Message(pydantic.BaseModel):
    role: str
    content: Optional[str] = None  # noqa: UP045 - as older code writes it


class NoDefault(pydantic.BaseModel):
    content: str | None


class Tree(pydantic.BaseModel):
    branches: "list[Tree]"


HINTS = {
    "texts": (list[str], ["a"], "string", ["a", 1]),
    "numbers": (list[float], [1.5], "double", [1]),
    "times": (list[dt.datetime], [dt.datetime(2024, 1, 1)], "datetime", ["2024"]),
    "bytes": (list[bytes], [b"a"], "binary", ["a"]),
    "lists": (list[list[str]], [["a"], []], "array of string", [[1]]),
    "dicts": (list[dict[str, int]], [{"a": 1}], "map of long", [{"a": "b"}]),
    "anything": (list[Any], [1, "a"], "any", "no list"),
    "either": (list[int | str], [1, "a"], "any", "no list"),
    "objects": (
        list[Message], [{"role": "a"}], "object with content: string, role: string", [{"x": 1}]
    ),
}  # fmt: skip


def echo_of(hint):
    class Echo(PythonModel):
        def predict(self, model_input: hint, params=None) -> hint:
            return model_input

    return Echo()


def logged(model, **arguments):
    with nbtrack.start_run():
        info = nbtrack.pyfunc.log_model(python_model=model, name="m", **arguments)
    return nbtrack.pyfunc.load_model(info.model_uri)


@pytest.mark.parametrize("name", HINTS)
def test_type_hints_are_the_signature(name):
    """They are kept, and check what comes; objects are made of dicts."""
    hint, data, schema, wrong = HINTS[name]
    model = logged(echo_of(hint), input_example=data)
    plain = [each.model_dump() if name == "objects" else each for each in model.predict(data)]

    assert str(model.input_schema) == schema
    assert model.metadata.signature.is_from_type_hint
    assert plain == [{"content": None, **row} for row in data] if name == "objects" else data
    with pytest.raises(InputMismatch, match="Type hints"):
        model.predict(wrong)
    with pytest.raises(InputMismatch, match="Type hints"):
        echo_of(hint).predict(wrong)


@pytest.mark.parametrize("name", HINTS)
def test_a_request_is_read_by_the_type_hints(name):
    hint, data, *_ = HINTS[name]
    model = logged(echo_of(hint))
    body = nbtrack.models.convert_input_example_to_serving_input(data).encode()
    read, _ = model.read_request(body, None)

    assert read == data


def test_a_frame_becomes_the_list_of_a_type_hint():
    assert logged(echo_of(list[str])).predict(pd.DataFrame({"t": ["a", "b"]})) == ["a", "b"]
    rows = pd.DataFrame({"role": ["a"], "content": ["b"]})
    assert logged(echo_of(list[Message])).predict(rows) == [Message(role="a", content="b")]


def test_a_function_with_type_hints():
    def shout(texts: list[str]) -> list[str]:
        return [text.upper() for text in texts]

    assert logged(shout).predict(["a"]) == ["A"]
    with pytest.raises(InputMismatch, match="Type hints"):
        pyfunc(shout)("a")


@pytest.mark.parametrize(
    "hint",
    [
        str, dict, list[object], list[Tree], list[str | None], list[str] | None, list[str, int],
        list[dict[int, int]], list[dict[int]], list[Optional], list[NoDefault],
        list[list[NoDefault]],
        # As older code writes them.
        List, list[List], list[Dict],  # noqa: UP006
    ],
)  # fmt: skip
def test_a_hint_that_is_of_no_use_is_said_and_costs_nothing(hint):
    """Where it is written and when the model is logged; the example makes the signature."""
    with pytest.warns(UserWarning, match="is not supported") as where_written:
        echo = echo_of(hint)
    with pytest.warns(UserWarning, match="Unsupported type hint"):
        model = logged(echo, input_example=pd.DataFrame({"a": [1]}))

    assert where_written[0].filename == __file__
    assert str(model.input_schema) == "a: long"
    assert model.predict(pd.DataFrame({"a": [2]}))["a"].tolist() == [2]


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("hint", [pd.DataFrame, np.ndarray, "np.ndarray", Any, None])
def test_a_hint_of_other_data_leaves_it_to_the_example(hint):
    """Which is what it is for."""
    model = logged(echo_of(hint), input_example=pd.DataFrame({"a": [1]}))

    assert str(model.input_schema) == "a: long"


CODE = """
from nbtrack.models import ModelConfig, set_model
from nbtrack.pyfunc import PythonModel
from nbtrack.pyfunc.utils import pyfunc

factor = ModelConfig(development_config={"factor": 2}).get("factor")

class Scaled(PythonModel):
    def predict(self, model_input: list[float]) -> list[float]:
        return [factor * value for value in model_input]

    def predict_stream(self, model_input):
        yield from self.predict(model_input)

set_model(Scaled())
"""


@pytest.fixture
def code(tmp_path):
    (tmp_path / "scaled.py").write_text(CODE)
    return tmp_path / "scaled.py"


def test_a_model_as_code(code):
    """The file is kept, not an object; its config is that of the call, not of development."""
    model = logged(code, model_config={"factor": 3})
    uri = f"runs:/{model.metadata.run_id}/m"

    assert model.predict([1.0]) == list(model.predict_stream([1.0])) == [3.0]
    assert nbtrack.pyfunc.load_model(uri, model_config={"factor": 5}).predict([1.0]) == [5.0]
    assert str(model.input_schema) == "double"
    assert model.model_config == {"factor": 3}


def test_a_file_that_makes_no_model(tmp_path):
    (tmp_path / "empty.py").write_text("x = 1")
    (tmp_path / "broken.py").write_text("raise RuntimeError('no luck')")

    for name, match in [("empty.py", "set_model"), ("broken.py", "no luck")]:
        with pytest.raises(ModelNotLoaded, match=match):
            nbtrack.pyfunc.save_model(tmp_path / "m", python_model=tmp_path / name)
    with pytest.raises(InvalidValue, match="set_model takes"):
        nbtrack.models.set_model("model.py")


@pytest.mark.parametrize("function", [lambda: 1, lambda x, y: x])
def test_a_function_takes_the_input(function, tmp_path):
    with pytest.raises(InvalidValue, match="takes the input"):
        nbtrack.pyfunc.save_model(tmp_path / "m", python_model=function)


def test_a_function_needs_what_it_imports(tmp_path):
    """Also where the import is inside: it runs where the model does."""

    def late(data):
        import skops.io

        return skops.io

    nbtrack.pyfunc.save_model(tmp_path / "m", python_model=late)

    assert "skops==" in (tmp_path / "m" / "requirements.txt").read_text()


def test_times_as_params_arrive_as_times():
    """A file has them as texts."""

    class Since(PythonModel):
        def predict(self, context, model_input, params=None):
            return params

    given = {
        "at": dt.datetime(2024, 1, 31, 5),
        "on": dt.date(2024, 1, 31),
        "days": [dt.date(2024, 2, 1)],
    }
    model = logged(Since(), signature=infer_signature(pd.DataFrame({"a": [1]}), params=given))

    assert model.predict(pd.DataFrame({"a": [1]})) == given
    later = model.predict(pd.DataFrame({"a": [1]}), {"on": "2025-01-01"})
    assert later["on"] == dt.date(2025, 1, 1)


TEXTS = ["good day", "bad day", "good sun", "bad rain"]


@pytest.mark.parametrize(
    "example",
    [
        TEXTS,
        np.array(TEXTS),
        pd.Series(TEXTS),
        pd.Series(TEXTS, name="t"),
        pd.DataFrame({"t": TEXTS}),
    ],
    ids=["list", "array", "series", "named series", "frame"],
)
def test_a_text_model_answers_once_per_row(example):
    """A vectorizer takes a frame for the list of its labels: it is given the column."""
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, [1, 0, 1, 0])
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(fitted, name="m", input_example=example)
    model = nbtrack.pyfunc.load_model(info.model_uri)

    for data in (example, TEXTS, pd.Series(TEXTS)):
        assert list(model.predict(data)) == [1, 0, 1, 0]


def test_a_sparse_model_takes_dense_data():
    X = sp.csr_matrix(np.eye(4))
    fitted = LogisticRegression().fit(X, [0, 1, 0, 1])
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(fitted, name="m", input_example=X)
    model = nbtrack.pyfunc.load_model(info.model_uri)

    for data in (X, X.tocsc(), X.toarray(), X.toarray().tolist(), pd.DataFrame(X.toarray())):
        assert list(model.predict(data)) == [0, 1, 0, 1]


def test_a_request_with_rows_of_lists():
    """A list in it is one row where the column holds lists."""
    row = {"messages": [{"role": "user", "content": "hi"}], "k": 1}
    model = logged(echo_of(None), input_example=row, signature=infer_signature(row))
    for body in ({"inputs": row}, {"inputs": [row]}, {"dataframe_records": [row]}):
        data, _ = model.read_request(json.dumps(body).encode(), None)
        assert model.predict(data).to_dict("records") == [row]


def test_a_frame_of_one_column_of_dicts_is_those_dicts():
    """Several columns are the keys of dicts, and so is one of other values."""

    @pyfunc
    def predict(rows: list[dict[str, Any]]):
        return rows

    assert predict(pd.DataFrame({"message": [{"a": 1}, {"b": 2}]})) == [{"a": 1}, {"b": 2}]
    assert predict(pd.DataFrame({"a": [1], "b": [2]})) == [{"a": 1, "b": 2}]
    assert predict(pd.DataFrame({"a": [1]})) == [{"a": 1}]
