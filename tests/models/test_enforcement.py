"""What a model is given: the columns of its signature, in their order and types, or an error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from nbtrack.errors import InputMismatch
from nbtrack.models import infer_signature
from nbtrack.models.enforcement import enforce
from nbtrack.models.param_enforcement import enforce_params
from nbtrack.types import ColSpec, Schema, TensorSpec

Frame = pd.DataFrame
TWO = infer_signature(Frame({"a": [1.5], "s": ["x"]})).inputs


def one(kind: str) -> Schema:
    return Schema([ColSpec(kind, "a")])


@pytest.mark.parametrize(
    "data",
    [
        Frame({"s": ["x"], "extra": [0], "a": [2.0]}),
        {"a": 2.0, "s": "x"},
        {"s": ["x"], "a": [2]},
        {"a": np.array([2.0]), "s": np.array(["x"])},
        [{"s": "x", "a": 2.0}],
        pl.DataFrame({"s": ["x"], "a": [2.0]}),
    ],
)
def test_columns_come_in_the_order_of_the_signature(data):
    """Whatever holds them; what the model does not know is left out."""
    found = enforce(data, TWO)

    pd.testing.assert_frame_equal(found, Frame({"a": [2.0], "s": ["x"]}), check_dtype=False)
    assert found["a"].dtype == "float64"


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (Frame({"a": [1.0]}), "lacks the columns 's'"),
        (Frame({"A": [1.0], "s": ["x"]}), "lacks the columns 'a'.* has 'A'"),
        (np.ones((2, 2)), "lacks the columns 'a', 's'"),
        (Frame([[1.0, 2.0, "x"]], columns=["a", "a", "s"]), "'a' more than once"),
        (sp.csr_matrix(np.eye(2)), "sparse matrix has no columns"),
        ({"a": [1, 2], "s": ["x"]}, "no table"),
        ("nonsense", "lacks the columns"),
    ],
)
def test_missing_columns_are_named(data, match):
    with pytest.raises(InputMismatch, match=match):
        enforce(data, TWO)


INT64 = pd.array([1, 2], dtype="Int64")
MISSING = pd.array([1, None], dtype="Int64")
SAFE = [
    ("double", [1, 2], "float64"),
    ("double", np.array([1.5], "float32"), "float64"),
    ("double", [None, None], "float64"),
    ("double", pd.Series([1.5, None], dtype=object), "float64"),
    ("double", pd.Series([Decimal("1.5")], dtype=object), "float64"),
    ("double", INT64, "float64"),
    ("float", [1, 2], "float32"),
    ("float", np.array([1], "int16"), "float32"),
    ("long", np.array([1], "uint32"), "int64"),
    ("long", pd.Series([1, 2], dtype=object), "int64"),
    ("long", MISSING, "Int64"),
    ("long", [], "int64"),
    ("integer", np.array([1], "int8"), "int32"),
    ("boolean", [True, False], "bool"),
    ("boolean", pd.Series([True, None], dtype=object), "object"),
    ("string", pd.Series(["x", None], dtype=object), "object"),
    ("string", pd.Categorical(["x"]), "category"),
    ("binary", [b"x"], "object"),
    ("datetime", pd.to_datetime(["2020-01-01"], utc=True), "datetime64[us, UTC]"),
    ("datetime", [dt.date(2020, 1, 1)], "datetime64"),
]


@pytest.mark.parametrize(("kind", "values", "dtype"), SAFE)
def test_types_are_widened_where_no_value_changes(kind, values, dtype):
    column = enforce(Frame({"a": values}), one(kind))["a"]

    assert str(column.dtype).startswith(dtype.partition("[")[0])
    known = [value for value in column if not pd.isna(value)]
    assert known == [v for v in Frame({"a": values})["a"] if not pd.isna(v)] or kind == "datetime"


UNSAFE = [
    ("double", ["1.5"], "str"),
    ("double", [True], "bool"),
    ("double", [2**53 + 1], "int64"),
    ("float", [1.5], "float64"),
    ("float", [2**24 + 1], "int64"),
    ("long", [1.0], "float64"),
    ("long", np.array([1], "uint64"), "uint64"),
    ("long", [True], "bool"),
    ("integer", [1], "int64"),
    ("boolean", [1], "int64"),
    ("boolean", ["True"], "str"),
    ("string", [1], "int64"),
    ("string", pd.Series(["x", 1], dtype=object), "mixed"),
    ("string", pd.Categorical([1]), "categorical"),
    ("binary", ["x"], "str"),
    ("datetime", ["2020-01-01"], "str"),
    ("datetime", [1], "int64"),
]


@pytest.mark.parametrize(("kind", "values", "found"), UNSAFE)
def test_what_would_change_a_value_is_refused(kind, values, found):
    """The error names the column, the type that it has and the one that it should have."""
    with pytest.raises(InputMismatch, match=f"'a' is {found}.* {kind}"):
        enforce(Frame({"a": values}), one(kind))


def test_missing_values_in_a_column_of_whole_numbers_are_explained():
    """pandas made it floats; the cure is not obvious."""
    with pytest.raises(InputMismatch, match=r"Hint: .*missing values.*declare the column a double"):
        enforce(Frame({"a": [1.0, None]}), one("long"))


def test_an_optional_column_may_be_absent():
    schema = Schema([ColSpec("double", "a"), ColSpec("long", "b", required=False)])

    assert list(enforce(Frame({"a": [1.0]}), schema).columns) == ["a"]


def test_the_callers_frame_stays_as_it_is():
    """Widening makes new columns; the given ones are not touched."""
    given = Frame({"a": [1, 2]})
    enforce(given, one("double"))

    assert given["a"].dtype == "int64"


NESTED = infer_signature(
    Frame({"l": [[1.5, 2.0]], "d": [{"x": 1, "y": "s"}], "m": [[{"k": 1}]]})
).inputs


def test_lists_and_dicts_are_checked_to_the_bottom():
    fine = Frame({"l": [[1, 2.5]], "d": [{"x": 1, "y": "s"}], "m": [[{"k": 1}, {"k": 2}]]})

    assert enforce(fine, NESTED).equals(fine[["l", "d", "m"]])


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("l", ["x"], r"'l' takes array of double.*a value\[0\] is 'x' \(str\)"),
        ("l", 1, r"'l'.* is 1 \(int\)"),
        ("d", {"y": "s"}, "'d'.*lacks 'x'"),
        ("d", {"x": 1, "y": "s", "z": 1}, "'d'.*has 'z'"),
        ("m", [{"k": "x"}], r"'m'.*a value\[0\]\['k'\] is 'x'"),
    ],
)
def test_a_wrong_nested_value_is_found(column, value, match):
    data = {"l": [[1.5]], "d": [{"x": 1, "y": "s"}], "m": [[{"k": 1}]], column: [value]}

    with pytest.raises(InputMismatch, match=match):
        enforce(Frame(data), NESTED)


MATRIX = infer_signature(np.ones((2, 3))).inputs
VECTOR = infer_signature(np.ones(2)).inputs


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (MATRIX, np.ones((5, 3))),
        (MATRIX, np.ones((5, 3), "float32")),
        (MATRIX, np.ones((5, 3), int)),
        (MATRIX, [[1.0, 2, 3]]),
        (MATRIX, Frame(np.ones((2, 3)))),
        (MATRIX, sp.csr_array(np.ones((2, 3)))),
        (VECTOR, np.ones(4)),
        (VECTOR, pd.Series([1.0])),
        (VECTOR, Frame({"a": [1.0]})),
        (VECTOR, pl.Series([1.0])),
    ],
)
def test_arrays_are_brought_to_the_dtype(schema, data):
    found = enforce(data, schema)

    assert found.dtype == "float64"
    assert found.shape[1:] == schema.tensors()[0].shape[1:]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (np.ones((5, 2)), r"shape \(5, 2\).*\(-1, 3\)"),
        (np.ones(3), r"shape \(3,\)"),
        (np.array([["a", "b", "c"]]), "<U1.*float64"),
        (np.full((1, 3), 2**53 + 1), "int64.*float64"),
        (np.ones((1, 3), complex), "complex128"),
        ([[1, 2], [3]], "no array"),
        ("x", "takes an array"),
    ],
)
def test_a_wrong_array_is_refused(data, match):
    with pytest.raises(InputMismatch, match=match):
        enforce(data, MATRIX)


def test_arrays_by_name():
    """Each is checked by its own shape; lists are arrays too."""
    schema = infer_signature({"a": np.ones(1), "b": np.ones((1, 2))}).inputs

    found = enforce({"b": [[1, 2]], "a": np.ones(1), "c": 3}, schema)

    assert {name: array.shape for name, array in found.items()} == {"a": (1,), "b": (1, 2)}
    with pytest.raises(InputMismatch, match="lacks 'b'"):
        enforce({"a": np.ones(1)}, schema)
    with pytest.raises(InputMismatch, match="Input 'b' has the shape"):
        enforce({"a": np.ones(1), "b": np.ones((1, 3))}, schema)


def test_nothing_is_checked_without_a_schema():
    """Not even for the type of the container."""
    anything = object()

    assert enforce(anything, None) is anything
    assert enforce(anything, infer_signature(object()).inputs) is anything


PARAMS = infer_signature(params={"n": 1, "x": 1.5, "l": [1, 2], "s": "t"}).params


def test_parameters_not_given_have_their_defaults():
    found = enforce_params({"x": 2, "l": (3,)}, PARAMS)

    assert found == {"n": 1, "x": 2.0, "l": [3], "s": "t"}
    assert isinstance(found["x"], float)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"n": "x"}, "'n' takes long.*'x'"),
        ({"n": 2.5}, "'n' takes long"),
        ({"n": True}, "'n' takes long"),
        ({"l": 1}, "'l'.*list"),
        ({"l": ["x"]}, "'l' takes long"),
        ("x", "dict"),
    ],
)
def test_a_wrong_parameter_is_refused(given, match):
    with pytest.raises(InputMismatch, match=match):
        enforce_params(given, PARAMS)


def test_an_unknown_parameter_is_left_out_and_said(caplog):
    assert "zoom" not in enforce_params({"zoom": 1}, PARAMS)
    assert "'zoom'" in caplog.text


def test_boxed_truth_values_come_as_booleans():
    """Unless some are missing: those stay objects."""
    truths = Frame({"a": np.array([True, False], dtype=object)})
    gaps = Frame({"a": np.array([True, None], dtype=object)})

    assert enforce(truths, one("boolean"))["a"].dtype == "bool"
    assert enforce(gaps, one("boolean"))["a"].dtype == object


@pytest.mark.parametrize(
    ("column", "shape"),
    [
        (pd.Series([0.1, 0.2], dtype="float32"), (-1,)),
        ([[0.1, 0.2], [0.3, 0.4]], (-1, 2)),
        (list(np.array([[0.1, 0.2]], dtype="float32")), (-1, 2)),
    ],
)
def test_a_column_is_a_tensor_of_narrow_floats(column, shape):
    """A column of that type is one, and a list of Python's floats says nothing of the width."""
    tensors = Schema([TensorSpec(np.dtype("float32"), shape, "x")])
    found = enforce(Frame({"x": column}), tensors)["x"]

    assert found.dtype == "float32"
    assert found.tolist() == np.array(list(column), dtype="float32").tolist()


def test_a_column_of_wide_floats_is_no_tensor_of_narrow_ones():
    """Values would change, and each has a width that says so."""
    tensors = Schema([TensorSpec(np.dtype("float32"), (-1,), "x")])
    with pytest.raises(InputMismatch, match="float64"):
        enforce(Frame({"x": [0.1]}), tensors)
    rows = Schema([TensorSpec(np.dtype("float32"), (-1, 1), "x")])
    with pytest.raises(InputMismatch, match="float64"):
        enforce(Frame({"x": [np.array([0.1])]}), rows)


@pytest.mark.parametrize("shape", [(-1, 2), (2, -1), (1, 2)])
def test_rows_of_one_number_each_do_not_become_rows_of_several(shape):
    """Two rows with a number each would be one answer instead of two."""
    rows = Schema([TensorSpec(np.dtype("float64"), shape, "x")])
    with pytest.raises(InputMismatch, match=r"'x'"):
        enforce(Frame({"x": [0.0, 1.0]}), rows)
