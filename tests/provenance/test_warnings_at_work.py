"""Warnings in a real kernel: which cells are warned of, what is said where, and when it is quiet."""

from __future__ import annotations

import pytest

from nbtrack.records.warned import warnings_in
from tests.support.kernel import Kernel

DATA = (
    "import numpy as np, pandas as pd\n"
    "from sklearn.datasets import load_iris, make_classification\n"
    "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.metrics import accuracy_score\n"
    "from sklearn.model_selection import train_test_split, cross_val_score, KFold\n"
    "X, y = make_classification(400, random_state=0)\n"
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)\n"
    "model = LogisticRegression()"
)


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.run(DATA)
    return kernel


def warned(kernel: Kernel, source: str) -> dict[str, str]:
    """What the newest run is warned of after *source* has run; its card says the same."""
    reply = kernel.run(source)
    assert reply.status == "ok", reply.content
    found = dict(warnings_in(kernel.newest().data.tags))
    for kind, sentence in found.items():
        assert f"⚠ {kind}" in reply.cards[0]
        assert sentence[:30] in reply.cards[0]
    return found


FIT = "%%track\nmodel = LogisticRegression().fit(X_train, y_train)\n"
LEAKS = {
    "half of it": (
        "X_test2, y_test2 = np.vstack([X_test[:50], X_train[:50]]), np.r_[y_test[:50], y_train[:50]]\n"
        "model.score(X_test2, y_test2)"
    ),
    "a slice": "X_val, y_val = X_train[:60], y_train[:60]\nmodel.score(X_val, y_val)",
    "shuffled": (
        "order = np.random.default_rng(0).permutation(len(X_train))\n"
        "X_holdout = X_train[order]\naccuracy_score(y_train[order], model.predict(X_holdout))"
    ),
    "the same object": "X_test3 = X_train\nmodel.score(X_test3, y_train)",
    "in another form": "X_test4 = pd.DataFrame(X_train[:70])\nmodel.predict(X_test4.to_numpy())",
    "under a neutral name": "part, labels = X_train[10:70], y_train[10:70]\nmodel.score(part, labels)",
}


@pytest.mark.parametrize("case", LEAKS)
def test_rows_of_the_training_data_are_a_leak(ready: Kernel, case: str) -> None:
    """Whatever was done to them in between."""
    assert warned(ready, FIT + LEAKS[case]).keys() == {"leak"}


def test_the_sentence_counts_the_rows(ready: Kernel) -> None:
    """And says what to do."""
    found = warned(ready, FIT + LEAKS["half of it"])
    assert found["leak"].startswith("50 of 100 rows of X_test2 are also among X_train")
    assert found["leak"].endswith("before the fit.")


HONEST = {
    "test data": "model.score(X_test, y_test)",
    "the training score": "model.score(X_train, y_train); accuracy_score(y_train, model.predict(X_train))",
    "a part of it, on purpose": "model.score(X_train[:50], y_train[:50])",
    "a training part by name": "X_train_head = X_train[:50]\nmodel.score(X_train_head, y_train[:50])",
    "all of the data": "model.score(X, y)",
    "a look at some predictions": "some = X_train[:9]\nmodel.predict(some)",
    "cross-validation": "cross_val_score(model, X, y)",
    "folds by hand": (
        "for train, test in KFold(4).split(X):\n"
        "    model.fit(X[train], y[train])\n    model.score(X[test], y[test])"
    ),
    "duplicates of the source": (
        "iris = load_iris()\n"
        "for seed in range(5):\n"
        "    a, X_test5, b, y_test5 = train_test_split(iris.data, iris.target, random_state=seed)\n"
        "    LogisticRegression(max_iter=500).fit(a, b).score(X_test5, y_test5)"
    ),
    "a small discrete table": (
        "grid = np.random.default_rng(0).integers(0, 3, (300, 3)); target = grid.sum(1) > 3\n"
        "a, X_test6, b, y_test6 = train_test_split(grid, target, random_state=0)\n"
        "LogisticRegression().fit(a, b).score(X_test6, y_test6)"
    ),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_measurements_are_no_leak(ready: Kernel, case: str) -> None:
    """Scores of training that say so, folds, and rows that are equal by chance."""
    before = {run.info.run_id for run in ready.runs()}
    assert warned(ready, FIT + HONEST[case]) == {}
    new = [run for run in ready.runs() if run.info.run_id not in before]
    assert [warnings_in(run.data.tags) for run in new] == [[]] * len(new)


# --- silence


@pytest.mark.parametrize("flag", ["--no-warn leak", "--no-warn=stale,leak", "--no-warn all"])
def test_a_cell_silences_a_kind(ready: Kernel, flag: str) -> None:
    """And only for itself."""
    loud = FIT + LEAKS["a slice"]
    assert warned(ready, loud.replace("%%track", f"%%track {flag}")) == {}
    assert warned(ready, loud.replace("%%track", "%%track --no-warn stale")).keys() == {"leak"}


# --- data that changed


CELL = "%%track fit\nLogisticRegression().fit(frame[['a', 'b']], frame.y)"
MADE = "frame = pd.DataFrame({'a': np.arange(90.0), 'b': 1.5, 'y': np.arange(90) % 2})"


def test_data_that_changed_since_the_attempt_before(ready: Kernel) -> None:
    """It names the column and the rows; the same data again is no news."""
    ready.run(MADE)
    attempts = [warned(ready, CELL)]
    ready.run(MADE)
    attempts.append(warned(ready, CELL))
    ready.run("frame.loc[[3, 40], 'b'] = 9")
    attempts.append(warned(ready, CELL))

    assert attempts[:2] == [{}, {}]
    assert "(in b; 2 rows changed) since attempt 2" in attempts[2]["data"]
    assert warned(ready, CELL) == {}
