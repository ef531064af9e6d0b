"""Signatures: the types that MLflow infers, in the JSON that MLflow reads."""

from __future__ import annotations

import datetime as dt
import logging

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from nbtrack.errors import InvalidValue
from nbtrack.models import ModelSignature, infer_signature
from nbtrack.types import ColSpec, Schema, TensorSpec
from nbtrack.types.schema import Array, Map, Object, Property

mlflow = pytest.importorskip("mlflow")

Frame = pd.DataFrame
AS_MLFLOW = {
    "small numbers": Frame({name: np.array([1, 2], name) for name in ("int8", "uint8", "int32")}),
    "numbers": Frame({"u": np.array([1], "uint32"), "l": [1], "h": np.array([1], "float16")}),
    "floats": Frame({"f": np.array([1, 2], "float32"), "d": [1.0, np.nan], "b": [True, False]}),
    "texts": Frame({"s": ["a", None], "o": pd.Series(["a", "b"], dtype=object)}),
    "categories": Frame({"s": pd.Categorical(["a", "b"]), "i": pd.Categorical([1, 2])}),
    "times": Frame({"t": pd.to_datetime(["2020-01-01"]), "d": [dt.date(2020, 1, 1)]}),
    "time zone": Frame({"t": pd.to_datetime(["2020-01-01"], utc=True)}),
    "bytes": Frame({"b": [b"a", b"b"]}),
    "nullable": Frame({"i": pd.array([1, None], dtype="Int64"), "f": pd.array([1, 2], "Float32")}),
    "nullable flag": Frame({"b": pd.array([True, None], dtype="boolean")}),
    "arrow": Frame({"i": pd.array([1, 2], dtype="int64[pyarrow]")}),
    "objects": Frame(
        {"i": pd.Series([1, 2], dtype=object), "f": pd.Series([1.5, 2], dtype=object)}
    ),
    "lists": Frame({"l": [[1, 2], [3]], "s": [["a"], ["b", "c"]], "a": [np.ones(2), np.ones(2)]}),
    "dicts": Frame({"d": [{"a": 1, "b": "x"}, {"a": 2}]}),
    "nothing": Frame({"n": [None, None]}),
    "numbered columns": Frame([[1, 2.0]]),
    "double names": Frame([[1, 2.0]], columns=["a", "a"]),
    "two levels": Frame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
    "series": pd.Series([1, 2], name="y"),
    "unnamed series": pd.Series([1.0, 2.0]),
    "vector": np.array([1, 2]),
    "matrix": np.ones((3, 4), "float32"),
    "array of texts": np.array(["a", "bc"]),
    "array of times": np.array(["2020-01-01"], "datetime64[D]"),
    "array of objects": np.array(["a", 1], dtype=object),
    "csr": sp.csr_matrix(np.eye(3)),
    "arrays": {"a": np.ones(2), "b": np.ones((2, 3), "int64")},
    "dict of lists": {"a": [1, 2], "b": ["x"]},
    "dict of values": {"a": 1, "b": "x", "c": 1.5, "d": True, "e": None},
    "nested dict": {"a": {"b": 1}},
    "rows": [{"a": 1, "b": 2.0}, {"a": 2, "c": "x"}],
    "list of texts": ["a", "b"],
    "list of lists": [[1, 2], [3, 4]],
    "mixed list": [1, "a"],
    "number": 1.0,
    "text": "a",
    "tuple": (1, 2),
}


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", AS_MLFLOW)
def test_a_schema_is_the_one_that_mlflow_infers(name):
    """The very JSON text, for inputs and for outputs."""
    ours = infer_signature(AS_MLFLOW[name], AS_MLFLOW[name])
    theirs = mlflow.models.infer_signature(AS_MLFLOW[name], AS_MLFLOW[name])

    assert ours.to_dict() == theirs.to_dict()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (Frame({"a": [1.0], "u": np.array([1], "uint64")}), ["a: double", "u: any"]),
        (Frame({"a": [1.0], "d": pd.to_timedelta([1])}), ["a: double", "d: any"]),
        (Frame({"a": pd.arrays.SparseArray([0.0, 1.0])}), ["a: double"]),
        (pl.DataFrame({"a": [1], "s": [None], "t": ["x"]}), ["a: long", "s: any", "t: string"]),
        (sp.csr_array(np.eye(2)), ["float64 of shape (-1, 2)"]),
        (np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), ["any"]),
        ([1, 2.5], ["double"]),
    ],
)  # fmt: skip
def test_where_mlflow_gives_up_the_rest_is_typed(data, expected):
    """One column without a type does not take the names and types of the others."""
    found = infer_signature(data).inputs

    assert [str(each) for each in found] == expected


@pytest.mark.parametrize("name", AS_MLFLOW)
def test_a_signature_comes_back_from_its_json(name):
    """And so does one that MLflow reads and writes in between."""
    signature = infer_signature(AS_MLFLOW[name], params={"k": 3, "l": ["a"]})
    through_mlflow = mlflow.models.ModelSignature.from_dict(signature.to_dict()).to_dict()

    assert ModelSignature.from_dict(signature.to_dict()) == signature
    assert ModelSignature.from_dict(through_mlflow) == signature


@pytest.mark.parametrize(
    "value",
    [1, 1.5, True, "x", [1, 2], np.array([1.0]), {"b": 1}, np.int32(3), dt.datetime(2020, 1, 1)],
)
def test_parameters_are_typed_as_in_mlflow(value):
    ours = infer_signature(np.ones(1), params={"a": value})
    theirs = mlflow.models.infer_signature(np.ones(1), params={"a": value})

    assert ours.to_dict() == theirs.to_dict()


@pytest.mark.parametrize("value", [None, [[1]], b"x", [1, "x"], (1, 2), pd.Series([1, 2])])
def test_a_parameter_without_a_type_is_refused(value):
    """All of them by their names."""
    with pytest.raises(InvalidValue, match=r"(?s)for parameters: 'beam' is .*'other' is"):
        infer_signature(np.ones(1), params={"beam": value, "good": 1, "other": value})


def test_a_schema_by_hand():
    """Types may be written as texts."""
    schema = Schema([ColSpec("double", "a"), ColSpec("string", "b", required=False)])

    assert Schema.from_json(schema.to_json()) == schema
    assert schema.required_input_names() == ["a"]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: ColSpec("dobule", "a"), "'dobule' is no type"),
        (lambda: Schema([ColSpec("double", "a"), ColSpec("long", "a")]), "once"),
        (lambda: Schema([ColSpec("double", "a"), ColSpec("long")]), "all inputs"),
        (lambda: Schema([ColSpec("double", "a"), TensorSpec("float64", (-1,), "b")]), "not both"),
        (lambda: Schema.from_json("nonsense"), "JSON"),
        (lambda: Schema.from_json('{"a": 1}'), "list"),
        (lambda: ModelSignature(inputs=Frame({"a": [1]})), "infer_signature"),
    ],
)
def test_a_wrong_signature_is_refused(make, match):
    with pytest.raises(InvalidValue, match=match):
        make()


def test_a_part_of_a_signature_can_be_set_later():
    """As in MLflow, and checked as the first one was."""
    signature = infer_signature(Frame({"a": [1]}))
    signature.inputs = Schema([ColSpec("double", "b")])

    assert ModelSignature.from_dict(signature.to_dict()) == signature
    assert signature.inputs.input_names() == ["b"]
    with pytest.raises(InvalidValue, match="infer_signature"):
        signature.outputs = Frame({"a": [1]})


def test_a_type_of_a_later_mlflow_is_not_checked():
    """A model must not become unreadable because its signature knows more than we do."""
    schema = Schema.from_json('[{"type": "quaternion", "name": "q", "required": true}]')

    assert str(schema) == "q: any"
    nested = '[{"type": "object", "properties": {"q": {"type": "quaternion"}}, "required": true}]'
    assert str(Schema.from_json(nested)) == "object with q: any"


@pytest.mark.parametrize(
    "form",
    [
        {"type": "array", "items": {"type": "quaternion"}},
        {"type": "map", "values": {"type": "quaternion"}},
        {"type": "object", "properties": {"q": {"type": "quaternion"}}},
        {"type": "object", "properties": {"q": "long"}},
        {"type": "object", "properties": {"q": {"type": "array", "items": "long"}}},
    ],
)
def test_a_type_written_by_hand_is_one(form):
    """Else a slip of the pen would be what is not checked."""
    kind = {"array": Array, "map": Map, "object": Object}[form["type"]]
    with pytest.raises(InvalidValue, match="type"):
        kind.from_json_dict(**form)
    with pytest.raises(InvalidValue, match="type"):
        Property.from_json_dict(**{"p": form})
