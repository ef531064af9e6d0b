"""Datasets: fingerprints, schemas, sources."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from nbtrack.capture import fingerprint
from nbtrack.capture.fingerprint import evenly
from nbtrack.data import from_numpy, from_pandas, from_polars
from nbtrack.errors import InvalidValue
from nbtrack.records import runs as records


def people(rows: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": np.arange(rows),
            "height": np.linspace(1.5, 2.0, rows),
            "name": [f"n{i}" for i in range(rows)],
            "born": pd.date_range("1990", periods=rows, tz="UTC"),
            "city": pd.Categorical(["Rome", "Oslo"] * (rows // 2) + ["Rome"] * (rows % 2)),
            "many": [[i, {"a"}] for i in range(rows)],
        }
    )


def test_the_same_data_has_the_same_digest_of_16_digits() -> None:
    """A digest depends on content only."""
    first, again = from_pandas(people()), from_pandas(people())

    assert first.digest == again.digest
    assert len(first.digest) == 16
    assert int(first.digest, 16) >= 0


@pytest.mark.parametrize(
    "change",
    [
        lambda df: df.assign(age=df.age + 1),
        lambda df: df.assign(name=df.name.where(df.age > 0)),
        lambda df: df.assign(age=df.age.astype("int32")),
        lambda df: df.rename(columns={"age": "years"}),
        lambda df: df[df.columns[::-1]],
        lambda df: df.iloc[::-1],
        lambda df: df.head(2),
        lambda df: df.assign(born=df.born + pd.Timedelta("1s")),
        lambda df: df.assign(many=[[9]] * 3),
        lambda df: df.set_axis([7, 8, 9]),
    ],
    ids=[
        "value",
        "missing",
        "type",
        "name",
        "column order",
        "row order",
        "rows",
        "time",
        "object",
        "index",
    ],
)
def test_any_change_of_a_small_frame_changes_its_digest(change: Any) -> None:
    """A small frame is hashed whole: values, types, names and order."""
    assert from_pandas(change(people())).digest != from_pandas(people()).digest


def test_a_digest_is_the_same_in_another_process(tmp_path: Path) -> None:
    """Neither hash randomisation nor addresses of objects get into it."""
    import subprocess
    import sys

    code = (
        "import pandas as pd\nfrom nbtrack.data import from_pandas\n"
        "class Thing: pass\n"
        "df = pd.DataFrame({'a': [{'x', 'y', 'z'}, Thing()], 'b': ['p', None]})\n"
        "print(from_pandas(df).digest)"
    )
    command = [sys.executable, "-c", code]
    first, again = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))

    assert first.stdout == again.stdout


def test_of_a_frame_past_the_budget_evenly_spaced_rows_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first row and the last are among them, and the profile says how many there were."""
    monkeypatch.setattr(fingerprint, "MAX_BYTES", 1 << 17)
    large = pd.DataFrame({"a": np.arange(10_000), "b": 0.5})
    first, last = large.copy(), large.copy()
    first.loc[0, "b"] = last.loc[9999, "b"] = 1.0
    digests = {from_pandas(each).digest for each in (large, first, last)}

    assert len(digests) == 3
    sampled = {"sampled": True, "hashed_rows": 4096}
    assert from_pandas(large).profile == {"num_rows": 10_000, "num_elements": 20_000, **sampled}


@pytest.mark.parametrize(
    ("count", "wanted", "places"),
    [(10, 4, [0, 3, 6, 9]), (10, 1, [0, 9]), (3, 9, [0, 1, 2]), (1, 5, [0]), (0, 5, [])],
)
def test_places_hold_both_ends(count: int, wanted: int, places: list[int]) -> None:
    """Fewer than two places would miss an end; more than there are cannot be."""
    assert evenly(count, wanted) == places


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame(index=range(5)),
        pd.DataFrame({"a": []}),
        pd.DataFrame([[1, "x"], [2, None]], columns=["same", "same"]),
        pd.DataFrame({("a", "b"): [np.nan], ("a", 1): [None]}),
        pd.DataFrame({1: pd.array([1, None], dtype="Int64"), "s": pd.arrays.SparseArray([0, 1])}),
        pd.DataFrame({"v": range(4)}, index=pd.MultiIndex.from_product([[1, 2], ["a", "b"]])),
        pd.DataFrame({"o": [object(), b"x", "\ud800", 1.5, pd.NA, (1,), np.float32(2)]}),
        pd.DataFrame({"p": pd.period_range("2020", periods=2), "d": pd.to_timedelta([1, None])}),
    ],
    ids=["nothing", "no columns", "no rows", "doubles", "tuples", "nullable", "multi", "odd", "p"],
)
def test_odd_frames_work(frame: pd.DataFrame) -> None:
    """Whatever pandas can hold can be described, and the record is JSON."""
    record = from_pandas(frame).to_record()

    assert len(record.digest) == 16
    assert len(json.loads(record.schema or "")["mlflow_colspec"]) == frame.shape[1]


def test_the_forms_are_mlflow_s() -> None:
    """Schema, source and profile are what MLflow's readers expect."""
    frame = people().drop(columns="many").assign(weight=[1.5, None, 2.0])
    described = from_pandas(frame, source="data/people.csv", name="people", targets="age").to_dict()

    assert described["source"] == '{"uri": "data/people.csv"}'
    assert described["source_type"] == "local"
    assert [tuple(c.values()) for c in json.loads(described["schema"])["mlflow_colspec"]] == [
        ("long", "age", True),
        ("double", "height", True),
        ("string", "name", True),
        ("datetime", "born", True),
        ("string", "city", True),
        ("double", "weight", False),
    ]


@pytest.mark.filterwarnings("ignore")  # MLflow has much to say
def test_mlflow_describes_the_same() -> None:
    """Side by side, schemas and sources are equal."""
    data = pytest.importorskip("mlflow.data")
    frame = pd.DataFrame({"i": [1], "f": [0.5], "b": [True], "s": ["x"], "g": np.float32([1])})
    arrays = {"a": np.zeros((3, 2)), "b": np.zeros(3, "int32")}
    theirs = data.from_pandas(frame, source="x.csv"), data.from_numpy(arrays, targets=np.ones(3))
    ours = from_pandas(frame, source="x.csv"), from_numpy(arrays, targets=np.ones(3))

    for their, our in zip(theirs, ours):
        assert our.to_dict()["schema"] == their.to_dict()["schema"]
        profile = json.loads(our.to_dict()["profile"])
        assert json.loads(their.to_dict()["profile"]).items() <= profile.items()


def test_arrays_of_any_layout_have_one_digest() -> None:
    """Order in memory is no content: a transposed copy and a strided view hash alike."""
    square = np.arange(600.0).reshape(20, 30)
    strided = np.repeat(square, 2, axis=1)[:, ::2]

    assert not strided.flags.c_contiguous
    assert len({from_numpy(x).digest for x in (square, np.asfortranarray(square), strided)}) == 1


@pytest.mark.parametrize("shape", [(30_000,), (10_000, 3), (3, 10_000), (1, 30_000)])
def test_arrays_past_the_budget_are_read_in_part_with_both_ends(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long or wide, the first value and the last one count."""
    monkeypatch.setattr(fingerprint, "MAX_BYTES", 1 << 16)
    array = np.zeros(shape)
    assert from_numpy(array).profile["sampled"]
    digests = {from_numpy(array).digest}
    for place in (0, -1):
        changed = array.copy()
        changed.reshape(-1)[place] = 1.0
        digests.add(from_numpy(changed).digest)

    assert len(digests) == 3


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_sparse_matrices_are_hashed_by_their_parts(kind: str) -> None:
    """Nothing is made dense, and a changed value changes the digest."""
    matrix = scipy.sparse.eye_array(1000, format="lil")
    other = matrix.copy()
    other[999, 999] = 5.0
    described = from_numpy(matrix.asformat(kind))

    assert described.digest != from_numpy(other.asformat(kind)).digest
    assert described.digest == from_numpy(matrix.asformat(kind)).digest
    assert described.profile["features_shape"] == (1000, 1000)


@pytest.mark.parametrize(
    "array",
    [
        np.array([]),
        np.zeros((0, 4)),
        np.array([[1, "a"], [None, {}]], dtype=object),
        np.array(["2020", "NaT"], dtype="datetime64[D]"),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        [[1, 2], [3, 4]],
    ],
)
def test_odd_arrays_work(array: Any) -> None:
    """Whatever numpy can hold can be described."""
    assert len(from_numpy(array).to_record().digest) == 16


def test_polars_frames_are_described_the_same_way() -> None:
    """Schema and digest of a polars frame; a missing value is seen."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, 2], "s": ["x", None], "l": [[1], [2, 3]]})
    other = frame.with_columns(a=polars.Series([1, 3]))
    described = from_polars(frame)

    columns = json.loads(described.to_dict()["schema"])["mlflow_colspec"]
    assert [tuple(c.values()) for c in columns] == [
        ("long", "a", True),
        ("string", "s", False),
        ("any", "l", True),
    ]
    assert described.digest == from_polars(frame.clone()).digest != from_polars(other).digest


@pytest.mark.parametrize(
    ("source", "kind", "stored"),
    [
        (Path("a/b.csv"), "local", {"uri": "a/b.csv"}),
        ("file:///a/b.csv", "local", {"uri": "file:///a/b.csv"}),
        ("https://ana:pw@x.org/d.csv", "http", {"url": "https://x.org/d.csv"}),
        ("https://x.org/d?v=2&sig=abc", "http", {"url": "https://x.org/d?v=2&sig=***"}),
        ("s3://bucket/d.parquet", "s3", {"uri": "s3://bucket/d.parquet"}),
        ("wasbs://box@host/d.csv?sig=a", "wasbs", {"uri": "wasbs://box@host/d.csv?sig=***"}),
        ("abfss://box@host/d.csv", "abfss", {"uri": "abfss://box@host/d.csv"}),
    ],
)
def test_a_source_is_a_path_or_an_address_without_secrets(
    source: Any, kind: str, stored: dict[str, Any]
) -> None:
    """What comes before the path says what kind of source it is."""
    record = from_numpy(np.zeros(2), source=source).to_record()

    assert isinstance(record, records.Dataset)
    assert (record.source_type, json.loads(record.source)) == (kind, stored)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_pandas([1, 2]), "Expected a pandas DataFrame, got builtins.list"),  # type: ignore[arg-type]
        (lambda: from_pandas(people(), targets="sex"), "targets is 'sex'.*'age', 'height'"),
        (lambda: from_numpy([[1], [1, 2]]), "features: Expected a numpy array"),  # type: ignore[arg-type]
        (lambda: from_numpy(np.zeros(1), source=3), "source is 3; give the path"),  # type: ignore[arg-type]
    ],
)
def test_wrong_input_is_named(call: Any, message: str) -> None:
    """Errors say what was given and what is wanted."""
    with pytest.raises(InvalidValue, match=message):
        call()
