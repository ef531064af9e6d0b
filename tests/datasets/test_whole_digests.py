"""Digests see every row: any one change is seen, nothing else is, and what was not read says so."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from nbtrack.capture import value_digest
from nbtrack.capture.content import Content, row_change
from nbtrack.capture.fingerprint import (
    Fingerprint,
    fingerprint_arrays,
    fingerprint_pandas,
    fingerprint_polars,
)
from nbtrack.capture.row_hashes import row_hashes
from nbtrack.data import from_numpy, from_pandas

ROWS = 12_000  # more than were ever read of objects


@cache
def columns(rows: int = ROWS) -> dict[str, Any]:
    """One of each kind that people have, with values that are missing."""
    numbers = np.random.default_rng(0).random(rows)
    texts = [f"text {i}" for i in range(rows)]
    dates = pd.date_range("2020", periods=rows, freq="min")
    objects = [[i, {"a": i}, Decimal(i), date(2020, 1, 1)][i % 4] for i in range(rows)]
    return {
        "float": numbers,
        "float32": numbers.astype("float32"),
        "int": np.arange(rows),
        "bool": numbers > 0.5,
        "complex": numbers * 1j,
        "text": texts,
        "text as object": pd.Series(texts, dtype=object),
        "text with missing": pd.Series([None, *texts[1:]], dtype="string"),
        "python text": pd.Series([None, *texts[1:]], dtype="string[python]"),
        "arrow text": pd.Series(texts, dtype="str"),
        "category": pd.Categorical([f"k{i % 7}" for i in range(rows)]),
        "time": dates,
        "time with zone": dates.tz_localize("Europe/Rome", ambiguous="NaT", nonexistent="NaT"),
        "duration": dates - dates[0],
        "period": pd.period_range("1900", periods=rows, freq="D"),
        "nullable": pd.array([None, *range(1, rows)], dtype="Int64"),
        "nullable bool": pd.array([None, *(numbers[1:] > 0.5)], dtype="boolean"),
        "arrow number": pd.array(np.arange(rows), dtype="int64[pyarrow]"),
        "objects": pd.Series(objects, dtype=object),
        "sparse": pd.arrays.SparseArray(np.arange(rows) % 3),
    }


def frame_of(kind: str) -> pd.DataFrame:
    return pd.DataFrame({"c": columns()[kind], "id": np.arange(ROWS)})


def swapped(frame: pd.DataFrame, place: int) -> pd.DataFrame:
    """With the value at *place* of the column, and that before it, in each other's place."""
    order = np.arange(len(frame))
    order[[place - 1, place]] = order[[place, place - 1]]
    column = frame["c"].iloc[order].set_axis(frame.index)
    return frame.assign(c=column)


@pytest.mark.parametrize("kind", columns(8))
def test_any_one_value_anywhere_counts(kind: str) -> None:
    """A value at the beginning, at the end, and one that evenly spaced rows would have missed."""
    frame = frame_of(kind)
    own = fingerprint_pandas(frame)
    places = [1, 7, 7345, ROWS - 1]
    changed = [each for place in places if not (each := swapped(frame, place)).equals(frame)]

    assert own.is_whole
    assert changed
    assert own.digest not in {fingerprint_pandas(each).digest for each in changed}
    assert own.columns["id"] == fingerprint_pandas(changed[0]).columns["id"]
    assert own.columns["c"] != fingerprint_pandas(changed[0]).columns["c"]


@pytest.mark.parametrize("kind", columns(8))
def test_a_copy_has_the_same_digest(kind: str) -> None:
    """However it came to be: copied, pickled, cut out of a larger frame."""
    frame = frame_of(kind)
    larger = pd.concat([frame.iloc[:5], frame, frame.iloc[-5:]])
    copies = [frame.copy(), pickle.loads(pickle.dumps(frame)), larger.iloc[5:-5]]

    assert all(fingerprint_pandas(each) == fingerprint_pandas(frame) for each in copies)


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "type": lambda df: df.astype({"id": "int32"}),
    "name": lambda df: df.rename(columns={"id": "key"}),
    "order of rows": lambda df: df.iloc[::-1],
    "order of columns": lambda df: df[["id", "c"]],
    "one row less": lambda df: df.iloc[:-1],
    "one row twice": lambda df: pd.concat([df, df.iloc[-1:]]),
    "index": lambda df: df.set_axis(df.index + 1),
    "type of the index": lambda df: df.set_axis(df.index.astype("float64")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_types_names_and_order_count(change: str) -> None:
    """As much as values."""
    frame = frame_of("float")
    assert fingerprint_pandas(CHANGES[change](frame)).digest != fingerprint_pandas(frame).digest


def test_another_process_has_the_same_digests(tmp_path: Path) -> None:
    """Neither hash randomisation nor addresses get into one."""
    made = tmp_path / "data.pkl"
    made.write_bytes(pickle.dumps([frame_of(kind) for kind in columns(8)]))
    code = (
        "import pickle, sys\nfrom nbtrack.capture.fingerprint import fingerprint_pandas as f\n"
        "print([f(each).digest for each in pickle.load(open(sys.argv[1], 'rb'))])"
    )
    said = subprocess.run([sys.executable, "-c", code, str(made)], capture_output=True, check=True)

    assert said.stdout.decode().strip() == str(
        [fingerprint_pandas(frame_of(kind)).digest for kind in columns(8)]
    )


@pytest.mark.parametrize("kind", ["float", "int", "bool", "text", "time", "duration", "objects"])
def test_polars_columns_are_read_in_full(kind: str) -> None:
    """One value, and one that is missing."""
    values = list(columns()["int" if kind == "objects" else kind])
    if kind == "duration":  # which a polars of 1.9 takes only as Python's
        values = [each.to_pytimedelta() for each in values]
    column = pl.Series([[v] for v in values] if kind == "objects" else values)
    order = [*range(7344), 7345, 7344, *range(7346, ROWS)]
    other = column[[1, 0, *range(2, ROWS)]] if kind == "bool" else column[order]
    if kind == "bool":
        other = ~column
    gone = pl.Series([None, *column[1:]], dtype=column.dtype)
    digests = [fingerprint_polars(pl.DataFrame({"c": each})) for each in (column, other, gone)]

    assert len({each.digest for each in digests}) == 3
    assert all(each.is_whole for each in digests)
    assert digests[0].digest == fingerprint_polars(pl.DataFrame({"c": column.clone()})).digest


ARRAYS = {
    "1": np.arange(300_000.0),
    "2": np.arange(300_000.0).reshape(-1, 3),
    "F": np.asfortranarray(np.arange(300_000.0).reshape(-1, 3)),
    "3": np.arange(300_000.0).reshape(-1, 3, 2),
    "ints": np.arange(300_000, dtype="int8"),
    "texts": np.array([f"t{i}" for i in range(30_000)]),
    "times": np.arange(30_000).astype("datetime64[s]"),
    "objects": np.array([f"t{i}" for i in range(30_000)], dtype=object),
    "records": np.zeros(30_000, dtype=[("a", "i4"), ("b", "f8")]),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_any_one_value_of_an_array_counts(kind: str) -> None:
    """Also past 2 MB, in any order of memory."""
    array = ARRAYS[kind]
    other = array.copy()
    place = tuple(size * 2 // 7 for size in array.shape)
    other[place] = array[tuple(0 for _ in place)]
    if kind == "records":
        other[place] = (1, 0.0)

    own = fingerprint_arrays({"x": array})
    assert own.is_whole
    assert own.hashed_rows == len(array)
    assert own.digest != fingerprint_arrays({"x": other}).digest
    assert own.digest == fingerprint_arrays({"x": array.copy()}).digest
    assert own.digest != fingerprint_arrays({"y": array}).digest


class Odd:
    """Its own code would raise."""

    def __repr__(self) -> str:
        raise RuntimeError("called")

    __len__ = __eq__ = __hash__ = __str__ = __getattr__ = __repr__  # type: ignore[assignment]


class Own:
    pass


def _of_objects(*values: Any) -> Fingerprint:
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return fingerprint_arrays({"x": array})


def test_objects_are_never_asked() -> None:
    """Not for their repr, length or equality: they count by their type, and it says sampled."""
    found = _of_objects(Odd(), 1)

    assert not found.is_whole
    assert _of_objects([1, {"a": (2, None)}], 1).is_whole
    assert not _of_objects([1, {"a": Odd()}], 1).is_whole


def test_long_lists_in_cells_are_read_in_full() -> None:
    """Not only their first values; arrays in cells neither."""
    long = list(range(1000))
    changed = [*long[:500], -1, *long[501:]]

    assert _of_objects(long, "a").digest != _of_objects(changed, "a").digest
    assert _of_objects(np.array(long), "a").digest != _of_objects(np.array(changed), "a").digest


def test_too_much_text_is_read_in_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends of each text."""
    monkeypatch.setattr(value_digest, "MAX_TEXT", 10_000)
    long = "a" * 20_000
    middle = long[:9000] + "b" + long[9001:]

    assert not _of_objects(long, "x").is_whole
    assert _of_objects(long, "x").digest == _of_objects(middle, "x").digest
    assert _of_objects(long, "x").digest != _of_objects(long[:-1] + "b", "x").digest


def test_what_was_not_read_in_full_says_so_in_its_record() -> None:
    """And what was has MLflow's profile."""
    assert "sampled" not in from_numpy(np.zeros(3)).profile
    assert from_numpy(np.array([Own(), 1], dtype=object)).profile["sampled"] is True
    assert from_pandas(pd.DataFrame({"a": [Own()]})).profile["sampled"] is True


# --- which rows and columns


@pytest.mark.parametrize("count", [1, 3, 8])
def test_few_changed_rows_are_counted_exactly(count: int) -> None:
    """Wherever they stand; and rows in another order are the same."""
    values = np.random.default_rng(1).random((5000, 4))
    changed = values.copy()
    changed[100 : 100 + count, 2] += 1
    before, after = from_numpy(values).content, from_numpy(changed).content

    assert row_change(before, after) == (count, 0, "exact")
    assert row_change(before, from_numpy(values[::-1]).content) == (0, 0, "exact")
    assert row_change(before, from_numpy(values[count:]).content) == (0, -count, "exact")
    assert [c for c in before.columns if before.columns[c] != after.columns[c]] == ["column 2"]


def test_many_changed_rows_are_estimated() -> None:
    """To within a fifth, until there are hundreds: then at least."""
    values = pd.DataFrame({"a": np.arange(5000), "b": "x"})
    changed = values.assign(a=values.a.where(values.a >= 100, -1 - values.a))
    all_changed = values.assign(a=-1 - values.a)
    before, after = from_pandas(values).content, from_pandas(changed).content

    found = row_change(before, after)
    assert found is not None
    assert found.precision == "about"
    assert 80 <= found.changed <= 120
    assert row_change(before, from_pandas(all_changed).content) == (400, 0, "at least")


def test_a_content_is_short_and_comes_back() -> None:
    """And what is none is None."""
    frame = frame_of("float")
    content = from_pandas(frame).content

    again = Content.of_text(content.to_text())
    assert again is not None
    assert again.groups == content.groups
    assert len(content.to_text()) < 2000
    for wrong in ("", "{}", "[1]", '{"kind":"nbtrack data 1"}', "null", "[" * 9999):
        assert Content.of_text(wrong) is None


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.copy(),
        np.asfortranarray,
        lambda x: x.tolist(),
        pd.DataFrame,
        lambda x: x.astype(int),
        lambda x: x.astype("float32"),
    ],
)
def test_rows_are_the_same_in_any_form(form: Any) -> None:
    """Numbers count by their value."""
    values = np.arange(600.0).reshape(100, 6) % 37
    found, own = row_hashes(form(values)), row_hashes(values)

    assert found is not None
    assert own is not None
    assert (found.hashes == own.hashes).all()


def test_rows_of_every_kind_are_told_apart() -> None:
    """Frames, texts, sparse matrices; what has no rows is None."""
    frame = pd.DataFrame(columns(500)).drop(columns=["objects", "complex"])
    sparse = scipy.sparse.random_array((500, 40), density=0.3, rng=0, format="csr")
    for data in (frame, pl.DataFrame({"a": [1, 2], "b": ["x", None]}), sparse, ["a", "b"]):
        found = row_hashes(data)
        assert found is not None
        assert len(set(found.hashes.tolist())) == found.total
    for data in (iter("ab"), np.zeros((2, 2, 2)), [[1], [2, 3]], np.zeros((0, 2)), None):
        assert row_hashes(data) is None
