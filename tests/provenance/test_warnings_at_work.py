"""Warnings in a real kernel: which cells are warned of, what is said, and when it is quiet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from nbtrack.records.warned import warnings_in
from tests.support.kernel import Kernel

NewKernel = Callable[..., Kernel]
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


def warned(kernel: Kernel, source: str, *, cell_id: str | None = None) -> dict[str, str]:
    """What the newest run is warned of after *source* has run; its card says the same."""
    reply = kernel.run(source, cell_id=cell_id)
    assert reply.status == "ok", reply.content
    found = dict(warnings_in(kernel.newest().data.tags))
    for kind, sentence in found.items():
        assert f"⚠ {kind}" in reply.cards[0]
        assert sentence[:30] in reply.cards[0]
    return found


FIT = "%%track --no-warn already-ran\nmodel = LogisticRegression().fit(X_train, y_train)\n"
LEAKS = {
    "half of it": (
        "X_test2 = np.vstack([X_test[:50], X_train[:50]])\n"
        "y_test2 = np.r_[y_test[:50], y_train[:50]]\n"
        "model.score(X_test2, y_test2)"
    ),
    "a slice": "X_val, y_val = X_train[:60], y_train[:60]\nmodel.score(X_val, y_val)",
    "shuffled": (
        "order = np.random.default_rng(0).permutation(len(X_train))\n"
        "X_holdout = X_train[order]\naccuracy_score(y_train[order], model.predict(X_holdout))"
    ),
    "the same object": "X_test3 = X_train\nmodel.score(X_test3, y_train)",
    "in another form": (
        "X_test4 = pd.DataFrame(X_train[:70])\n"
        "accuracy_score(y_train[:70], model.predict(X_test4.to_numpy()))"
    ),
    "under a neutral name": "part = X_train[10:70]\nmodel.score(part, y_train[10:70])",
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
    "the training score": (
        "model.score(X_train, y_train)\naccuracy_score(y_train, model.predict(X_train))"
    ),
    "a part of it, on purpose": "model.score(X_train[:50], y_train[:50])",
    "a training part by name": "X_train2 = X_train[:50]\nmodel.score(X_train2, y_train[:50])",
    "all of the data": "model.score(X, y)",
    "a prediction alone": "X_eval = X_train[:60]\nmodel.predict_proba(X_eval)",
    "the same name": "ab_test = X[:300]\nmodel.fit(ab_test, y[:300]).score(ab_test, y[:300])",
    "the same hours again": (
        "from sklearn.linear_model import LinearRegression\n"
        "hours = np.arange(24)[:, None]; X_test7 = hours.copy()\n"
        "hourly = LinearRegression().fit(hours, X[:24, 0])\n"
        "hourly.score(X_test7, X[24:48, 0])\n"
        "accuracy_score(y[:24], hourly.predict(hours) > 0)"
    ),
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


CELL = "%%track fit --no-warn already-ran\nLogisticRegression().fit(frame[['a', 'b']], frame.y)"
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


# --- where values came from


def test_cells_that_ran_in_order_are_not_stale(ready: Kernel) -> None:
    """Nor is a cell that is run again with nothing changed above it."""
    ready.run("base = 3", cell_id="in-1")
    ready.run("rate = base * 2", cell_id="in-2")

    assert warned(ready, "%%track --no-warn already-ran\nresult = rate + 1", cell_id="in-3") == {}
    assert warned(ready, "%%track --no-warn already-ran\nresult = rate + 1", cell_id="in-3") == {}


def test_a_cell_that_was_edited_since_is_stale(ready: Kernel) -> None:
    """It does not bind the name any more that is used."""
    ready.run("depth = 3", cell_id="ed-1")
    ready.run("dept = 4", cell_id="ed-1")
    found = warned(ready, "%%track --no-warn already-ran\nresult = depth + 1", cell_id="ed-2")

    assert found["stale"].startswith("depth comes from cell [")
    assert "was edited and ran again as [" in found["stale"]
    assert "Run All would not give this" in found["stale"]


def test_what_a_cell_did_twice_is_stale(ready: Kernel) -> None:
    """Run All does it once."""
    ready.run("rows = []", cell_id="tw-1")
    for _ in range(2):
        ready.run("rows.append(1)", cell_id="tw-2")

    assert (
        "ran again"
        in warned(ready, "%%track --no-warn already-ran\nresult = len(rows)", cell_id="tw-3")[
            "stale"
        ]
    )


def test_a_cell_that_counts_itself_up_is_stale_the_second_time(ready: Kernel) -> None:
    """One that fits a model again is not."""
    ready.run("steps = 0", cell_id="up-1")
    cell = "%%track --no-warn already-ran\nsteps += 1"

    assert warned(ready, cell, cell_id="up-2") == {}
    assert warned(ready, cell, cell_id="up-2").keys() == {"stale"}
    for _ in range(2):
        fit = "%%track --no-warn already-ran,data\nmodel.fit(X_train, y_train)"
        assert warned(ready, fit, cell_id="up-3") == {}


REPEATED = {
    "rows are dropped": ("df = pd.DataFrame({'a': [1, None]})", "df = df.dropna()"),
    "a column is made": ("df = pd.DataFrame({'a': [1, 2]})", "df['b'] = df['a'] * 2"),
    "a column gets a type": ("df = pd.DataFrame({'a': ['1']})", "df['a'] = df['a'].astype(int)"),
    "what is known is added": ("df = {1}", "df.add(1)"),
}


@pytest.mark.parametrize("case", REPEATED)
def test_what_gives_the_same_when_repeated_is_not_stale(ready: Kernel, case: str) -> None:
    """Run All gives exactly these."""
    ready.run(REPEATED[case][0], cell_id="same-1")
    for _ in range(2):
        ready.run(REPEATED[case][1], cell_id="same-2")
    assert warned(ready, "%%track --no-warn already-ran\nresult = len(df)", cell_id="same-3") == {}


def test_a_tracked_fit_that_is_repeated_is_not_stale(ready: Kernel) -> None:
    """It binds what it reads, and begins anew; another name of the run is no edit."""
    for name in ("a", "b"):
        cell = f"%%track {name} --no-warn already-ran,data\nmodel = model.fit(X_train, y_train)"
        assert warned(ready, cell, cell_id="fit-1") == {}


def test_without_ids_of_cells_nothing_is_said(ready: Kernel) -> None:
    """Two cells may read alike."""
    ready.run("rows = []")
    ready.run("rows.append(1)")
    ready.run("rows.append(1)")
    assert warned(ready, "%%track --no-warn already-ran\nresult = len(rows)") == {}


# --- random numbers

RANDOM = {
    "a draw": "value = np.random.rand()",
    "a forest": (
        "from sklearn.ensemble import RandomForestClassifier\n"
        "RandomForestClassifier(5).fit(X_train, y_train)"
    ),
    "the standard library": "import random\nvalue = random.random()",
    "a generator that seeds itself": (
        "X_seen = X + np.random.default_rng().normal(size=X.shape)\nmodel.fit(X_seen, y)"
    ),
}
REPEATABLE = {
    "a generator of one's own": "value = np.random.default_rng(0).random()",
    "what is only shown": "shown = np.random.default_rng().random()\nmodel.fit(X, y)\nprint(shown)",
    "a seeded forest": (
        "from sklearn.ensemble import RandomForestClassifier\n"
        "RandomForestClassifier(5, random_state=0).fit(X_train, y_train)"
    ),
    "a solver that is exact": "LogisticRegression().fit(X_train, y_train)",
    "folds of one that draws and forgets": (
        "from sklearn.linear_model import ElasticNet\ncross_val_score(ElasticNet(), X, y)"
    ),
    "one that draws and forgets": (
        "from sklearn.svm import SVC\nSVC().fit(X_train, y_train)\nSVC(C=2).fit(X_train, y_train)"
    ),
}


@pytest.mark.parametrize("case", RANDOM)
def test_what_nothing_seeded_is_told(ready: Kernel, case: str) -> None:
    """With the cure."""
    found = warned(ready, f"%%track --no-warn already-ran\n{RANDOM[case]}")
    assert found.keys() == {"unseeded"}
    assert re.search(r"(seed|default_rng)\(0\)", found["unseeded"])


@pytest.mark.parametrize("case", REPEATABLE)
def test_what_is_repeatable_is_not(ready: Kernel, case: str) -> None:
    """Whatever its `random_state` says."""
    assert warned(ready, f"%%track --no-warn already-ran\n{REPEATABLE[case]}") == {}


def test_a_seed_is_enough(kernel: Kernel) -> None:
    """Once, in an earlier cell."""
    kernel.run("np.random.seed(1)")
    assert warned(kernel, "%%track\nvalue = np.random.rand()") == {}


@pytest.mark.parametrize("name", ["fix", "set_seed"])
def test_a_function_of_the_project_may_seed(kernel: Kernel, name: str) -> None:
    """It leaves a generator that has drawn nothing, or says so by its name."""
    code = (
        f"def {name}(n):\n    np.random.seed(n)\n    {'' if name == 'fix' else 'np.random.rand()'}"
    )
    kernel.run(f"open('own_utils.py', 'w').write('import numpy as np\\n' + {code!r})")
    kernel.run("import sys; sys.path.insert(0, '')\nimport numpy as np")
    kernel.run(f"from own_utils import {name}\n{name}(42)")
    kernel.run("drawn = np.random.rand(9)")
    assert warned(kernel, "%%track\nvalue = drawn.mean() + np.random.rand()") == {}


def test_what_an_earlier_cell_only_showed_does_not_count(ready: Kernel) -> None:
    """However it was drawn."""
    ready.run("shown = pd.DataFrame({'a': np.arange(9)})\nshown.sample(5)")
    assert warned(ready, "%%track\nvalue = float(shown.a.mean())") == {}


def test_what_nobody_sees_did_not_run_already(ready: Kernel) -> None:
    """The clock here, and in a cell that it needs."""
    for _ in range(2):
        assert warned(ready, "%%track\nimport time\nvalue = time.time()") == {}
    cell = "%%track --no-warn unseeded\nscore = np.random.default_rng().random()"
    for _ in range(2):
        assert warned(ready, cell) == {}
    ready.run("import time\nbegan = time.time()")
    for _ in range(2):
        assert warned(ready, "%%track\nvalue = began + 1") == {}


# --- the same again

AGAIN = (
    "%%track {name} --metrics score\nfitted = LogisticRegression(C={C}).fit(X_train, y_train)\n"
    "score = fitted.score(X_test, y_test)"
)


def test_what_already_ran_is_told_before_the_cell_runs(new_kernel: NewKernel) -> None:
    """In a line above its output, with the run's name, what it reached, and how to load it."""
    kernel = new_kernel()
    kernel.run(DATA)
    assert warned(kernel, AGAIN.format(name="first", C=7)) == {}
    first = kernel.newest().info.run_id
    reply = kernel.run(AGAIN.format(name="second", C=7))
    early = reply.of("display_data")[0]["data"]["text/plain"]

    assert early.startswith(
        "⚠ already-ran: The same code, params and seen files ran before: first, "
    )
    assert f"nbtrack.load_model('runs:/{first}/model')" in early
    assert dict(warnings_in(kernel.newest().data.tags)).keys() == {"already-ran"}
    assert warned(kernel, AGAIN.format(name="third", C=8)) == {}


def test_another_kernel_knows_what_already_ran(new_kernel: NewKernel) -> None:
    """Over all notebooks of the store."""
    for name in ("first", "again"):
        kernel = new_kernel()
        kernel.run(DATA)
        found = warned(kernel, AGAIN.format(name=name, C=7))

    assert "ran before: first" in found["already-ran"]


def test_other_values_of_what_it_uses_are_other_runs(ready: Kernel) -> None:
    """And so is a file that was written anew, or what was drawn."""
    cell = "%%track --no-warn unseeded\nresult = {}"
    for before in ("factor = 1", "factor = 2"):
        ready.run(before)
        assert warned(ready, cell.format("factor + 1")) == {}
    for text in ("1", "12"):
        ready.run(f"open('numbers.txt', 'w').write('{text}')")
        assert warned(ready, cell.format("open('numbers.txt').read()")) == {}
    for _ in range(2):
        assert warned(ready, cell.format("np.random.rand()")) == {}


def test_a_fit_that_makes_no_use_of_its_draws_warns_no_later_cell(new_kernel: NewKernel) -> None:
    """In a kernel of its own, where nothing was seeded; a draw that is used counts."""
    kernel = new_kernel()
    kernel.run(f"{DATA}\nfrom sklearn.svm import SVC")
    kernel.run("%%track\nmodel = SVC().fit(X_train, y_train)")
    later = "%%track\nSVC(C=2).fit(X_train, model.predict(X_train))"
    assert "unseeded" not in warned(kernel, later)
    kernel.run("%%track\nmodel = SVC().fit(np.random.permutation(X_train), y_train)")
    assert "unseeded" in warned(kernel, later)
