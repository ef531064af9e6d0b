"""The fits of a cell on its card: several are equals, and nothing is told twice."""

from __future__ import annotations

from nbtrack.notebook.fits import telling_first

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


def test_the_users_metrics_stand_first():
    """Then what was measured after the fit, then the training."""
    keys = ["training_score", "f1_score-2_X_test", "mine", "n_iter", "val_loss"]

    found = telling_first(dict.fromkeys(keys, 0.0))
    assert list(found) == ["mine", "val_loss", "f1_score-2_X_test", "training_score", "n_iter"]
