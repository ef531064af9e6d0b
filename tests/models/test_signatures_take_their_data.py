"""Every signature takes the data it was inferred from, whatever the data is made of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from nbtrack.models import ModelSignature, infer_signature
from nbtrack.models.enforcement import enforce

TIMES = pd.to_datetime(["2024-01-01", "2024-01-02 03:04:05", "2024-01-03"], format="mixed")
DAY = dt.date(2024, 1, 31)

# {what it is: three values}, as a column of pandas
COLUMNS = {
    **{name: np.array([1, 2, 3], name) for name in (
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
        "float32", "float64", "longdouble", "complex64", "complex128", ">i4", ">f8",
    )},
    "bool": [True, False, True],
    "missing floats": [1.5, np.nan, 2],
    "infinities": [np.inf, -np.inf, 0.0],
    "huge uint64": np.array([2**64 - 1, 0, 1], "uint64"),
    **{name: pd.array([1, 2, None], name) for name in (
        "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32",
        "Float64",
    )},
    "boolean": pd.array([True, None, False], "boolean"),
    "string": pd.array(["a", None, "c"], "string"),
    "str": pd.Series(["a", None, "c"], dtype="str"),
    "texts as objects": pd.Series(["a", None, "c"], dtype=object),
    **{f"arrow {kind}": pd.array(values, pd.ArrowDtype(kind)) for kind, values in {
        pa.int8(): [1, 2, None], pa.int64(): [1, 2, None], pa.uint64(): [1, 2, 2**64 - 1],
        pa.float32(): [1, 2, None], pa.float64(): [1.5, 2, None], pa.bool_(): [True, None, False],
        pa.string(): ["a", None, "c"], pa.large_string(): ["a", "b", "c"],
        pa.binary(): [b"a", b"b", None], pa.date32(): [DAY, DAY, None],
        pa.timestamp("us"): [dt.datetime(2024, 1, 1), None, dt.datetime(2024, 1, 2)],
        pa.timestamp("ns", "UTC"): [None, None, dt.datetime(2024, 1, 2, tzinfo=dt.UTC)],
        pa.time64("us"): [dt.time(1), None, dt.time(2)],
        pa.duration("us"): [dt.timedelta(1), None, dt.timedelta(2)],
        pa.decimal128(5, 2): [Decimal("1.50"), None, Decimal("2.25")],
        pa.list_(pa.int64()): [[1, 2], [], None], pa.null(): [None, None, None],
        pa.struct([("x", pa.int64())]): [{"x": 1}, {"x": None}, None],
    }.items()},
    **{f"category of {name}": pd.Categorical(values) for name, values in {
        "texts": ["a", "b", "a"], "integers": [1, 2, 1], "missing": [1, None, 2],
        "floats": [1.5, 2.5, 1.5], "booleans": [True, False, True], "times": TIMES,
        "dates": pd.Index([DAY, DAY, DAY], dtype=object), "nothing": [None, None, None],
        "intervals": pd.interval_range(0, 3), "durations": pd.to_timedelta([1, 2, 3]),
        "periods": pd.period_range("2024-01", periods=3, freq="M"),
        "tuples": pd.Series([(1, 2), (3, 4), (1, 2)]), "mixed": [1, "a", 2.5],
        "huge": pd.Index([2**64, 2**65, 2**66], dtype=object),
    }.items()},
    "ordered": pd.Categorical(["low", "high", "low"], ["low", "high"], ordered=True),
    "times": TIMES,
    "times in UTC": TIMES.tz_localize("UTC"),
    "times in Berlin": TIMES.tz_localize("Europe/Berlin"),
    "seconds": TIMES.astype("datetime64[s]"),
    "missing times": [TIMES[0], pd.NaT, None],
    "durations": pd.to_timedelta([1, 2, 3], "h"),
    "periods": pd.period_range("2024-01", periods=3, freq="M"),
    "intervals": pd.interval_range(0, 3),
    "sparse": pd.arrays.SparseArray([0, 0, 1]),
    "sparse floats": pd.arrays.SparseArray([np.nan, 1.5, np.nan]),
    "sparse flags": pd.arrays.SparseArray([False, True, False]),
    **{f"objects: {name}": pd.Series(values, dtype=object) for name, values in {
        "integers": [1, 2, 3], "missing integers": [1, None, 3], "huge": [2**63, 2**64, 1],
        "small and huge": [-(2**70), None, 1], "floats": [1.5, None, 2.5], "mixed": [1, 2.5, None],
        "flags": [True, None, False], "flags and numbers": [True, 2, 3.5],
        "bytes": [b"a", None, b""],
        "bytearrays": [bytearray(b"a"), bytearray(), None], "anything": [1, "a", None],
        "decimals": [Decimal("1.5"), None, Decimal("NaN")], "fractions": [Fraction(1, 3)] * 3,
        "dates": [DAY, None, DAY], "datetimes": [dt.datetime(2024, 1, 1), None, None],
        "times of day": [dt.time(3), None, dt.time(4)], "durations": [dt.timedelta(1)] * 3,
        "ancient": [dt.date(1, 1, 1), dt.date(9999, 12, 31), None],
        "time zones": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1), None],
        "two zones": [pd.Timestamp("2024-01-01", tz=f"Etc/GMT+{h}") for h in (1, 2, 3)],
        "periods": [pd.Period("2024-01"), None, pd.Period("2024-02")], "complex": [1j, 2j, None],
        "intervals": [pd.Interval(0, 1)] * 3, "ids": [UUID(int=1)] * 3, "sets": [{1}, {2}, None],
        "tuples": [(1, 2), (3,), None], "lists": [[1], [], None], "ragged": [[[1], []], [], None],
        "lists of texts": [["a"], ["b", None], []], "mixed lists": [[1, "a"], [2.5], [None]],
        "arrays": [np.ones(2), np.zeros(3), np.array([])], "matrices": [np.ones((2, 2))] * 3,
        "dicts": [{"x": 1}, {"x": 2, "y": "b"}, {}], "no dicts": [{}, {}, {}],
        "nested": [{"x": {"y": [1]}}, {"x": {"y": []}}, {"x": None}],
        "by number": [{1: 2}, {3: 4}, None],
        "dicts and lists": [{"x": 1}, [1], None], "nothing": [None, None, None],
        "NaN": [np.nan, None, np.nan], "NA": [pd.NA, 1, pd.NA], "NaT": [pd.NaT, None, pd.NaT],
        "numpy integers": [np.int8(1), np.int64(2), None], "numpy huge": [np.uint64(2**64 - 1)] * 3,
        "numpy floats": [np.float32(1), np.float64(2), None],
        "numpy times": [np.datetime64("2024-01-01")] * 3,
        "longdoubles": [np.longdouble(1)] * 3, "numpy texts": [np.str_("a"), np.str_("b"), None],
        "functions": [len, print, None], "frames": [pd.DataFrame({"a": [1]})] * 3,
    }.items()},
}  # fmt: skip

ARRAYS = {
    **{str(np.dtype(kind)): np.ones((3, 2), kind) for kind in "?bBhHiIlLqQefdgFDG"},
    "big endian": np.ones(3, ">f8"),
    "texts": np.array(["a", "bc"]),
    "bytes": np.array([b"a", b"bc"]),
    "variable texts": np.array(["a", "bc"], np.dtypes.StringDType()),
    "times": np.array(["2024-01-01", "NaT"], "datetime64[D]"),
    "durations": np.array([1, 2], "timedelta64[s]"),
    "objects": np.array([1, "a", None], dtype=object),
    "ragged": np.array([np.ones(1), np.ones(2), None], dtype=object),
    "structured": np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "record": np.rec.array([(1, "x")], dtype=[("a", "i4"), ("b", "U1")]),
    "no rows": np.ones((0, 3)),
    "no columns": np.ones((3, 0)),
    "of no dimension": np.array(1.5),
    "of one": np.array([[1]]),
    "four dimensions": np.ones((2, 3, 4, 5), "float32"),
    "masked": np.ma.masked_array([1.0, 2.0], [True, False]),
}

POLARS = {
    str(kind): pl.Series("a", values, dtype=kind)
    for kind, values in [
        *((kind, [1, 2, None]) for kind in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128)),
        *((kind, [1, 2, None]) for kind in (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)),
        (pl.Float32, [1.5, None]), (pl.Float64, [1.5, float("nan")]), (pl.Boolean, [True, None]),
        (pl.String, ["a", None]), (pl.Binary, [b"a", None]), (pl.Categorical, ["a", "b"]),
        (pl.Enum(["a", "b"]), ["a", "b"]), (pl.Date, [DAY, None]), (pl.Time, [dt.time(3), None]),
        (pl.Datetime, [dt.datetime(2024, 1, 1), None]), (pl.Duration, [dt.timedelta(1), None]),
        (pl.Datetime("ns", "UTC"), [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None]),
        (pl.Decimal(5, 2), [Decimal("1.50"), None]), (pl.List(pl.Int64), [[1, 2], [], None]),
        (pl.Array(pl.Int64, 2), [[1, 2], None]), (pl.Struct({"x": pl.Int64}), [{"x": 1}, None]),
        (pl.Null, [None, None]), (pl.Object, [object(), None]),
    ]
}  # fmt: skip

OTHERS = {
    "no list": [],
    "list of nothing": [None],
    "list of lists of nothing": [[], [None]],
    "empty dict": {},
    "list of empty dicts": [{}, {}],
    "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "ragged rows": [{"a": 1}, {"b": "x"}, {"a": 2.5, "b": None}],
    "rows of lists": [{"a": [1, 2]}, {"a": []}],
    "rows of dicts": [{"a": {"x": 1}}, {"a": {"y": 2}}, {"a": None}],
    "rows by number": [{1: "a"}, {1: "b"}],
    "dict by number": {1: [2, 3]},
    "columns": {"a": [1, 2], "b": ["x", "y"]},
    "ragged columns": {"a": [1, 2, 3], "b": ["x"], "c": []},
    "one row": {"a": 1, "b": "x", "c": None, "d": 2.5, "e": True},
    "one row of lists": {"a": [[1], [2, 3]], "b": "x"},
    "nested dict": {"a": {"b": {"c": [1, None]}}, "d": 1},
    "dict of missing": {"a": None, "b": [], "c": {}},
    "dict of arrays": {"a": np.ones(2), "b": np.ones((2, 3, 4), "int8")},
    "dict of uneven arrays": {"a": np.ones(2), "b": np.ones((5, 3))},
    "dict of arrays and numbers": {"a": np.ones(2), "b": 3},
    "dict of structured arrays": {"a": np.array([(1, 2.5)], dtype=[("x", "i4"), ("y", "f8")])},
    "dict of arrays without dimension": {"a": np.array(1), "b": np.array("x")},
    "dict of series": {"a": pd.Series([1, 2]), "b": pd.Series(["x", "y"])},
    "texts": ["a", "b"],
    "numbers": [1, 2.5, None],
    "huge numbers": [2**64, 1],
    "flags": [True, False],
    "bytes": [b"a", b"b"],
    "dates": [DAY, DAY],
    "lists": [[1, 2], [3]],
    "texts and numbers": ["a", 1],
    "ragged lists": [[1, [2]], [[]], []],
    "lists of dicts": [[{"a": 1}], [{"b": 2}]],
    "list of arrays": [np.ones(2), np.ones(3)],
    "a text": "a",
    "a number": 1.5,
    "a huge number": 2**64,
    "a numpy number": np.int32(1),
    "a date": DAY,
    "a tuple": (1, 2),
    "an object": object(),
    "csr": sp.csr_matrix(np.eye(3)),
    "csc array": sp.csc_array(np.eye(3, dtype="int8")),
    "coo": sp.coo_array(np.eye(3)),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype=object)}),
    "no columns": pd.DataFrame(index=[0, 1]),
    "nothing at all": pd.DataFrame(),
    "columns by number": pd.DataFrame([[1, "x"], [2, "y"]]),
    "columns of levels": pd.DataFrame([[1, 2]], columns=[["a", "a"], ["x", "y"]]),
    "columns twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "columns by time": pd.DataFrame([[1.0, 2.0]], columns=TIMES[:2]),
    "columns by float": pd.DataFrame([[1.0, 2.0]], columns=[0.5, 1.5]),
    "column without name": pd.DataFrame({None: [1], "a": [2]}),
    "column with an empty name": pd.DataFrame({"": [1], "a": [2]}),
    "series by number": pd.Series([1, 2], name=3),
    "series of levels": pd.Series([1, 2], name=("a", 1)),
    "index of levels": pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])),
}  # fmt: skip

DATA = (
    {f"column: {name}": pd.DataFrame({"a": values}) for name, values in COLUMNS.items()}
    | {f"series: {name}": pd.Series(values) for name, values in COLUMNS.items()}
    | {f"first row: {name}": pd.DataFrame({"a": values})[:1] for name, values in COLUMNS.items()}
    | {f"array: {name}": values for name, values in ARRAYS.items()}
    | {f"polars: {name}": values.to_frame() for name, values in POLARS.items()}
    | {f"polars series: {name}": values for name, values in POLARS.items()}
    | OTHERS
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DATA)
def test_a_signature_takes_the_data_it_was_inferred_from(name):
    """Also after it was written to a file; and what comes out has all rows."""
    data = DATA[name]
    read = ModelSignature.from_dict(infer_signature(data, data).to_dict())

    for schema in (read.inputs, read.outputs):
        taken = enforce(data, schema)
        if getattr(data, "shape", ()):
            assert taken.shape[0] == data.shape[0]
