"""What warnings say, and when: the pure parts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.covariance import GraphicalLassoCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import (
    ElasticNetCV,
    Lasso,
    LassoCV,
    LogisticRegression,
    SGDOneClassSVM,
)
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

from nbtrack.capture.fingerprint import evenly
from nbtrack.capture.row_hashes import RowHashes, row_hashes
from nbtrack.data import from_pandas
from nbtrack.errors import InvalidValue
from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.provenance.warnings.adding_up import added_up
from nbtrack.provenance.warnings.already_ran import identity, precedent_tags, sees_all
from nbtrack.provenance.warnings.data_changed import changed_inputs, data_changed
from nbtrack.provenance.warnings.drawing import draws_itself, draws_values
from nbtrack.provenance.warnings.harmless_fits import Shape, harmless_fit, only_harmless
from nbtrack.provenance.warnings.leak import Fitted, Rows, is_called_test, leak, rows_with
from nbtrack.provenance.warnings.saved_notebook import saved_notebook
from nbtrack.provenance.warnings.stale import stale
from nbtrack.records.executions import Execution, ExecutionStatus
from nbtrack.records.warned import KINDS, TAG, silenced_kinds, warnings_in

pd = pytest.importorskip("pandas")
RANDOM = np.random.default_rng(0)
SCALED_SVC = make_pipeline(StandardScaler(), SVC())
NO_CODE: dict[str, str] = {}


def hashed(rows: Any) -> RowHashes:
    found = row_hashes(rows)
    assert found is not None
    return found


# --- kinds


def test_kinds_are_read_off_tags_in_their_order() -> None:
    """One of a newer nbtrack comes last; a sentence is any text."""
    tags = {TAG + kind: f"about {kind}" for kind in [*reversed(KINDS), "zebra"]} | {"own": "1"}

    assert [kind for kind, _ in warnings_in(tags)] == [*KINDS, "zebra"]
    assert len(warnings_in({TAG + "leak": "x" * 9999})[0].sentence) == 400


def test_what_silences_is_spelled_right() -> None:
    """Or an error that names it."""
    assert silenced_kinds("stale, leak") == {"stale", "leak"}
    assert silenced_kinds("all") == set(KINDS)
    with pytest.raises(InvalidValue, match="Did you mean 'stale'"):
        silenced_kinds("stal")


# --- leak


def rows_of(X: Any, y: Any = None) -> Rows:
    """Every target another one, if none are given."""
    found = rows_with(hashed(X), X[:, 0] if y is None else y)
    assert found is not None
    return found


@pytest.mark.parametrize("levels", [2, 3, 5, 10, 100])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_rows_that_are_equal_by_chance_are_no_leak(levels: int, share: float) -> None:
    """However few values there are, in 20 random splits each."""
    for seed in range(20):
        made = np.random.default_rng(seed).integers(0, levels, (500, 3))
        cut = int(len(made) * share)
        fitted = Fitted(rows_of(made[:cut]), "X_train")
        assert leak(fitted, rows_of(made[cut:]), "X_test") is None


@pytest.mark.parametrize("leaked", [0.05, 0.2, 1.0])
def test_a_share_of_leaked_rows_is_found_among_chance_ones(leaked: float) -> None:
    """From a twentieth of the test rows on."""
    made = np.random.default_rng(1).integers(0, 40, (4000, 3))
    target = np.random.default_rng(2).random(4000)
    train, test, measured = made[:3000], made[3000:].copy(), target[3000:].copy()
    count = int(len(test) * leaked)
    test[:count], measured[:count] = train[:count], target[:count]
    fitted = Fitted(rows_of(train, target[:3000]), "X_train")

    assert leak(fitted, rows_of(made[3000:], target[3000:]), "X_test") is None
    assert leak(fitted, rows_of(test, measured), "X_test") is not None


@pytest.mark.parametrize("leaked", [20, 40])
def test_few_rows_of_two_classes_are_found(leaked: int) -> None:
    """That so many were measured anew, and all fell into the same class, is no chance."""
    made, target = RANDOM.random((400, 4)), RANDOM.random(400) < 0.5
    test = np.r_[made[300:], made[:leaked]]
    measured = np.r_[target[300:], target[:leaked]]
    fitted = Fitted(rows_of(made[:300], target[:300]), "X_train")

    assert leak(fitted, rows_of(test, measured), "X_test") is not None


DESIGN = np.array([(store, day, month) for store in range(5) for day in range(7)
                   for month in range(12)])  # fmt: skip


@pytest.mark.parametrize("rate", [None, 0.5, 0.03])
def test_what_was_measured_anew_at_the_same_places_is_no_leak(rate: float | None) -> None:
    """Its features are equal, its targets are not, or by chance only."""
    for seed in range(20):
        drawn = np.random.default_rng(seed).random((2, len(DESIGN)))
        before, now = drawn if rate is None else drawn < rate
        fitted = Fitted(rows_of(DESIGN, before), "train_x")
        assert leak(fitted, rows_of(DESIGN[:200], now[:200]), "X_test") is None


@pytest.mark.parametrize(
    ("name", "is_test"),
    [
        *((name, True) for name in ("X_test", "test_df", "X_test2", "xtest", "x_hold_out")),
        *((name, True) for name in ("df_val[['a']]", "X_test.to_numpy()", "y_te", "data_oos")),
        *((name, False) for name in ("ab_test", "test_scores", "X_train", "latest_df", "test")),
    ],
)
def test_names_of_test_data(name: str, is_test: bool) -> None:
    """A word of its own, and one for data."""
    assert is_called_test(name) is is_test


def test_of_too_many_rows_a_sample_is_said_to_be_one() -> None:
    """Some of the hashes for all of the rows."""
    made = RANDOM.random((1000, 2))
    some = rows_with(RowHashes(hashed(made).hashes[evenly(1000, 100)], 1000), made[:, 0])
    assert some is not None
    test = made[evenly(1000, 100)[:50]]
    sentence = leak(Fitted(some, "X_train"), rows_of(test), "X_test")

    assert sentence is not None
    assert "of a sample" in sentence


def test_of_unknown_targets_nothing_is_said() -> None:
    """Nor of those of other rows."""
    made = hashed(RANDOM.random((9, 2)))
    assert rows_with(made, None) is None
    assert rows_with(made, [1, 2]) is None
    assert rows_with(made, list("abcabcabc")) is not None


# --- data


def content_of(frame: Any) -> str:
    return str(from_pandas(frame).content.to_text())


FRAME = pd.DataFrame({"a": np.arange(50.0), "b": 1.0, "c": [f"t{i}" for i in range(50)]})
CHANGED = {
    "(in b; 1 row changed)": FRAME.assign(b=[9.0] + [1.0] * 49),
    "(without c; ": FRAME.drop(columns="c"),
    "(with new d; ": FRAME.assign(d=1),
    "5 rows gone": FRAME.iloc[5:],
    "the same rows in another order": FRAME.iloc[::-1],
}


@pytest.mark.parametrize("words", CHANGED)
def test_the_sentence_names_columns_and_rows(words: str) -> None:
    """What it can tell apart."""
    texts = {"1": content_of(FRAME), "2": content_of(CHANGED[words])}
    changed = changed_inputs({("train", "X"): "1"}, {("train", "X"): "2"})

    sentence = data_changed(changed, 3, texts.get)
    assert sentence is not None
    assert words in sentence
    assert "since attempt 3" in sentence
    assert data_changed(changed, 3, {"2": texts["2"]}.get) is None


def test_data_of_another_name_or_use_is_not_compared() -> None:
    """Nor what is ambiguous."""
    assert changed_inputs({("train", "X"): "1"}, {("eval", "X"): "2", ("train", "Z"): "2"}) == {}
    assert changed_inputs({("train", "X"): None}, {("train", "X"): "2"}) == {}
    assert changed_inputs({("train", "X"): "1"}, {("train", "X"): None}) == {}


# --- stale, by the saved notebook


def executed(number: int, cell: str, source: str, **facts: Any) -> Execution:
    return Execution(
        kernel="k", number=number, source=digest_of(source), cell_id=cell, started_us=number,
        seconds=0.0, status=ExecutionStatus.OK, execution_count=number, **facts,
    )  # fmt: skip


NEEDED = [
    executed(1, "one", "a = 1", binds=("a",)),
    executed(2, "two", "a + 1", reads=("a",), needs=(1,)),
]
SAVED = {
    "was edited since": [("one", "a = 2"), ("two", "a + 1")],
    "was deleted since": [("zero", "a = 1"), ("two", "a + 1")],
    "stands below this cell": [("two", "a + 1"), ("one", "a = 1")],
}


def saved_as(path: Path, cells: list[tuple[str, str]]) -> str:
    content = {"cells": [{"id": cell, "source": [source]} for cell, source in cells]}
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize("words", SAVED)
def test_the_saved_notebook_tells_what_is_stale(words: str, tmp_path: Path) -> None:
    """If it was saved after the cells ran."""
    path = saved_as(tmp_path / "n.ipynb", SAVED[words])
    sentence = stale(NEEDED, NEEDED, saved_notebook(path), NO_CODE.get)
    assert sentence is not None
    assert sentence.startswith(f"a comes from cell [1], which {words}: Run All")

    os.utime(path, ns=(0, 0))
    assert stale(NEEDED, NEEDED, saved_notebook(path), NO_CODE.get) is None


def test_a_notebook_as_it_ran_is_not_stale(tmp_path: Path) -> None:
    """Nor what cannot be read, nor one that does not know the cell."""
    path = saved_as(tmp_path / "n.ipynb", [("one", "a = 1"), ("two", "a + 1")])
    assert stale(NEEDED, NEEDED, saved_notebook(path), NO_CODE.get) is None
    other = saved_as(tmp_path / "o.ipynb", [("x", "a = 1")])
    assert stale(NEEDED, NEEDED, saved_notebook(other), NO_CODE.get) is None
    (tmp_path / "broken.ipynb").write_text("{")
    for wrong in (None, "n.ipynb", str(tmp_path / "broken.ipynb"), str(tmp_path / "none.ipynb")):
        assert saved_notebook(wrong) is None


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("%time steps += 1", set()),
        ("steps += 1\nrows.append(steps)", {"steps", "rows"}),
        ("df['a'] += 1", {"df"}),
        ("if ok:\n    rows.extend([1, 2])", {"rows"}),
        ("df = df.dropna()\ndf['b'] = df['a'] * 2\ndf['a'] = df['a'].astype(int)", set()),
        ("X -= X.mean()", set()),
        ("mean = X.mean()\nX -= mean", set()),
        ("rows.clear()\nrows.append(1)", set()),
        ("n = 0\nfor each in rows:\n    n += 1", set()),
        ("def step():\n    rows.append(1)", set()),
        ("mask |= other", set()),
        ("rows.append(", set()),
        (None, set()),
    ],
)
def test_what_adds_up_when_it_is_repeated(code: str | None, names: set[str]) -> None:
    """Only what surely does."""
    assert added_up(code) == names


# --- unseeded

WIDE = np.random.default_rng(0).random((20, 30))


@pytest.mark.parametrize(
    ("estimator", "is_harmless"),
    [
        (SVC(), True),
        (make_pipeline(StandardScaler(), SVC()), True),
        (GridSearchCV(SVC(), {"C": [1, 2]}), True),
        (LogisticRegression(solver="liblinear"), True),
        (LogisticRegression(solver="liblinear", l1_ratio=1.0), False),
        (HistGradientBoostingClassifier(), True),
        (HistGradientBoostingClassifier(early_stopping=True), False),
        (LinearSVC(dual=False), True),
        (LinearSVC(dual=True), False),
        (LinearSVC(dual=False, penalty="l1"), False),
        (LinearSVC(), True),  # by itself it chooses the primal for more rows than columns
        (LinearSVC(loss="hinge"), False),
        (GridSearchCV(LinearSVC(), {"C": [1, 2]}), True),
        (make_pipeline(StandardScaler(), LinearSVC()).fit(WIDE, [0, 1] * 10), False),
        (Lasso(), True),
        (GraphicalLassoCV(), True),
        (SGDOneClassSVM(random_state=42), True),
        (SGDOneClassSVM(), False),
        (LassoCV(selection="random"), False),
        (make_pipeline(StandardScaler(), ElasticNetCV()), True),
        (RandomForestClassifier(), False),
        (LogisticRegression(solver="saga"), False),
        (GridSearchCV(SVC(), {"C": [1, 2]}, cv=ShuffleSplit()), False),
        (make_pipeline(SVC(), RandomForestClassifier()), False),
        (GridSearchCV(LogisticRegression(), {"C": [1], "solver": ["lbfgs", "saga"]}), False),
        (GridSearchCV(LogisticRegression(), [{"C": [1]}, {"solver": ["saga"]}]), False),
        (GridSearchCV(LogisticRegression(solver="saga"), {"solver": ["lbfgs"]}), True),
        (GridSearchCV(SCALED_SVC, {"svc__C": [1], "svc__probability": [False]}), True),
        (GridSearchCV(SCALED_SVC, {"svc__probability": np.array([True])}), False),
        (GridSearchCV(SCALED_SVC, {"svc": [SVC(), RandomForestClassifier()]}), False),
        (GridSearchCV(SCALED_SVC, {"svc": [RandomForestClassifier(random_state=0)]}), False),
        (GridSearchCV(SCALED_SVC, {"svc": [NuSVC(), LogisticRegression()]}), True),
        (make_pipeline(GridSearchCV(Lasso(), {"selection": ["random"]})), False),
        (RandomizedSearchCV(Lasso(), {"selection": uniform()}, random_state=0), False),
    ],
)
def test_fits_that_leave_unused_what_they_draw(estimator: Any, is_harmless: bool) -> None:
    """Known by name, all parts of it."""
    assert harmless_fit(estimator, Shape(20, 10)) is is_harmless


class Asked:
    """It ends whoever asks it for an attribute, but for what scikit-learn itself asks."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError if name == "get_params" else SystemExit(name)


class AskedDict(dict[str, Any]):
    __iter__ = items = keys = __len__ = None  # type: ignore[assignment] # to be called by nobody


@pytest.mark.parametrize(
    ("estimator", "is_harmless"),
    [
        (GridSearchCV(SVC(class_weight=Asked()), {"C": [1, 2]}), True),
        (GridSearchCV(SVC(), {"class_weight": [Asked()]}), True),
        (GridSearchCV(SVC(), {"svc": Asked()}), True),
        (GridSearchCV(SVC(), AskedDict(probability=[True])), False),
        (GridSearchCV(SVC(), {"probability": Asked()}), False),
        (GridSearchCV(SVC(), Asked()), False),
    ],
)
def test_no_code_of_a_parameter_is_run(estimator: Any, is_harmless: bool) -> None:
    assert harmless_fit(estimator, Shape(20, 10)) is is_harmless


def test_a_seeded_one_class_machine_moves_the_generator_and_is_the_same() -> None:
    """So it is with the scikit-learn that is here."""
    found = []
    for seed in (0, 1):
        np.random.seed(seed)
        found.append(SGDOneClassSVM(random_state=42).fit(WIDE).coef_.tolist())
        assert np.random.rand() != np.random.RandomState(seed).rand()
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("code", "draws"),
    [
        ("X = np.random.rand(9)", True),
        ("noise = np.random.rand(9)\nX = Z + noise", True),
        ("X, Y = train_test_split(Z)\nprint(Z.sample(5))", True),
        ("X = load(9)", True),
        ("for _ in range(3):\n    X = X.sample(5)", True),
        ("X = Model()\nX.fit(Z)", True),
        ("X['a'] = np.random.rand(9)", True),
        ("X = load(9)\nX.sample(5)", False),
        ("X = load(9)\nplt.scatter(X, np.random.rand(9))", False),
        ("X = 3\nshown = Z.sample(5)", False),
        ("X.sample(5)", False),
        (None, False),
    ],
)
def test_draws_of_an_earlier_cell_count_if_they_made_what_is_used(
    code: str | None, draws: bool
) -> None:
    """Not those for what it shows; when unsure they do not."""
    assert draws_values(code, {"X"}, "numpy") is draws


@pytest.mark.parametrize(
    ("code", "earlier", "here"),
    [
        ("from lib import load\nX = load(9)", False, False),
        ("import lib\nX, Y = train_test_split(lib.load(9), random_state=0)", False, False),
        ("import random\nX = random.sample(Z, 5)", True, True),
        ("import random\nrandom.shuffle(X)", True, True),
        ("X = load(9)", True, True),
    ],
)
def test_what_an_import_draws_from_pythons_generator_makes_nothing(
    code: str, earlier: bool, here: bool
) -> None:
    """`rich`, for one, draws as it is imported."""
    assert draws_values(code, {"X"}, "random") is earlier
    assert draws_itself(code, "random") is here


def test_draws_between_harmless_fits_count() -> None:
    """The states of the generator have to lead from one to the next."""
    assert only_harmless({"numpy": 1}, {"numpy": 3}, [(1, 2), (2, 3)]) == {"numpy"}
    assert only_harmless({"numpy": 1}, {"numpy": 4}, [(1, 2), (3, 4)]) == set()


# --- already ran


def test_an_identity_is_of_all_that_is_known_before() -> None:
    """The line of %%track is no part of it, but its params are; what is not captured has none."""
    made = identity("%%track a\nx = 1", {}, NEEDED[:1], NEEDED)
    assert made == identity("%%track b --quiet\nx = 1", {}, NEEDED[:1], NEEDED)
    others = [
        identity("%%track a\nx = 2", {}, NEEDED[:1], NEEDED),
        identity("%%track a\nx = 1", {"lr": "1"}, NEEDED[:1], NEEDED),
        identity("%%track a\nx = 1", {}, [], NEEDED),
        identity("%%track a\nx = 1", {}, NEEDED[:1], [replace(NEEDED[0], states=("folder",))]),
    ]
    assert len({made, *others}) == 5
    assert identity("x", {}, [replace(NEEDED[0], gaps=("unknown",))], []) is None
    assert identity("x", {}, [replace(NEEDED[0], unseeded=("numpy",))], []) is None


@pytest.mark.parametrize("word", ["pq.read_table('x')", "time.time()", "datetime.now()"])
def test_what_nobody_sees_has_no_precedent(word: str) -> None:
    """Files that C++ reads, the clock; nor a cell whose code is not known."""
    assert sees_all(["x = 1", "y = open('a.csv').read()"])
    assert not sees_all(["x = 1", f"y = {word}"])
    assert not sees_all(["x = 1", None])


def test_what_needed_more_than_was_foreseen_is_no_precedent() -> None:
    """Nor what drew, failed, or is not captured."""
    assert precedent_tags("d", NEEDED, [1, 2]) != {}
    assert precedent_tags("d", NEEDED, [2]) == {}
    for facts in ({"draws": ("numpy",)}, {"gaps": ("?",)}, {"status": ExecutionStatus.ERROR}):
        assert precedent_tags("d", [NEEDED[0], replace(NEEDED[1], **facts)], [1, 2]) == {}
