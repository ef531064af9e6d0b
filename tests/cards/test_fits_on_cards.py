"""The fits of a cell on its card: several are equals, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Iterable

from nbtrack.cards.fits import telling_first
from nbtrack.hooks.sklearn.noted_origins import metric_origins
from nbtrack.records.origins import Origins
from nbtrack.records.traces import MetricTrace, RunTrace

DATA = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score
X, y = load_iris(return_X_y=True)
"""


def test_several_fits_stand_side_by_side(new_kernel):
    """Each with its own metrics; none of them are the cell's, and no child is counted."""
    kernel = new_kernel()
    kernel.run(DATA)
    card = kernel.run(
        "%%track two\nfor model in (LogisticRegression(C=0.5), RidgeClassifier(alpha=3)):\n"
        "    f1_score(y, model.fit(X, y).predict(X), average='macro')"
    ).card

    lines = card.splitlines()
    assert lines[1].split()[:3] == ["2", "fits", "f1_score_X"]
    assert lines[2].strip().startswith("LogisticRegression C=0.5")
    assert lines[3].strip().startswith("RidgeClassifier alpha=3")
    assert "children" not in card
    assert "tol=" not in card  # the other params are on the runs


def test_one_fit_is_named_and_measured_once(new_kernel):
    """The last value is the metric that the hook recorded, under its fuller name."""
    kernel = new_kernel()
    kernel.run(DATA)
    card = kernel.run(
        "%%track one\nmodel = LogisticRegression(C=0.5).fit(X, y)\n"
        "f1_score(y, model.predict(X), average='macro')"
    ).card

    assert "LogisticRegression C=0.5" in card
    assert card.count("f1_score_X") == 1
    assert "f1_score inferred" not in card


def test_a_variable_keeps_its_name(new_kernel):
    """What the user calls f1 is found under that name, and stands before the hook's."""
    kernel = new_kernel()
    kernel.run(DATA)
    reply = kernel.run(
        "%%track named\nf1 = f1_score(y, LogisticRegression().fit(X, y).predict(X),"
        " average='macro')"
    )

    assert reply.card.index("f1 inferred") < reply.card.index("f1_score_X")


def test_a_warm_start_goes_on_with_its_run(new_kernel):
    """The same model trained on is one fit, however often."""
    kernel = new_kernel()
    kernel.run(DATA)
    kernel.run(
        "%%track grown\nmodel = LogisticRegression(warm_start=True, max_iter=300)\n"
        "for _ in range(3): model.fit(X, y)"
    )

    assert len(kernel.runs()) == 1


def test_what_a_scorer_gives_is_told_once(new_kernel):
    """By the function that it calls."""
    kernel = new_kernel()
    kernel.run(DATA)
    card = kernel.run(
        "%%track scored\nfrom sklearn.metrics import get_scorer\n"
        "model = LogisticRegression(max_iter=500).fit(X, y)\n"
        "get_scorer('neg_log_loss')(model, X, y)"
    ).card

    assert "log_loss_X" in card
    assert "get_scorer" not in card


def test_the_best_candidate_is_the_searchs(new_kernel):
    """With its mean, not the first split; where the search names none, nor does the card."""
    kernel = new_kernel()
    kernel.run(DATA + "from sklearn.model_selection import GridSearchCV")
    search = "GridSearchCV(RidgeClassifier(), {'alpha': [1, 1e6]}, cv=2, scoring=%s, refit=%s)"
    one = kernel.run("%%track one\n_ = " + search % ("'accuracy'", True) + ".fit(X, y)").card
    several = kernel.run(
        "%%track several\n_ = " + search % ("['accuracy', 'f1_macro']", False) + ".fit(X, y)"
    ).card

    assert "2 · best: alpha=1, mean_test_score" in one
    assert "best" not in several
    assert "children  2" in several


def told_first(*keys: str, hooks: Iterable[str] = ()) -> list[str]:
    """*hooks* are the keys that a hook has named."""
    metrics = {key: MetricTrace.of_one(0.5) for key in keys}
    return list(
        telling_first(RunTrace(metrics=metrics, origins=Origins(metrics=metric_origins(hooks))))
    )


def test_a_mean_tells_more_than_its_parts():
    """Of folds and splits; and more than the time that they took."""
    parts = ["split0_test_score", "cv_test_score", "cv_fit_time_mean", "cv_test_score_std"]
    means = ["cv_test_score_mean", "mean_test_score"]

    assert told_first(*parts, *means, hooks=[*parts, *means])[:2] == means


def test_the_users_metrics_stand_first():
    """Then what was measured after the fit, then the training."""
    hooks = ["n_iter", "training_score", "f1_score-2_X_test"]
    found = told_first(*hooks, "mine", "val_loss", hooks=hooks)

    assert found == ["val_loss", "mine", "f1_score-2_X_test", "training_score", "n_iter"]


def test_how_far_a_search_was_is_not_told():
    """Only a long one logs it; one that the user logs is the user's."""
    assert told_first("search_progress", "mine", hooks=["search_progress"]) == ["mine"]
    assert told_first("search_progress", hooks=[]) == ["search_progress"]
